"""A token cancels a call from elsewhere, at once, and its reason is kept."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from headgate_sdk import AiohttpTransport, CancelToken, RequestCancelledError
from tests.python.raw_server import (
    STALL,
    STREAM_HEAD,
    RawServer,
    answer,
    raw_server,
)
from tests.python.samples import ASK, MESSAGE, run_events
from tests.python.twins import TWINS, Twin


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


def cancel_once_asked(server: RawServer, token: CancelToken, reason: Any) -> None:
    """Cancel from another thread as soon as the server has a request."""

    def wait_and_cancel() -> None:
        server.asked.wait()
        token.cancel(reason)

    threading.Thread(target=wait_and_cancel).start()


def created(token: CancelToken):
    """A call that has the token."""
    options: Any = {"cancel": token}
    return lambda client: client.messages.create(**ASK, options=options)


def test_a_wait_for_an_answer_is_cancelled(twin: Twin) -> None:
    """A call that waits for the head of its answer ends, and is not repeated."""
    token = CancelToken()
    reason = LookupError("the user left")
    with raw_server([STALL], [answer(200, MESSAGE)]) as server:
        cancel_once_asked(server, token, reason)
        with pytest.raises(RequestCancelledError) as raised:
            twin.call(server.url, created(token))

    assert raised.value.reason is reason
    assert raised.value.__cause__ is reason
    assert len(server.requests) == 1


def test_a_stream_is_cancelled(twin: Twin) -> None:
    """A stream gives what came before, raises with the reason and hangs up."""
    token = CancelToken()
    options: Any = {"cancel": token}

    def follow(client):
        stream = client.runs.events("run_1", options=options)
        return stream.on("step_start", cancel_at_two)

    def cancel_at_two(event):
        if event.sequence_number == 2:
            threading.Timer(0.05, token.cancel, ["enough"]).start()

    with raw_server([STREAM_HEAD, run_events(1, 2), STALL]) as server:
        reading = twin.read(server.url, follow)
        server.closed_by_client.wait()

    assert reading.numbers == [1, 2]
    assert isinstance(reading.error, RequestCancelledError)
    assert reading.error.reason == "enough"
    assert len(server.requests) == 1


def test_a_wait_before_a_repetition_is_cancelled(twin: Twin) -> None:
    """A pause between two attempts ends at once."""
    token = CancelToken()
    slow = answer(503, {}, retry_after="50")
    with raw_server([slow], [answer(200, MESSAGE)]) as server:
        cancel_once_asked(server, token, "shutdown")
        with pytest.raises(RequestCancelledError, match="shutdown"):
            twin.call(server.url, created(token))

    assert len(server.requests) == 1


def test_a_cancelled_token_stays_so(twin: Twin) -> None:
    """A call that is given a cancelled token is not made; the first reason counts."""
    token = CancelToken()
    token.cancel("first")
    token.cancel("second")
    with (
        raw_server([answer(200, MESSAGE)]) as server,
        pytest.raises(RequestCancelledError) as raised,
    ):
        twin.call(server.url, created(token))

    assert raised.value.reason == "first"
    assert server.requests == []


def test_a_token_does_no_harm(twin: Twin) -> None:
    """With a token that nobody cancels a call gives what it gives without one."""
    options: Any = {"cancel": CancelToken()}
    with raw_server([answer(200, MESSAGE)]) as server:
        message = twin.call(
            server.url, lambda c: c.messages.create(**ASK, options=options)
        )

    assert message.id == "msg_1"


def test_aiohttp_is_cancelled_too() -> None:
    """Over aiohttp a token ends a stalled stream the same way."""
    token = CancelToken()
    options: Any = {"cancel": token}
    with raw_server([STREAM_HEAD, run_events(1, 2), STALL]) as server:
        cancel_once_asked(server, token, "enough")
        reading = TWINS[1].read(
            server.url,
            lambda client: client.runs.events("run_1", options=options),
            http_client=AiohttpTransport(),
        )
        server.closed_by_client.wait()

    assert isinstance(reading.error, RequestCancelledError)
    assert reading.error.reason == "enough"
