"""The total timeout ends a call when it is due."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from headgate_sdk import AiohttpTransport, APITimeoutError, Headgate, StreamClosedError
from tests.python.raw_server import (
    CHUNKED_HEAD,
    STALL,
    STREAM_HEAD,
    Script,
    answer,
    chunk,
    frame,
    raw_server,
)
from tests.python.samples import ASK, MESSAGE, PING, message_events
from tests.python.twins import KEY, TWINS

SYNC, ASYNC = TWINS
FIRST = frame(message_events()[0])
WHOLE = answer(200, MESSAGE)

TOTAL = 2.0
LATE = 1.5
"""When the last piece comes; a wait that began then for as long would end at 3.5."""
LIMITS = {"idle": 30, "total": TOTAL}


def time_of_call(script: Script, call: Callable[[str], Any]) -> float:
    """Seconds until a call was left because its time was over."""
    with raw_server(script) as server:
        begun = time.monotonic()
        error = call(server.url)
        took = time.monotonic() - begun
    assert isinstance(error, APITimeoutError)
    assert error.phase == "total"
    return took


def read_error(twin: Any, url: str, http: Callable[[], Any] = lambda: None) -> Any:
    """The error that ends a stream."""
    settings = {"timeouts": LIMITS, "http_client": http()}
    return twin.read(
        url, lambda client: client.messages.stream(**ASK), **settings
    ).error


def call_error(twin: Any, url: str, http: Callable[[], Any] = lambda: None) -> Any:
    """The error of a call with an answer in one piece."""
    settings = {"timeouts": LIMITS, "http_client": http()}
    with pytest.raises(APITimeoutError) as caught:
        twin.call(url, lambda client: client.messages.create(**ASK), **settings)
    return caught.value


def test_a_silent_body_ends_with_the_call() -> None:
    """What is left when a wait begins counts, not what was left at the first piece."""
    until_closed = [STREAM_HEAD, FIRST, LATE, PING, STALL]
    chunks = [CHUNKED_HEAD, chunk(FIRST), LATE, chunk(PING), STALL]
    whole = [WHOLE[:-9], LATE, WHOLE[-9:-5], STALL]
    aiohttp = AiohttpTransport
    cases: list[tuple[Script, Callable[[str], Any]]] = [
        (until_closed, partial(read_error, SYNC)),
        (until_closed, partial(read_error, ASYNC)),
        (until_closed, partial(read_error, ASYNC, http=aiohttp)),
        (chunks, partial(read_error, SYNC)),
        (whole, partial(call_error, SYNC)),
        (whole, partial(call_error, ASYNC)),
        (whole, partial(call_error, ASYNC, http=aiohttp)),
    ]
    with ThreadPoolExecutor(len(cases)) as threads:
        times = list(threads.map(lambda case: time_of_call(*case), cases))

    assert [took for took in times if not TOTAL - 0.1 < took < TOTAL + 1.2] == []


def test_a_stream_that_is_closed_on_the_way_asks_for_nothing_more() -> None:
    """A loop that goes on after `close` raises; the call is not made again."""
    chunks = [chunk(frame(event)) for event in message_events("Hello")]
    script = [CHUNKED_HEAD, *chunks, chunk(b"")]
    with (
        raw_server(script, script) as server,
        Headgate(base_url=server.url, api_key=KEY) as client,
    ):
        stream = client.messages.stream(**ASK)
        events = iter(stream)
        next(events)
        stream.close()
        with pytest.raises(StreamClosedError):
            next(events)

    assert len(server.requests) == 1
