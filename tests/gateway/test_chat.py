"""Chat completions in OpenAI's form, whole and streamed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headgate.contract.folding import fold_events
from tests.gateway.client import STREAMS, Client, Recording, breaches

SCENARIOS = ["text", "thinking", "tools", "research", "refusal", "max_tokens", "long"]


def chat(script: object = None, **fields: object) -> dict[str, Any]:
    """A chat request, of the scripted model when there is a script."""
    body: dict[str, Any] = {
        "model": "mock/echo" if script is None else "mock/script",
        "messages": [{"role": "user", "content": "Hello out there."}],
        **fields,
    }
    return body if script is None else {**body, "metadata": {"script": script}}


def whole(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.http.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def streamed(client: Client, body: dict[str, Any]) -> Recording:
    body = {**body, "stream": True}
    return client.record("POST", "/v1/chat/completions", json=body)


def chunks(recording: Recording) -> list[dict[str, Any]]:
    return [json.loads(f.data) for f in recording.frames if f.data != "[DONE]"]


def comparable(completion: Any) -> dict[str, Any]:
    """A completion without what is another's each time."""
    choices = [
        {**choice, "message": without_ids(choice["message"])}
        for choice in completion["choices"]
    ]
    return {**completion, "id": "", "created": 0, "choices": choices}


def without_ids(message: dict[str, Any]) -> dict[str, Any]:
    calls = message.get("tool_calls")
    if calls is None:
        return message
    return {**message, "tool_calls": [{**call, "id": ""} for call in calls]}


@pytest.mark.parametrize("usage", [False, True])
@pytest.mark.parametrize("script", SCENARIOS)
def test_every_scenario_keeps_the_order_of_chunks(
    client: Client, script: str, *, usage: bool
):
    """Each built-in scenario streams without breaking a rule (C1 to C8, C10)."""
    body = chat(script, stream_options={"include_usage": usage})
    recording = streamed(client, body)

    assert breaches("chat", recording, {**body, "stream": True}) == []
    assert recording.frames[-1].data == "[DONE]"
    assert recording.complete


@pytest.mark.parametrize("script", SCENARIOS)
def test_chunks_add_up_to_the_answer(client: Client, script: str):
    """The sum of the chunks is what the same request gives whole (C9)."""
    body = chat(script, stream_options={"include_usage": True})
    folded = fold_events(STREAMS["chat"].declaration, chunks(streamed(client, body)))

    assert comparable(folded) == comparable(whole(client, body))


def test_several_answers_come_side_by_side(client: Client):
    """`n` answers stream through one another, and are all there in the end."""
    body = chat("text", n=3, stream_options={"include_usage": True})
    recording = streamed(client, body)
    folded: Any = fold_events(STREAMS["chat"].declaration, chunks(recording))

    assert breaches("chat", recording, {**body, "stream": True}) == []
    assert [choice["index"] for choice in folded["choices"]] == [0, 1, 2]
    assert comparable(folded) == comparable(whole(client, body))


def test_a_failure_takes_the_place_of_the_end(client: Client):
    """What fails after the first chunk is an error in the stream, without `[DONE]`."""
    body = chat({"turns": [{"text": "Hello out there."}], "faults": {"error_after": 3}})
    recording = streamed(client, body)

    assert breaches("chat", recording, {**body, "stream": True}) == []
    assert json.loads(recording.frames[-1].data)["error"]["code"] == "overloaded"
    assert [f.data for f in recording.frames].count("[DONE]") == 0


def test_a_failure_before_the_first_chunk_is_an_http_error(client: Client):
    """A provider that answers 503 is answered with 503, streamed or not."""
    faults = {"http": {"status": 503, "retry_after": 7}}
    body = chat({"turns": [{"text": "Hello."}], "faults": faults}, stream=True)
    answer = client.http.post("/v1/chat/completions", json=body)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "7"
    assert answer.json()["error"]["type"] == "overloaded_error"


def test_unknown_properties_are_ignored_and_named(client: Client):
    """Clients of this form send more every year; nobody is refused for it."""
    body = chat(service_tier="flex", store=True)
    answer = client.http.post("/v1/chat/completions", json=body)

    assert answer.status_code == 200
    assert answer.headers["X-Headgate-Warning"] == "ignored: service_tier, store"


def test_a_conversation_with_tools_goes_on(client: Client):
    """Tool calls and their results go back to the model as turns of its own."""
    turns = [
        {"tools": [{"name": "add", "input": {"a": 1}}, {"name": "add", "input": {}}]},
        {"text": "Done."},
    ]
    first = whole(client, chat({"turns": turns}))
    said = first["choices"][0]["message"]
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": "2"}
        for call in said["tool_calls"]
    ]
    asked = [{"role": "user", "content": "Add."}, said, *results]
    second = whole(client, {**chat({"turns": turns}), "messages": asked})

    assert first["choices"][0]["finish_reason"] == "tool_calls"
    assert [c["function"]["arguments"] for c in said["tool_calls"]] == [
        '{"a":1}',
        "{}",
    ]
    assert second["choices"][0]["message"]["content"] == "Done."
    assert second["choices"][0]["finish_reason"] == "stop"


def test_every_kind_of_part_is_taken(client: Client):
    """Texts, images by address and by bytes, audio and files are one user's turn."""
    parts = [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "https://example.invalid/a.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}},
    ]
    answer = whole(client, chat(messages=[{"role": "user", "content": parts}]))

    assert answer["choices"][0]["message"]["content"] == "Look:"


def test_limits_of_the_older_and_the_newer_name(client: Client):
    """`max_tokens` and `stop` end an answer as they do elsewhere."""
    limited = whole(client, chat(max_tokens=1))["choices"][0]
    stopped = whole(client, chat(stop=["out"]))["choices"][0]

    assert (limited["message"]["content"], limited["finish_reason"]) == (
        "Hell",
        "length",
    )
    assert (stopped["message"]["content"], stopped["finish_reason"]) == (
        "Hello ",
        "stop",
    )


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"n": 9}, "n"),
        ({"messages": []}, "messages"),
        ({"temperature": 3}, "temperature"),
        ({"tool_choice": "sometimes"}, "tool_choice"),
    ],
)
def test_a_wrong_request_names_the_field(
    client: Client, change: dict[str, Any], param: str
):
    """What the schema refuses is refused by the name of the field."""
    answer = client.http.post("/v1/chat/completions", json=chat(**change))

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
