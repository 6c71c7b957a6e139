"""A stream calls back by the kind of event and puts tool calls together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headgate_sdk import ResponseDecodeError
from headgate_sdk.types import ToolUseBlock
from tests.python.raw_server import STREAM_HEAD, frame, raw_server
from tests.python.samples import ASK, message_events, run_end, run_event
from tests.python.twins import TWINS, Twin

INPUT = json.dumps({"city": "Zürich", "days": [1, 2]}, ensure_ascii=False)


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


def call_events(index: int, *pieces: str) -> list[dict[str, Any]]:
    """The events of one tool call whose input comes in those pieces."""
    block = {"type": "tool_use", "id": f"call_{index}", "name": "look", "input": {}}
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *(
            {
                "type": "content_block_delta",
                "index": index,
                "delta": {"type": "input_json_delta", "partial_json": piece},
            }
            for piece in pieces
        ),
        {"type": "content_block_stop", "index": index},
    ]


def message_of(*calls: dict[str, Any]) -> bytes:
    """A whole message whose blocks are those of the given events."""
    first, *_, delta, stop = message_events()
    return b"".join(map(frame, [first, *calls, delta, stop]))


def ask(client):
    return client.messages.stream(**ASK)


def start(client):
    return client.runs.stream(request=ASK)


def collected(twin: Twin, url: str, make: Any, method: str) -> list[Any]:
    """What a method of a stream gives, in a list."""

    def blocking(client):
        return list(getattr(make(client), method)())

    async def waiting(client):
        return [each async for each in getattr(make(client), method)()]

    found: list[Any] = twin.call(url, waiting if twin.is_async else blocking)
    return found


@pytest.mark.parametrize("at", range(len(INPUT) + 1))
def test_a_call_is_put_together(at: int) -> None:
    """However its input is cut, a call comes once, complete and typed."""
    body = message_of(*call_events(0, INPUT[:at], INPUT[at:]), *call_events(1))
    with raw_server([STREAM_HEAD, body]) as server:
        first, second = collected(TWINS[0], server.url, ask, "tool_calls")

    assert isinstance(first, ToolUseBlock)
    assert (first.id, first.input) == ("call_0", json.loads(INPUT))
    assert (second.id, second.input) == ("call_1", {})


def test_calls_and_their_pieces(twin: Twin) -> None:
    """Calls and the pieces of their input come from both clients."""
    body = message_of(*call_events(0, *INPUT))
    with raw_server(*[[STREAM_HEAD, body]] * 2) as server:
        calls = collected(twin, server.url, ask, "tool_calls")
        pieces = collected(twin, server.url, ask, "tool_input_deltas")

    assert [each.input for each in calls] == [json.loads(INPUT)]
    assert "".join(pieces) == INPUT


def test_broken_input_raises(twin: Twin) -> None:
    """Pieces that are no JSON together raise with their text."""
    body = message_of(*call_events(0, '{"city": '))
    with (
        raw_server([STREAM_HEAD, body]) as server,
        pytest.raises(ResponseDecodeError) as raised,
    ):
        collected(twin, server.url, ask, "tool_calls")

    assert raised.value.raw == '{"city": '


def test_an_abandoned_step_takes_its_calls_along(twin: Twin) -> None:
    """What an abandoned step began never ends; the step that follows counts."""
    begun = call_events(0, INPUT[:9])[:-1]
    whole = call_events(0, INPUT)
    events = [
        *({"type": "stream_event", "index": 0, "event": each} for each in begun),
        {"type": "step_abandoned", "index": 0, "reason": "restart"},
        *({"type": "stream_event", "index": 0, "event": each} for each in whole),
    ]
    numbered = [run_event(number, **each) for number, each in enumerate(events, 1)]
    body = b"".join([*numbered, run_end(len(events) + 1)])
    with raw_server([STREAM_HEAD, body]) as server:
        calls = collected(twin, server.url, start, "tool_calls")

    assert [each.input for each in calls] == [json.loads(INPUT)]


def test_callbacks_come_in_order(twin: Twin) -> None:
    """Each kind's functions are called in order, whoever reads the stream."""
    body = b"".join(map(frame, message_events("Hel", "lo")))
    seen: list[Any] = []

    def watched(client):
        return (
            ask(client)
            .on("content_block_delta", lambda event: seen.append(event.delta.text))
            .on("message_stop", lambda event: seen.append(event.type))
            .on("content_block_delta", lambda event: seen.append(event.index))
        )

    expected = ["Hel", 0, "lo", 0, "message_stop"]
    for finish in ("until_done", "final", "text_deltas"):
        seen.clear()
        with raw_server([STREAM_HEAD, body]) as server:
            finished(twin, server.url, watched, finish)
        assert expected == seen


def finished(twin: Twin, url: str, make: Any, method: str) -> None:
    """Read a stream to its end by one of its methods."""
    if method == "text_deltas":
        collected(twin, url, make, method)
        return

    def blocking(client):
        return getattr(make(client), method)()

    async def waiting(client):
        return await getattr(make(client), method)()

    twin.call(url, waiting if twin.is_async else blocking)


def test_what_a_callback_raises_is_raised(twin: Twin) -> None:
    """An exception of a callback ends the loop and reaches the caller."""

    def fail(event):
        raise LookupError(event.type)

    def watched(client):
        return ask(client).on("message_start", fail)

    body = b"".join(map(frame, message_events("Hello")))
    with (
        raw_server([STREAM_HEAD, body]) as server,
        pytest.raises(LookupError, match="message_start"),
    ):
        finished(twin, server.url, watched, "until_done")
