"""Single answers, whole and streamed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.client import Client, breaches, message

SCENARIOS = ["text", "thinking", "tools", "research", "refusal", "max_tokens", "long"]


def whole(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.http.post("/v1/messages", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("script", SCENARIOS)
def test_every_scenario_keeps_the_order_of_messages(client: Client, script: str):
    """Each built-in scenario streams without breaking a rule."""
    body = message(script, stream=True)
    recording = client.record("POST", "/v1/messages", json=body)

    assert breaches("message", recording, body) == []
    assert recording.complete


def test_an_unscripted_answer_is_an_echo(client: Client):
    """`mock/echo` says again what the user said last, and counts it."""
    answer = whole(client, message())

    assert answer["model"] == "mock/echo"
    assert answer["content"] == [{"type": "text", "text": "Hello out there."}]
    assert answer["stop_reason"] == "end_turn"
    assert answer["usage"] == {
        "input_tokens": 7,
        "output_tokens": 4,
        "total_tokens": 11,
        "cost_usd": 0,
    }


def test_the_echo_keeps_to_limits(client: Client):
    """Stop sequences and the token limit end the echo where they strike."""
    stopped = whole(client, message(stop_sequences=["out", "there"]))
    limited = whole(client, message(max_tokens=1))

    assert stopped["content"][0]["text"] == "Hello "
    assert (stopped["stop_reason"], stopped["stop_sequence"]) == (
        "stop_sequence",
        "out",
    )
    assert limited["content"][0]["text"] == "Hell"
    assert limited["stop_reason"] == "max_tokens"


@pytest.mark.parametrize(
    "turn",
    [
        {"thinking": "Hm.", "signature": "c2ln", "text": "Ça va? 漢字 🌊", "chunk": 1},
        {"text": "", "tools": [{"id": "a", "name": "f", "input": {}}]},
        {
            "tools": [{"id": "a", "name": "f", "input": {"x": [1, {"y": "ü"}]}}],
            "chunk": 1,
        },
        {
            "text": "a\u2028b\u0085c\r\nd",
            "usage": {"input_tokens": 5, "output_tokens": 2},
        },
    ],
)
def test_the_fold_of_a_stream_is_the_answer(client: Client, turn: dict[str, Any]):
    """Streamed and whole, one script comes to the same message, its id aside."""
    script = {"turns": [turn]}
    recording = client.record("POST", "/v1/messages", json=message(script, stream=True))
    answer = whole(client, message(script))

    text = "".join(delta.get("text", "") for delta in deltas(recording.events))
    last = recording.of("message_delta")[0]
    assert text == turn.get("text", "")
    assert last["usage"] == answer["usage"]
    assert last["delta"]["stop_reason"] == answer["stop_reason"]
    assert [block["type"] for block in answer["content"]] == [
        event["content_block"]["type"] for event in recording.of("content_block_start")
    ]
    if "tools" in turn:
        assert answer["content"][-1]["input"] == turn["tools"][0]["input"]


def deltas(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        event["delta"] for event in events if event["type"] == "content_block_delta"
    ]


def test_usage_is_exact_when_the_script_says_so(client: Client):
    """A scripted usage is passed on to the counter."""
    usage = {"input_tokens": 90, "output_tokens": 10, "cache_read_tokens": 40}
    answer = whole(client, message({"turns": [{"text": "x", "usage": usage}]}))

    assert answer["usage"] == {**usage, "total_tokens": 100, "cost_usd": 0}


def test_counting_tokens_agrees_with_the_bill(client: Client):
    """`count_tokens` says what the answer's usage says."""
    body = message(system="Be brief.")
    counted = client.http.post("/v1/messages:count-tokens", json=body).json()

    assert counted == {
        "model": "mock/echo",
        "input_tokens": whole(client, body)["usage"]["input_tokens"],
        "method": "estimate",
    }


@pytest.mark.parametrize("name", ["echo", "mock/echo"])
def test_models_answer_to_their_aliases(client: Client, name: str):
    """An alias asks for the same model, which answers under its id."""
    assert whole(client, {**message(), "model": name})["model"] == "mock/echo"


@pytest.mark.parametrize("path", ["/v1/models/mock/echo", "/v1/models/mock%2Fecho"])
def test_a_model_id_may_be_sent_encoded_or_not(client: Client, path: str):
    """The slash of a model's id works either way."""
    assert client.http.get(path).json()["id"] == "mock/echo"


def test_models_are_listed_by_provider(client: Client):
    """A provider's models are listed by their ids."""
    answer = client.http.get("/v1/models", params={"provider": "mock"})
    nobody = client.http.get("/v1/models", params={"provider": "nobody"})

    assert [model["id"] for model in answer.json()["data"]] == [
        *("mock/echo", "mock/embed", "mock/script")
    ]
    assert nobody.json()["data"] == []


def test_the_conversation_says_which_turn_it_is(client: Client):
    """A script goes on where the history has come to."""
    body = message("tools")
    body["messages"] += [
        {"role": "assistant", "content": "I look it up."},
        {"role": "user", "content": "And?"},
    ]

    assert whole(client, body)["stop_reason"] == "end_turn"
