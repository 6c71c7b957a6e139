"""Work that is worth doing only while the client waits for it."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from headgate_gateway.drain import draining

T = TypeVar("T")


async def until_gone(receive: Receive) -> None:
    """Return when the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_waited_for(
    receive: Receive, work: Coroutine[Any, Any, T], *, unless: asyncio.Event
) -> T:
    """The result of ``work``; ClientDisconnect if the client leaves first.

    When ``unless`` is set first, it raises that the gateway is draining.
    """
    task = asyncio.create_task(work)
    gone = asyncio.create_task(until_gone(receive))
    over = asyncio.create_task(unless.wait())
    try:
        await asyncio.wait({task, gone, over}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise draining() if over.done() else ClientDisconnect
    finally:
        gone.cancel()
        over.cancel()
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
