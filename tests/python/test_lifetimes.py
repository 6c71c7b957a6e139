"""What is opened is closed: by leaving, by closing, by cancelling."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from headgate_sdk import AsyncHeadgate, Headgate, StreamClosedError
from tests.python.raw_server import (
    STALL,
    STREAM_HEAD,
    RawServer,
    Script,
    answer,
    frame,
    raw_server,
)
from tests.python.samples import ASK, MESSAGE, message_body, message_events
from tests.python.twins import KEY

FIRST = frame(message_events()[0])


@contextmanager
def opened(script: Script) -> Iterator[tuple[RawServer, Headgate]]:
    """A server with one script, and a client of it."""
    with (
        raw_server(script) as server,
        Headgate(base_url=server.url, api_key=KEY) as client,
    ):
        yield server, client


def test_a_with_block_frees_the_connection() -> None:
    """Leaving the block closes the socket, also after a loop that was left."""
    with opened([STREAM_HEAD, FIRST, STALL]) as (server, client):
        with client.messages.stream(**ASK) as stream:
            for _ in stream:
                break
            open_still = not server.closed_by_client.is_set()
        closed = server.closed_by_client.wait(5)

    assert (open_still, closed) == (True, True)


def test_a_loop_in_a_with_block_can_go_on() -> None:
    """Two loops in one block read one stream between them."""
    with (
        opened([STREAM_HEAD, message_body("Hello")]) as (_, client),
        client.messages.stream(**ASK) as stream,
    ):
        first = next(iter(stream))
        rest = list(stream)

    assert first.type == "message_start"
    assert rest[-1].type == "message_stop"


def test_a_closed_stream_cannot_be_read() -> None:
    """After `close` there is nothing, and no final object either."""
    with opened([STREAM_HEAD, FIRST, STALL]) as (_, client):
        stream = client.messages.stream(**ASK)
        for _ in stream:
            break
        with pytest.raises(StreamClosedError):
            list(stream)
        with pytest.raises(StreamClosedError):
            stream.final()


def test_a_finished_stream_can_be_asked_again() -> None:
    """The final object stays; a second loop gives nothing more."""
    with opened([STREAM_HEAD, message_body("Hello")]) as (_, client):
        stream = client.messages.stream(**ASK)
        count = len(list(stream))
        again = list(stream)
        texts = [block.text for block in stream.final().content]

    assert (count, again, texts) == (6, [], ["Hello"])


def test_a_stream_is_opened_by_its_first_event() -> None:
    """Nothing is sent before the stream is entered or read."""
    with opened([STREAM_HEAD, message_body("Hello")]) as (server, client):
        stream = client.messages.stream(**ASK)
        before = len(server.requests)
        with pytest.raises(RuntimeError, match="opened"):
            str(stream.response)
        stream.final()

    assert (before, len(server.requests)) == (0, 1)
    assert stream.response.request_id == "req_stream"


def test_a_client_of_ones_own_is_left_open() -> None:
    """Closing the SDK's client does not close the HTTP client that it was given."""
    scripts = [[answer(200, MESSAGE)], [answer(200, MESSAGE)]]
    with raw_server(*scripts) as server, httpx2.Client() as own:
        with Headgate(base_url=server.url, api_key=KEY, http_client=own) as client:
            client.messages.create(**ASK)
        was_closed = own.is_closed
        own.get(server.url)

    assert was_closed is False


def test_a_cancelled_task_frees_the_connection() -> None:
    """Cancelling in mid-stream closes the socket and leaves no task behind."""

    async def read(url: str) -> list[str]:
        async with AsyncHeadgate(base_url=url, api_key=KEY) as client:
            seen = asyncio.Event()

            async def follow() -> None:
                async with client.messages.stream(**ASK) as stream:
                    async for _ in stream:
                        seen.set()

            task = asyncio.create_task(follow(), name="follow")
            await seen.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            closed = await asyncio.to_thread(server.closed_by_client.wait, 5)
            assert closed
        others = asyncio.all_tasks() - {asyncio.current_task()}
        return [each.get_name() for each in others]

    with raw_server([STREAM_HEAD, FIRST, STALL]) as server:
        assert asyncio.run(read(server.url)) == []


def test_a_cancelled_call_frees_the_connection() -> None:
    """Cancelling while the answer is awaited closes the socket."""

    async def call(url: str) -> bool:
        async with AsyncHeadgate(base_url=url, api_key=KEY) as client:
            task = asyncio.create_task(client.messages.create(**ASK))
            await asyncio.to_thread(server.asked.wait, 5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await asyncio.to_thread(server.closed_by_client.wait, 5)

    with raw_server([STALL]) as server:
        assert asyncio.run(call(server.url))


def test_an_async_loop_that_is_left_frees_the_connection() -> None:
    """Leaving `async for` needs no block around it."""

    async def read(url: str) -> bool:
        async with AsyncHeadgate(base_url=url, api_key=KEY) as client:
            async for _ in client.messages.stream(**ASK):
                break
            return await asyncio.to_thread(server.closed_by_client.wait, 5)

    with raw_server([STREAM_HEAD, FIRST, STALL]) as server:
        assert asyncio.run(read(server.url))


def test_a_dropped_stream_frees_the_connection() -> None:
    """A loop whose stream nobody holds closes the socket by being left."""
    with opened([STREAM_HEAD, FIRST, STALL]) as (server, client):
        for _ in client.messages.stream(**ASK):
            break
        gc.collect()
        closed = server.closed_by_client.wait(5)

    assert closed
