"""A stream that is closed from elsewhere ends, and is not taken up again."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from headgate_sdk import (
    AiohttpTransport,
    AsyncHeadgate,
    Headgate,
    RetryPolicy,
    StreamClosedError,
)
from tests.python.raw_server import (
    CHUNKED_HEAD,
    RESET,
    STALL,
    STREAM_HEAD,
    Script,
    chunk,
    raw_server,
)
from tests.python.samples import run_end, run_events
from tests.python.twins import FAST, KEY

AGAIN = [STREAM_HEAD, run_events(3, 4), run_end(5)]
"""What a stream would get that was taken up again."""
SOME = run_events(1, 2)
PATIENT = RetryPolicy(base_delay=0.5, jitter=0)
CUT: Script = [STREAM_HEAD, SOME, RESET]
OPENINGS = {
    "read-to-its-end": [STREAM_HEAD, SOME, STALL],
    "chunked": [CHUNKED_HEAD, chunk(SOME), STALL],
    "between-pieces": [STREAM_HEAD, SOME[:-20], STALL],
}


@pytest.fixture(params=OPENINGS.values(), ids=list(OPENINGS))
def opening(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("over", [None, AiohttpTransport], ids=["httpx2", "aiohttp"])
def test_another_task_closes(opening: Any, over: Any) -> None:
    """Whoever waits for the next event is told that there is none."""
    settings = {"http_client": over()} if over else {}
    numbers: list[int] = []

    async def run(url: str) -> None:
        client = AsyncHeadgate(base_url=url, api_key=KEY, retry=FAST, **settings)
        async with client, client.runs.events("run_1") as stream:
            stream.on("step_start", lambda event: numbers.append(event.sequence_number))
            reading = asyncio.create_task(stream.until_done())
            await asyncio.sleep(0.2)
            await stream.close()
            with pytest.raises(StreamClosedError):
                await asyncio.wait_for(reading, 5)

    with raw_server(opening, AGAIN) as server:
        asyncio.run(run(server.url))

    assert numbers in ([1, 2], [1])
    assert len(server.requests) == 1


class Reader(threading.Thread):
    """Reads a stream and keeps what came of it."""

    def __init__(self, stream: Any) -> None:
        super().__init__(daemon=True)
        self.numbers: list[int] = []
        self.error: Exception | None = None
        self._stream = stream

    def run(self) -> None:
        """Read to the end."""
        try:
            for event in self._stream:
                self.numbers.append(event.sequence_number)
        except StreamClosedError as error:
            self.error = error


def test_another_thread_closes(opening: Any) -> None:
    """A thread that waits for the next event is woken, and told that there is none."""
    with raw_server(opening, AGAIN) as server:
        with Headgate(base_url=server.url, api_key=KEY, retry=FAST) as client:
            stream = client.runs.events("run_1")
            reader = Reader(stream)
            reader.start()
            server.asked.wait()
            reader.join(0.2)
            stream.close()
            reader.join(5)
        assert not reader.is_alive()

    assert isinstance(reader.error, StreamClosedError)
    assert reader.numbers in ([1, 2], [1])
    assert len(server.requests) == 1


async def close_after(seconds: float, url: str, retry: RetryPolicy) -> None:
    """Close a stream that another task reads, which is to be told so."""
    async with AsyncHeadgate(base_url=url, api_key=KEY, retry=retry) as client:
        stream = client.runs.events("run_1")
        reading = asyncio.create_task(stream.until_done())
        await asyncio.sleep(seconds)
        await stream.close()
        with pytest.raises(StreamClosedError):
            await asyncio.wait_for(reading, 5)


def test_a_task_closes_a_stream_that_is_cut() -> None:
    """A stream that waits to be taken up again is not, once it is closed."""
    with raw_server(CUT, AGAIN) as server:
        asyncio.run(close_after(0.2, server.url, PATIENT))

    assert len(server.requests) == 1


def test_a_thread_closes_a_stream_that_is_cut() -> None:
    """The same for a thread: it ends when its pause is over."""
    with (
        raw_server(CUT, AGAIN) as server,
        Headgate(base_url=server.url, api_key=KEY, retry=PATIENT) as client,
    ):
        stream = client.runs.events("run_1")
        reader = Reader(stream)
        reader.start()
        reader.join(0.2)
        stream.close()
        reader.join(5)

    assert isinstance(reader.error, StreamClosedError)
    assert len(server.requests) == 1


def test_a_stream_that_is_closed_while_it_opens_stays_closed() -> None:
    """An answer that comes after the closing is let go of, unread."""
    slow: Script = [0.3, STREAM_HEAD, SOME, STALL]
    with raw_server(slow, AGAIN) as server:
        asyncio.run(close_after(0.1, server.url, FAST))
        freed = server.closed_by_client.wait(5)

    assert freed
    assert len(server.requests) == 1
