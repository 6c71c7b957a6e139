"""A chat put together step by step sends what a literal request sends."""

from __future__ import annotations

from typing import Any

import pytest

from headgate_sdk import Headgate
from tests.python.raw_server import STREAM_HEAD, answer, raw_server
from tests.python.twins import TWINS, Twin

COMPLETION = {
    "id": "chatcmpl_1",
    "object": "chat.completion",
    "created": 1,
    "model": "mock/echo",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hi.", "refusal": None},
            "finish_reason": "stop",
        }
    ],
}


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


def steps(client: Any) -> Any:
    return (
        client.chat.completions.builder("mock/echo")
        .system("Be brief.")
        .user("Hello")
        .temperature(0.2)
    )


LITERAL = {
    "model": "mock/echo",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
    ],
    "temperature": 0.2,
}


def test_the_steps_make_the_literal_request(twin: Twin) -> None:
    """What is sent is what the method would have been called with."""
    with raw_server([answer(200, COMPLETION)]) as server:
        completion = twin.call(server.url, lambda c: steps(c).execute())

    assert server.requests[0].json == LITERAL
    assert completion.choices[0].message.content == "Hi."


def test_the_same_steps_stream(twin: Twin) -> None:
    """A stream is asked for with the same body."""
    with raw_server([STREAM_HEAD, b"data: [DONE]\n\n"]) as server:
        reading = twin.read(server.url, lambda c: steps(c).stream())

    assert reading.error is None
    assert server.requests[0].json == {**LITERAL, "stream": True}


def test_every_kind_of_turn() -> None:
    """Turns of all roles, messages as they are, and properties of any name."""
    with Headgate(base_url="http://127.0.0.1:1", api_key="none") as client:
        request = (
            client.chat.completions.builder("m")
            .developer("d")
            .messages([{"role": "user", "content": [{"type": "text", "text": "u"}]}])
            .assistant(None)
            .tool("42", "call_1")
            .stop(["x"])
            .param("user", "ann")
            .request()
        )

    assert request == {
        "model": "m",
        "messages": [
            {"role": "developer", "content": "d"},
            {"role": "user", "content": [{"type": "text", "text": "u"}]},
            {"role": "assistant", "content": None},
            {"role": "tool", "content": "42", "tool_call_id": "call_1"},
        ],
        "stop": ["x"],
        "user": "ann",
    }


def test_a_step_leaves_what_it_was_taken_from() -> None:
    """Two conversations with one beginning do not mix."""
    with Headgate(base_url="http://127.0.0.1:1", api_key="none") as client:
        start = client.chat.completions.builder("m").system("s")
        one, other = start.user("one").request(), start.user("other").request()

    assert start.request()["messages"] == [{"role": "system", "content": "s"}]
    assert [turn["content"] for turn in one["messages"]] == ["s", "one"]
    assert [turn["content"] for turn in other["messages"]] == ["s", "other"]
