"""Chat completions: chunks that add up, a sentinel as their end, errors between."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headgate_sdk import ConfigurationError, OverloadedError, StreamTruncatedError
from tests.gateway_process import Gateway
from tests.python.raw_server import STREAM_HEAD, answer, raw_server
from tests.python.samples import MESSAGE
from tests.python.twins import TWINS, Twin

ASK: dict[str, Any] = {
    "model": "mock/script",
    "messages": [{"role": "user", "content": "Hello"}],
}
CHUNK: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "mock/echo",
}


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


def body(*frames: object) -> bytes:
    texts = (f if isinstance(f, str) else json.dumps(f) for f in frames)
    return b"".join(f"data: {text}\n\n".encode() for text in texts)


def piece(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {**CHUNK, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def ask(client):
    return client.chat.completions.stream(**ASK)


@pytest.mark.parametrize("script", ["text", "tools", "thinking"])
def test_the_stream_adds_up_to_the_answer(
    twin: Twin, gateway: Gateway, script: str
) -> None:
    """`final()` is the answer that the same request gives whole."""
    request = {**ASK, "metadata": {"script": script}, "n": 2}
    given = {"api_key": gateway.api_key}
    whole = twin.call(
        gateway.url, lambda c: c.chat.completions.create(**request), **given
    )
    added = twin.call(
        gateway.url,
        lambda c: c.chat.completions.stream(
            **request, stream_options={"include_usage": True}
        ).final(),
        **given,
    )

    assert without_ids(added.to_dict()) == without_ids(whole.to_dict())


def without_ids(completion: dict[str, Any]) -> dict[str, Any]:
    for choice in completion["choices"]:
        for call in choice["message"].get("tool_calls") or ():
            call["id"] = ""
    return {**completion, "id": "", "created": 0}


def test_done_ends_the_stream(twin: Twin) -> None:
    """The sentinel is no event, and what follows it is not read."""
    sent = body(piece({"content": "a"}), "[DONE]", piece({"content": "b"}))
    with raw_server([STREAM_HEAD, sent]) as server:
        reading = twin.read(server.url, ask)

    assert [c.choices[0].delta.content for c in reading.events] == ["a"]
    assert reading.error is None


def test_a_stream_without_done_was_cut(twin: Twin) -> None:
    """A body that ends before the sentinel is a stream that was cut."""
    sent = body(piece({"content": "a"}), piece({}, "stop"))
    with raw_server([STREAM_HEAD, sent]) as server:
        reading = twin.read(server.url, ask)

    assert len(reading.events) == 2
    assert isinstance(reading.error, StreamTruncatedError)
    assert reading.error.events_seen == 2


def test_an_error_among_chunks_is_raised(twin: Twin) -> None:
    """What has an `error` is one, though frames here have no names."""
    error = {"type": "overloaded_error", "code": "overloaded", "message": "Too much."}
    said = piece({"content": 'The word "error" is no error.'})
    with raw_server([STREAM_HEAD, body(said, {"error": error})]) as server:
        reading = twin.read(server.url, ask)

    assert len(reading.events) == 1
    assert isinstance(reading.error, OverloadedError)
    assert reading.error.message == "Too much."


WHOLE = {
    "chat.completions": lambda c, **more: c.chat.completions.create(**ASK, **more),
    "messages": lambda c, **more: c.messages.create(**ASK, **more),
    "builder": lambda c, **more: (
        c.chat.completions.builder("mock/echo")
        .param("stream", more["stream"])
        .execute()
    ),
}


@pytest.mark.parametrize("call", WHOLE)
def test_what_gives_one_object_asks_for_no_stream(twin: Twin, call: str) -> None:
    """A call that would get a stream is refused, and told which one reads it."""
    resource = "chat.completions" if call == "builder" else call
    shown = rf"gives one object; call {resource}\.stream\(\.\.\.\) for stream=True"
    with raw_server() as server, pytest.raises(ConfigurationError, match=shown):
        twin.call(server.url, lambda c: WHOLE[call](c, stream=True))

    assert server.requests == []


def test_what_is_added_to_a_body_asks_for_no_stream(twin: Twin) -> None:
    """Nor does a property that the options add."""
    added: Any = {"extra_body": {"stream": True}}
    with raw_server() as server, pytest.raises(ConfigurationError):
        twin.call(server.url, lambda c: WHOLE["messages"](c, options=added))

    assert server.requests == []


def test_one_object_may_be_asked_for_by_name(twin: Twin) -> None:
    """The other value of the switch goes out as it is; streams set it themselves."""
    with raw_server([answer(200, MESSAGE)]) as server:
        twin.call(server.url, lambda c: WHOLE["messages"](c, stream=False))
    with raw_server([STREAM_HEAD, body("[DONE]")]) as streaming:
        twin.read(
            streaming.url, lambda c: c.chat.completions.stream(**ASK, stream=True)
        )

    assert server.requests[0].json["stream"] is False
    assert streaming.requests[0].json["stream"] is True
