"""Work that is worth doing only while the client waits for it."""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from headgate_gateway.deadline import line_of
from headgate_gateway.http.ending import Ending

T = TypeVar("T")

_PATIENCE = 0.03
"""For so long, in seconds, nobody looks whether the client is still there.

Work that is done before costs nothing that looks.
"""


async def until_gone(receive: Receive) -> None:
    """Return when the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_waited_for(
    receive: Receive,
    work: Coroutine[Any, Any, T],
    *,
    unless: Ending,
) -> T:
    """The result of ``work``; ClientDisconnect if the client leaves first.

    When ``unless`` comes first, it raises why: the gateway stops, or the key does.
    For the first moment nobody looks whether one of them has come.
    """
    if unless.is_set():
        work.close()
        raise unless.reason
    line = line_of(_PATIENCE)
    watch = _Watch(line.loop, receive, unless)
    line.join(watch)
    try:
        return await work
    except asyncio.CancelledError:
        reason = watch.reason
        if reason is None or watch.was_cancelled_too():
            raise
        raise reason from None
    finally:
        line.leave(watch)
        watch.end()


class _Watch:
    """Cancels the task that made it when nobody waits for its work any more.

    As ``asyncio.timeout`` does it: the work needs no task of its own.
    """

    __slots__ = (
        "_calls",
        "_cancelled_before",
        "_is_over",
        "_looking",
        "_receive",
        "_task",
        "_unless",
        "reason",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, receive: Receive, unless: Ending
    ) -> None:
        task = asyncio.current_task(loop)
        if task is None:
            raise LookupError("only a task can be watched")
        self.reason: Exception | None = None
        """Why the task was cancelled."""
        self._task = task
        self._cancelled_before = task.cancelling()
        self._receive = receive
        self._unless = unless
        self._calls: AbstractContextManager[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._is_over = False

    def was_cancelled_too(self) -> bool:
        """Whether somebody else wants the task to end as well."""
        return self._task.uncancel() > self._cancelled_before

    def end(self) -> None:
        """Stop watching, also where the client was seen to leave in this very turn."""
        self._is_over = True
        if self._calls is not None:
            self._calls.__exit__(None, None, None)
        if self._looking is not None:
            self._looking.cancel()

    def come(self) -> None:
        """Begin to watch."""
        if self._unless.is_set():
            self._ended()
            return
        self._calls = self._unless.calls(self._ended)
        self._calls.__enter__()
        self._looking = asyncio.ensure_future(until_gone(self._receive))
        self._looking.add_done_callback(self._gone)

    def _ended(self) -> None:
        self.stop(self._unless.reason)

    def _gone(self, looking: asyncio.Task[None]) -> None:
        if not looking.cancelled() and looking.exception() is None:
            self.stop(ClientDisconnect())

    def stop(self, reason: Exception) -> None:
        """Cancel the task, for the first reason that there is."""
        if self.reason is None and not self._is_over:
            self.reason = reason
            self._task.cancel()
