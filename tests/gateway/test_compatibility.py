"""What a model cannot do is said before it is asked, all of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.client import Client, message
from tests.gateway.provider_streams import OPENAI_CHAT
from tests.gateway.upstreams import Upstream, running_upstream
from tests.gateway_process import running_gateway

IMAGE = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
SOUND = {
    "type": "audio",
    "source": {"type": "base64", "media_type": "audio/wav", "data": "AAAA"},
}
TOOL = {"type": "function", "name": "f", "input_schema": {"type": "object"}}
SEEN = {"type": "tool_result", "tool_use_id": "c1", "content": [IMAGE]}
CALLED = {"type": "tool_use", "id": "c1", "name": "f", "input": {}}


@pytest.fixture(scope="module")
def elsewhere(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Client, Upstream]]:
    """A gateway whose providers of chat completions are one loopback server."""
    names = ("openai", "perplexity", "groq")
    with running_upstream() as upstream:
        urls = " ".join(f"{name}={upstream.url}" for name in names)
        folder = tmp_path_factory.mktemp("compatibility")
        settings = {"HEADGATE_GATEWAY_PROVIDER_URLS": urls}
        with running_gateway(folder, settings) as gateway:
            client = Client(gateway)
            for name in names:
                client.http.headers[f"X-Provider-Key-{name}"] = "sk-canary"
            yield client, upstream
            client.close()


def issues(client: Client, path: str, body: dict[str, Any]) -> list[tuple[str, str]]:
    """The problems that a request is refused for."""
    answer = client.http.post(path, json=body)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    found = [(issue["param"], issue["code"]) for issue in error["compat_issues"]]
    assert (error["param"], error["code"]) == found[0]
    return found


def test_all_problems_are_told_at_once(elsewhere: tuple[Client, Upstream]):
    """Blocks, blocks in results, tools and thinking, each with its place."""
    client, upstream = elsewhere
    before = len(upstream.asked)
    body = message(
        model="groq/llama-3.3-70b-versatile",
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "Look"}, IMAGE]},
            {"role": "assistant", "content": [CALLED]},
            {"role": "user", "content": [SEEN]},
        ],
        thinking={"budget_tokens": 100},
    )

    assert issues(client, "/v1/messages", body) == [
        ("messages[0].content[1]", "unsupported_content_block"),
        ("messages[2].content[0].content[0]", "unsupported_content_block"),
        ("thinking", "unsupported_thinking"),
    ]
    assert len(upstream.asked) == before


def test_a_chat_is_told_in_its_own_places(elsewhere: tuple[Client, Upstream]):
    """Problems of a chat are named by the fields of the chat."""
    client, _ = elsewhere
    parts = [
        {"type": "text", "text": "Look"},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
    ]
    body = {
        "model": "gpt-4o",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": parts},
        ],
    }
    tools = [{"type": "function", "function": {"name": "f"}}]

    assert issues(client, "/v1/chat/completions", body) == [
        ("messages[1].content[1]", "unsupported_content_block")
    ]
    assert issues(
        client,
        "/v1/chat/completions",
        {"model": "sonar", "messages": body["messages"][:1], "tools": tools},
    ) == [("tools[0]", "unsupported_function_tool")]


def test_a_run_is_not_begun(elsewhere: tuple[Client, Upstream]):
    """A run that its model cannot take is refused, not failed."""
    client, _ = elsewhere
    asked = message(
        model="gpt-4o", messages=[{"role": "user", "content": [IMAGE, SOUND]}]
    )
    before = client.http.get("/v1/runs").json()["data"]

    assert issues(client, "/v1/runs", {"request": asked}) == [
        ("request.messages[0].content[1]", "unsupported_content_block")
    ]
    assert client.http.get("/v1/runs").json()["data"] == before


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
def test_a_model_of_vectors_does_not_speak(
    elsewhere: tuple[Client, Upstream], path: str
):
    """A model that only makes embeddings is not asked for an answer."""
    client, _ = elsewhere
    body = {**message(), "model": "text-embedding-3-small"}

    assert issues(client, path, body) == [("model", "unsupported_operation")]


def test_what_is_not_known_may_be_tried(elsewhere: tuple[Client, Upstream]):
    """A model that the gateway knows nothing of is asked."""
    client, upstream = elsewhere
    upstream.streams(OPENAI_CHAT)
    body = message(
        model="groq/of-tomorrow",
        messages=[{"role": "user", "content": [IMAGE, SOUND]}],
        thinking={"budget_tokens": 100},
        tools=[TOOL],
    )

    assert client.http.post("/v1/messages", json=body).status_code == 200


def test_what_the_provider_adds_is_kept(elsewhere: tuple[Client, Upstream]):
    """Fields that nobody here knows come with the answer, as they were."""
    client, upstream = elsewhere
    first, *rest = OPENAI_CHAT
    sources = {"citations": ["https://example.org/a"], "x": {"deep": [1, None]}}
    upstream.streams([{**first, **sources}, *rest])
    body = message(model="perplexity/of-tomorrow")
    answer = client.http.post("/v1/messages", json=body).json()
    streamed = client.record("POST", "/v1/messages", json={**body, "stream": True})

    assert answer["metadata"] == {"provider": sources}
    assert streamed.of("message_delta")[0]["delta"]["metadata"] == answer["metadata"]


def test_an_answer_says_what_it_cost(elsewhere: tuple[Client, Upstream]):
    """Whole and streamed, in the usage and in the headers, to the last digit."""
    client, upstream = elsewhere
    upstream.streams(OPENAI_CHAT)
    body = message(model="gpt-4o-mini")
    answer = client.http.post("/v1/messages", json=body)
    streamed = client.record("POST", "/v1/messages", json={**body, "stream": True})
    usage = answer.json()["usage"]
    headers = {
        name: answer.headers[name]
        for name in (
            *("X-Model", "X-Input-Tokens", "X-Output-Tokens"),
            *("X-Total-Tokens", "X-Cost-USD"),
        )
    }

    # 8 fresh tokens at 0.15, 3 cached ones at 0.075, 7 of the answer at 0.60.
    assert usage["cost_usd"] == 0.000005625
    assert streamed.of("message_delta")[0]["usage"] == usage
    assert headers == {
        "X-Model": "openai/gpt-4o-mini",
        "X-Input-Tokens": "11",
        "X-Output-Tokens": "7",
        "X-Total-Tokens": "18",
        "X-Cost-USD": "0.000005625",
    }
    assert int(answer.headers["X-Duration-Ms"]) >= 0


def test_every_choice_costs_its_prompt(elsewhere: tuple[Client, Upstream]):
    """`n` answers are `n` calls, and cost as much, though they show one prompt."""
    client, upstream = elsewhere
    upstream.streams(OPENAI_CHAT)
    said = [{"role": "user", "content": "Hello"}]
    answer = client.http.post(
        "/v1/chat/completions", json={"model": "gpt-4o-mini", "messages": said, "n": 3}
    )

    assert answer.json()["usage"]["cost_usd"] == 0.000016875
    assert answer.headers["X-Cost-USD"] == "0.000016875"
    assert answer.headers["X-Output-Tokens"] == "21"


def test_a_price_that_is_unknown_is_not_made_up(elsewhere: tuple[Client, Upstream]):
    """Without prices there is no cost, neither in usage nor in headers."""
    client, upstream = elsewhere
    upstream.streams(OPENAI_CHAT)
    answer = client.http.post("/v1/messages", json=message(model="groq/of-tomorrow"))

    assert "cost_usd" not in answer.json()["usage"]
    assert "X-Cost-USD" not in answer.headers
