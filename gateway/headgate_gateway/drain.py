"""Stopping in order: take nothing new, let running work end, then cut what is left."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager

from headgate_gateway.errors import GatewayError


class Signal(asyncio.Event):
    """An event that also calls back, which takes no task that waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: dict[object, Callable[[], None]] = {}

    def set(self) -> None:
        """Let everyone know."""
        super().set()
        for callback in list(self._callbacks.values()):
            callback()

    @contextmanager
    def calls(self, callback: Callable[[], None]) -> Generator[None, None, None]:
        """Have a function called when the signal comes within the block."""
        place = object()
        self._callbacks[place] = callback
        try:
            yield
        finally:
            del self._callbacks[place]


class Drain:
    """How far the gateway is on its way out."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        """Set: nothing new is taken."""
        self.forced = Signal()
        """Set: answers that are still being made end now, as errors."""
        self.cut = Signal()
        """Set: streams that are still open are cut; they can be resumed elsewhere."""
        self._answering = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def answering(self) -> Generator[None, None, None]:
        """Count a request as being answered."""
        self._answering += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._answering -= 1
            if not self._answering:
                self._idle.set()

    async def idle_within(self, seconds: float) -> bool:
        """Whether all requests are answered before the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def refuse_new_work(self) -> None:
        """Raise 503 once draining has begun."""
        if self.begun.is_set():
            raise draining()


def draining() -> GatewayError:
    """What is answered to whom a gateway that stops can no longer serve."""
    return GatewayError(
        "draining",
        "The gateway is stopping.",
        retry_after=1,
        headers={"Connection": "close"},
    )
