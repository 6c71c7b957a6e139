"""All calls of a client share its connections, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from headgate_sdk import AiohttpTransport, AsyncHeadgate, Headgate
from tests.python.raw_server import RawServer, answer, raw_server
from tests.python.samples import ASK, MESSAGE
from tests.python.twins import KEY, TWINS, Twin

CROWD = 120
"""Calls at once: more than HTTP libraries have connections by themselves."""


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


def create(client: Any, **options: Any) -> Any:
    return client.messages.create(**ASK, options=options)


def one_after_another(
    twin: Twin, url: str, *calls: Callable[[Any], Any], **settings: Any
) -> None:
    """Make calls of one client."""
    if not twin.is_async:
        with Headgate(base_url=url, api_key=KEY, **settings) as client:
            for call in calls:
                call(client)
        return

    async def run() -> None:
        async with AsyncHeadgate(base_url=url, api_key=KEY, **settings) as client:
            for call in calls:
                await call(client)

    asyncio.run(run())


def cookies_of(server: RawServer) -> list[str | None]:
    """The cookies that each request brought."""
    return [request.headers.get("cookie") for request in server.requests]


def test_a_cookie_is_not_kept(twin: Twin) -> None:
    """What one answer sets is not sent with the next call, which may be another's."""
    setting = answer(200, MESSAGE, set_cookie="session=of-alice; Path=/")
    with raw_server([setting], [answer(200, MESSAGE)]) as server:
        one_after_another(twin, server.url, create, create)

    assert cookies_of(server) == [None, None]


def test_a_cookie_of_the_callers_own_is_sent(twin: Twin) -> None:
    """A header of cookies goes out as it was given, with its own call alone."""
    setting = answer(200, MESSAGE, set_cookie="session=of-alice; Path=/")

    def with_cookie(client: Any) -> Any:
        return create(client, headers={"Cookie": "session=mine"})

    with raw_server([setting], [answer(200, MESSAGE)], [setting]) as server:
        one_after_another(twin, server.url, with_cookie, create, with_cookie)

    assert cookies_of(server) == ["session=mine", None, "session=mine"]


PATIENCE: Any = {
    "max_attempts": 1,
    "timeouts": {"connect": 3.0, "first_byte": 20.0},
}


async def meet_async(url: str, **settings: Any) -> list[Any]:
    """Make all calls of a crowd at once, as tasks."""
    async with AsyncHeadgate(base_url=url, api_key=KEY, **settings) as client:
        return await asyncio.gather(*(create(client) for _ in range(CROWD)))


async def meet_over_aiohttp(url: str) -> list[Any]:
    """The same over aiohttp."""
    return await meet_async(url, http_client=AiohttpTransport(), **PATIENCE)


async def meet_blocking(url: str, **settings: Any) -> list[Any]:
    """Make all calls of a crowd at once, in threads."""
    run = asyncio.get_running_loop().run_in_executor
    with (
        Headgate(base_url=url, api_key=KEY, **settings) as client,
        ThreadPoolExecutor(CROWD) as pool,
    ):
        calls = (run(pool, create, client) for _ in range(CROWD))
        return await asyncio.gather(*calls)


async def answered_together(meet: Callable[[str], Any]) -> list[Any]:
    """What a crowd is given by a server that answers once all of it is there."""
    everybody = asyncio.Barrier(CROWD)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await everybody.wait()
        writer.write(answer(200, MESSAGE))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=CROWD)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found: list[Any] = await meet(f"http://127.0.0.1:{port}")
        return found


@pytest.mark.parametrize(
    "meet",
    [
        partial(meet_blocking, **PATIENCE),
        partial(meet_async, **PATIENCE),
        meet_over_aiohttp,
    ],
    ids=["sync", "async", "aiohttp"],
)
def test_a_crowd_is_served_at_once(meet: Callable[[str], Any]) -> None:
    """As many calls as there are can wait at once; none waits for another's end."""
    made = asyncio.run(answered_together(meet))

    assert [message.id for message in made] == ["msg_1"] * CROWD
