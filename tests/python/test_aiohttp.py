"""Over aiohttp the async client does what it does over httpx2."""

from __future__ import annotations

import gzip
import socket

import pytest

from headgate_sdk import (
    AiohttpTransport,
    APIConnectionError,
    APITimeoutError,
    ConcurrentLimitError,
    StreamTruncatedError,
)
from tests.python.raw_server import (
    RESET,
    STALL,
    STREAM_HEAD,
    answer,
    raw_answer,
    raw_server,
)
from tests.python.samples import (
    ASK,
    ERROR,
    MESSAGE,
    message_body,
    message_events,
    run_end,
    run_events,
)
from tests.python.twins import TWINS

_, ASYNC = TWINS


def create(client):
    return client.messages.create(**ASK)


def test_a_call_and_its_headers() -> None:
    """An answer comes typed; the request is as over httpx2, its address untouched."""
    with raw_server([answer(200, MESSAGE)]) as server:
        message = ASYNC.call(server.url, create, http_client=AiohttpTransport())
    with raw_server([answer(200, MESSAGE)]) as other:
        ASYNC.call(other.url, create)

    assert message.id == "msg_1"
    (request,), (expected,) = server.requests, other.requests
    assert (request.method, request.target) == (expected.method, expected.target)
    assert request.body == expected.body
    own = {"accept-encoding", "connection", "host", "idempotency-key"}
    assert {
        name: value for name, value in expected.headers.items() if name not in own
    } == {name: value for name, value in request.headers.items() if name not in own}


def test_a_path_is_sent_as_it_was_encoded() -> None:
    """What the SDK has percent-encoded is not encoded again, nor decoded."""
    targets = []
    for settings in ({}, {"http_client": AiohttpTransport()}):
        with raw_server([answer(404, {"error": ERROR})]) as server:
            with pytest.raises(ConcurrentLimitError):
                ASYNC.call(server.url, lambda c: c.runs.get("a/b c%7E?ü'"), **settings)
            targets.append(server.requests[0].target)

    assert targets[0] == targets[1]


def test_a_compressed_answer() -> None:
    """A compressed body is unpacked."""
    body = gzip.compress(answer(200, MESSAGE).partition(b"\r\n\r\n")[2])
    script = [
        raw_answer(
            200,
            body,
            content_type="application/json",
            content_encoding="gzip",
        )
    ]
    with raw_server(script) as server:
        message = ASYNC.call(server.url, create, http_client=AiohttpTransport())

    assert message.id == "msg_1"


def test_a_refusal_and_a_repetition() -> None:
    """A passing refusal is repeated, a lasting one raises its class."""
    with raw_server([answer(503, {})], [answer(429, {"error": ERROR})]) as server:
        with pytest.raises(ConcurrentLimitError):
            ASYNC.call(
                server.url, create, http_client=AiohttpTransport(), max_attempts=2
            )
        assert len(server.requests) == 2


def test_a_stream_is_read_and_resumed() -> None:
    """A stream that is cut goes on where it was."""
    with raw_server(
        [STREAM_HEAD, run_events(1, 2), RESET], [STREAM_HEAD, run_end(3)]
    ) as server:
        reading = ASYNC.read(
            server.url,
            lambda client: client.runs.events("run_1"),
            http_client=AiohttpTransport(),
        )

    assert reading.error is None
    assert reading.numbers == [1, 2, 3]


def test_a_cut_stream_that_cannot_resume_raises() -> None:
    """A reset in the middle of an answer is a truncation."""
    body = message_body("Hello")[: len(message_body("Hello")) // 2]
    with raw_server([STREAM_HEAD, body, RESET]) as server:
        reading = ASYNC.read(
            server.url,
            lambda client: client.messages.stream(**ASK),
            http_client=AiohttpTransport(),
        )

    assert isinstance(reading.error, StreamTruncatedError)
    assert 0 < len(reading.events) < len(message_events("Hello"))


@pytest.mark.parametrize(
    ("script", "phase"),
    [([STALL], "first_byte"), ([answer(200, MESSAGE)[:-5], STALL], "idle")],
)
def test_timeouts_are_told_apart(script, phase) -> None:
    """A head that does not come, and a body that stops, run out of their own time."""
    waits = {"first_byte": 0.2, "idle": 0.2, "total": None}
    if phase == "idle":
        waits["first_byte"] = 5
    with raw_server(script) as server, pytest.raises(APITimeoutError) as raised:
        ASYNC.call(
            server.url,
            create,
            http_client=AiohttpTransport(),
            max_attempts=1,
            timeouts=waits,
        )

    assert phase == raised.value.phase
    assert raised.value.connected is True


def test_nobody_listens() -> None:
    """A refused connection is the SDK's own error, and nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(APIConnectionError) as raised:
        ASYNC.call(url, create, http_client=AiohttpTransport(), max_attempts=1)

    assert raised.value.connected is False
