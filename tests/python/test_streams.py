"""Streams end with their declared event or raise, and resume where they can."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headgate_sdk import (
    APIError,
    APITimeoutError,
    ResponseDecodeError,
    StreamGapError,
    StreamLimitError,
    StreamTruncatedError,
)
from headgate_sdk._runtime.models import Unknown
from tests.python.raw_server import (
    CHUNKED_HEAD,
    RESET,
    STALL,
    STREAM_HEAD,
    answer,
    chunk,
    frame,
    raw_answer,
    raw_server,
)
from tests.python.samples import (
    ASK,
    ERROR,
    PING,
    message_body,
    message_events,
    run_end,
    run_event,
    run_events,
)
from tests.python.twins import KEY, TWINS, Twin


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


def ask(client):
    return client.messages.stream(**ASK)


def follow(client):
    return client.runs.events("run_1")


def start(client):
    return client.runs.stream(request=ASK)


def test_a_cursor_in_the_header_is_where_it_begins(twin: Twin) -> None:
    """`last_event_id` goes into its header, and the stream goes on after it."""
    with raw_server(
        [STREAM_HEAD, run_events(8, 8)], [STREAM_HEAD, run_end(9)]
    ) as server:
        reading = twin.read(
            server.url, lambda client: client.runs.events("run_1", last_event_id="7")
        )

    assert reading.numbers == [8, 9]
    cursors = [each.headers["last-event-id"] for each in server.requests]
    assert cursors == ["7", "8"]


# The terminal contract.


def test_a_whole_stream_gives_its_events(twin: Twin) -> None:
    """Every event comes typed, in order, and the declared end ends the loop."""
    with raw_server([STREAM_HEAD, message_body("Hel", "lo")]) as server:
        reading = twin.read(server.url, ask)

    expected = [event["type"] for event in message_events("Hel", "lo")]
    assert expected == [event.type for event in reading.events]
    assert reading.error is None


def test_events_are_found_however_chunks_fall(twin: Twin) -> None:
    """A body that comes byte by byte gives the same events."""
    body = message_body("Grüße", "漢字")
    pieces = [chunk(body[at : at + 1]) for at in range(len(body))]
    with raw_server([CHUNKED_HEAD, *pieces, chunk(b"")]) as server:
        reading = twin.read(server.url, ask)

    texts = [e.delta.text for e in reading.events if e.type == "content_block_delta"]
    assert texts == ["Grüße", "漢字"]


def test_a_stream_that_just_ends_raises(twin: Twin) -> None:
    """A clean end of the body before the declared end is a truncation."""
    body = b"".join(map(frame, message_events("Hello")[:3]))
    with raw_server([CHUNKED_HEAD, chunk(body), chunk(b"")]) as server:
        reading = twin.read(server.url, ask)

    assert len(reading.events) == 3
    assert isinstance(reading.error, StreamTruncatedError)
    assert reading.error.request_id == "req_stream"
    assert reading.error.events_seen == 3


def test_a_stream_that_cannot_resume_is_not_asked_for_again(twin: Twin) -> None:
    """A reset in the middle raises, and the generation is not posted a second time."""
    body = b"".join(map(frame, message_events("Hello")[:3]))
    with raw_server([STREAM_HEAD, body, RESET], [STREAM_HEAD]) as server:
        reading = twin.read(server.url, ask)

    assert isinstance(reading.error, StreamTruncatedError)
    assert len(server.requests) == 1


def test_nothing_after_the_end_is_given(twin: Twin) -> None:
    """Whatever follows the declared end is not looked at."""
    body = message_body("Hello") + frame(message_events("Hello")[0])
    with raw_server([STREAM_HEAD, body, STALL]) as server:
        reading = twin.read(server.url, ask)

    assert reading.events[-1].type == "message_stop"
    assert reading.error is None


def test_an_error_event_raises_its_class(twin: Twin) -> None:
    """An error in mid-stream becomes the class that the same HTTP error would be."""
    body = frame(message_events()[0]) + frame({"type": "error", "error": ERROR})
    with raw_server([STREAM_HEAD, body]) as server:
        reading = twin.read(server.url, ask)

    assert [event.type for event in reading.events] == ["message_start"]
    assert isinstance(reading.error, APIError)
    assert type(reading.error).__name__ == "ConcurrentLimitError"
    assert reading.error.request_id == "req_error"
    assert reading.error.retry_after == 2


def test_an_error_event_shows_no_secret(twin: Twin) -> None:
    """What an error in mid-stream repeats of the request is not in its message."""
    error = {**ERROR, "message": f"{KEY} and adm-of-one-call are too busy."}
    options: Any = {"headers": {"X-Admin-Key": "adm-of-one-call"}}
    with raw_server([STREAM_HEAD, frame({"type": "error", "error": error})]) as server:
        reading = twin.read(
            server.url, lambda client: client.messages.stream(**ASK, options=options)
        )

    assert isinstance(reading.error, APIError)
    assert reading.error.message == "[redacted] and [redacted] are too busy."


def test_an_unknown_event_is_a_value(twin: Twin) -> None:
    """An event of a kind that this version does not know keeps all it carried."""
    news = {"type": "something_new", "value": {"deep": [1, 2]}}
    body = frame(news) + message_body("Hello")
    with raw_server([STREAM_HEAD, body]) as server:
        reading = twin.read(server.url, ask)

    assert isinstance(reading.events[0], Unknown)
    assert reading.events[0].raw == news
    assert reading.events[0].type == "something_new"


def test_an_unknown_delta_and_block_are_values(twin: Twin) -> None:
    """What is unknown inside a known event is kept there."""
    start_, *_ = message_events()
    block = {"type": "hologram", "pixels": 3}
    opened = {"type": "content_block_start", "index": 0, "content_block": block}
    delta = {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "light", "x": 1},
    }
    body = b"".join(map(frame, [start_, opened, delta, {"type": "message_stop"}]))
    with raw_server([STREAM_HEAD, body]) as server:
        reading = twin.read(server.url, ask)

    assert reading.events[1].content_block.raw == block
    assert reading.events[2].delta.raw == {"type": "light", "x": 1}


def test_a_broken_event_raises_with_its_text(twin: Twin) -> None:
    """An event that is no JSON, or lacks what it must have, is never dropped."""
    for data in ["{broken", json.dumps({"type": "content_block_stop"})]:
        broken = f"event: content_block_stop\ndata: {data}\n\n".encode()
        body = frame(message_events()[0]) + broken
        with raw_server([STREAM_HEAD, body]) as server:
            reading = twin.read(server.url, ask)

        assert len(reading.events) == 1
        assert isinstance(reading.error, ResponseDecodeError)
        assert reading.error.raw == data
        assert reading.error.request_id == "req_stream"


def test_a_frame_without_its_name_is_read_by_its_tag(twin: Twin) -> None:
    """A proxy that drops the event line loses nothing."""
    events = message_events("Hello")
    body = b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events)
    with raw_server([STREAM_HEAD, body]) as server:
        reading = twin.read(server.url, ask)

    assert [event["type"] for event in events] == [e.type for e in reading.events]
    assert reading.error is None


def test_an_endless_line_raises(twin: Twin) -> None:
    """A line beyond the limit ends the stream instead of filling the memory."""
    with raw_server([STREAM_HEAD, b"data: ", b"x" * (1024 * 1024 + 1)]) as server:
        reading = twin.read(server.url, ask)

    assert isinstance(reading.error, StreamLimitError)
    assert reading.error.what == "line"


def test_an_answer_of_another_type_raises(twin: Twin) -> None:
    """JSON or HTML where a stream was asked for is no stream."""
    page = raw_answer(200, b"<html>Welcome</html>", content_type="text/html")
    with raw_server([page]) as server:
        reading = twin.read(server.url, ask)

    assert isinstance(reading.error, ResponseDecodeError)
    assert reading.error.raw == "<html>Welcome</html>"


def test_a_silent_stream_raises_at_the_idle_timeout(twin: Twin) -> None:
    """A stream that says nothing is given up after the idle timeout."""
    body = frame(message_events()[0])
    with raw_server([STREAM_HEAD, body, STALL]) as server:
        reading = twin.read(server.url, ask, timeouts={"idle": 0.2})

    assert isinstance(reading.error, APITimeoutError)
    assert reading.error.phase == "idle"


# Resuming.


def test_a_cut_stream_resumes_after_its_cursor(twin: Twin) -> None:
    """After a cut nothing is lost and nothing comes twice."""
    with raw_server(
        [STREAM_HEAD, run_events(1, 3), RESET],
        [STREAM_HEAD, run_events(4, 5)],
        [STREAM_HEAD, run_end(6)],
    ) as server:
        reading = twin.read(server.url, start)

    targets = [request.target for request in server.requests]
    assert reading.numbers == [1, 2, 3, 4, 5, 6]
    assert targets == [
        "/v1/runs:stream",
        "/v1/runs/run_1/events?starting_after=3",
        "/v1/runs/run_1/events?starting_after=5",
    ]
    assert server.requests[1].headers["last-event-id"] == "3"


def test_half_an_event_moves_no_cursor(twin: Twin) -> None:
    """Only a complete event counts as seen."""
    with raw_server(
        [STREAM_HEAD, run_events(1, 2), run_event(3)[:-1]],
        [STREAM_HEAD, run_event(3), run_end(4)],
    ) as server:
        reading = twin.read(server.url, follow)

    assert reading.numbers == [1, 2, 3, 4]
    assert server.requests[1].target.endswith("starting_after=2")


def test_a_replay_from_the_start_gives_nothing_twice(twin: Twin) -> None:
    """Events that were seen are dropped by their number."""
    with raw_server(
        [STREAM_HEAD, run_events(1, 3)],
        [STREAM_HEAD, run_events(1, 4), run_end(5)],
    ) as server:
        reading = twin.read(server.url, follow)

    assert reading.numbers == [1, 2, 3, 4, 5]


def test_a_gap_raises(twin: Twin) -> None:
    """A number that is skipped is an event that is lost."""
    with raw_server([STREAM_HEAD, run_events(1, 2), run_event(4)]) as server:
        reading = twin.read(server.url, follow)

    assert reading.numbers == [1, 2]
    assert isinstance(reading.error, StreamGapError)
    assert reading.error.last_event_id == "2"


def test_a_ping_moves_no_cursor(twin: Twin) -> None:
    """Heartbeats carry no place in the stream, even if they have an id."""
    ping = b"event: ping\nid: 77\ndata: " + PING.partition(b"data: ")[2]
    with raw_server(
        [STREAM_HEAD, run_event(1), ping],
        [STREAM_HEAD, run_end(2)],
    ) as server:
        reading = twin.read(server.url, follow)

    assert server.requests[1].target.endswith("starting_after=1")
    assert [event.type for event in reading.events] == [
        "step_start",
        "ping",
        "run_complete",
    ]


def test_the_callers_cursor_is_kept_before_the_first_event(twin: Twin) -> None:
    """A cut before any event goes on from where the caller began."""
    with raw_server(
        [STREAM_HEAD],
        [STREAM_HEAD, run_event(8), run_end(9)],
    ) as server:
        reading = twin.read(
            server.url, lambda client: client.runs.events("run_1", starting_after=7)
        )

    assert reading.numbers == [8, 9]
    assert server.requests[1].target.endswith("starting_after=7")


def test_a_busy_server_is_asked_again(twin: Twin) -> None:
    """A 503 to the attempt to resume is waited out."""
    with raw_server(
        [STREAM_HEAD, run_event(1)],
        [answer(503, {"error": ERROR}, retry_after_ms="1")],
        [STREAM_HEAD, run_end(2)],
    ) as server:
        reading = twin.read(server.url, follow)

    assert reading.numbers == [1, 2]
    assert reading.error is None


def test_attempts_without_progress_are_bounded(twin: Twin) -> None:
    """Five attempts that bring no event end the stream with its cursor."""
    empty = [[STREAM_HEAD] for _ in range(9)]
    with raw_server([STREAM_HEAD, run_events(1, 2)], *empty) as server:
        reading = twin.read(server.url, follow)

    assert isinstance(reading.error, StreamTruncatedError)
    assert reading.error.last_event_id == "2"
    assert len(server.requests) == 1 + 5


def test_progress_renews_the_attempts(twin: Twin) -> None:
    """A stream that is cut after every single event still comes to its end."""
    scripts = [[STREAM_HEAD, run_event(number)] for number in range(1, 10)]
    with raw_server(*scripts, [STREAM_HEAD, run_end(10)]) as server:
        reading = twin.read(server.url, follow)

    assert reading.numbers == list(range(1, 11))


@pytest.mark.parametrize("status", [404, 410])
def test_a_final_no_is_raised(twin: Twin, status: int) -> None:
    """A run that is unknown or whose events are gone cannot be resumed."""
    gone = {**ERROR, "type": "not_found_error", "code": "events_expired"}
    with raw_server(
        [STREAM_HEAD, run_event(1)], [answer(status, {"error": gone})]
    ) as server:
        reading = twin.read(server.url, follow)

    assert isinstance(reading.error, APIError)
    assert reading.error.status_code == status
    assert reading.error.last_event_id == "1"
    assert len(server.requests) == 2


def test_no_content_at_first_is_an_empty_stream(twin: Twin) -> None:
    """204 to the caller's own cursor says that nothing follows it."""
    with raw_server([raw_answer(204, b"")]) as server:
        reading = twin.read(
            server.url, lambda client: client.runs.events("run_1", starting_after=9)
        )

    assert reading.events == []
    assert reading.error is None


def test_no_content_in_between_is_a_truncation(twin: Twin) -> None:
    """204 before the declared end means that the end is nowhere to be had."""
    with raw_server([STREAM_HEAD, run_event(1)], [raw_answer(204, b"")]) as server:
        reading = twin.read(server.url, follow)

    assert isinstance(reading.error, StreamTruncatedError)


def test_errors_name_the_answer_that_the_stream_began_with(twin: Twin) -> None:
    """Connections that only went on with it are not what the caller asked for."""
    again = STREAM_HEAD.replace(b"req_stream", b"req_again")
    with raw_server(
        [STREAM_HEAD, run_event(1)], [again, run_event(2)], [raw_answer(204, b"")]
    ) as server:
        reading = twin.read(server.url, follow)

    assert isinstance(reading.error, StreamTruncatedError)
    assert reading.error.request_id == "req_stream"


def test_a_silent_run_is_resumed(twin: Twin) -> None:
    """A resumable stream that says nothing is attached to anew."""
    with raw_server(
        [STREAM_HEAD, run_event(1), STALL], [STREAM_HEAD, run_end(2)]
    ) as server:
        reading = twin.read(server.url, follow, timeouts={"idle": 0.2})

    assert reading.numbers == [1, 2]


# Leaving.


def test_leaving_the_loop_frees_the_connection(twin: Twin) -> None:
    """A loop that is left closes the socket that it read from."""
    with raw_server([STREAM_HEAD, frame(message_events()[0]), STALL]) as server:
        reading = twin.read(server.url, ask, stop_after=1)
        freed = server.closed_by_client.wait(5)

    assert len(reading.events) == 1
    assert freed


# What the events amount to.


def test_final_is_what_the_events_build(twin: Twin) -> None:
    """The folded message holds every text, the stop reason and the usage."""
    with raw_server([STREAM_HEAD, message_body("Hel", "lo", "")]) as server:
        message = twin.call(server.url, lambda client: ask(client).final())

    assert [block.text for block in message.content] == ["Hello"]
    assert message.stop_reason == "end_turn"
    assert message.usage.total_tokens == 3


@pytest.mark.parametrize("pieces", [[], ['{"a', '": [1', ", 2]}"]])
def test_partial_json_is_put_together(twin: Twin, pieces: list[str]) -> None:
    """A tool's input is what its pieces are together; none stand for an object."""
    first, *_, delta, stop = message_events()
    tool = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    opened = {"type": "content_block_start", "index": 0, "content_block": tool}
    parts = [
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": piece},
        }
        for piece in pieces
    ]
    body = b"".join(map(frame, [first, opened, *parts, delta, stop]))
    with raw_server([STREAM_HEAD, body]) as server:
        message = twin.call(server.url, lambda client: ask(client).final())

    assert message.content[0].input == ({"a": [1, 2]} if pieces else {})


def test_text_deltas_come_from_nested_events_too(twin: Twin) -> None:
    """A run's text is the text of the answers inside it."""
    inner = message_events("Hel", "lo")
    body = b"".join(
        run_event(number, type="stream_event", event=event)
        for number, event in enumerate(inner, 1)
    )
    end = run_end(len(inner) + 1)
    with raw_server([STREAM_HEAD, body, end]) as server:
        if twin.is_async:

            async def collect(client):
                return [text async for text in follow(client).text_deltas()]

            texts = twin.call(server.url, collect)
        else:
            texts = twin.call(server.url, lambda c: list(follow(c).text_deltas()))

    assert texts == ["Hel", "lo"]
