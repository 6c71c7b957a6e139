"""Stopping in order: take nothing new, let running work end, then cut what is left."""

import asyncio
from collections.abc import Callable

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

    def tell(self, who: object, callback: Callable[[], None]) -> None:
        """Have a function called when the signal comes, until ``who`` forgets it."""
        self._callbacks[who] = callback

    def forget(self, who: object) -> None:
        """Call nobody on behalf of ``who``."""
        del self._callbacks[who]


class _Answering:
    """Counts those who are within the block: every request is once."""

    def __init__(self) -> None:
        self._count = 0
        self.idle = asyncio.Event()
        self.idle.set()

    def __enter__(self) -> None:
        self._count += 1
        if self._count == 1:
            self.idle.clear()

    def __exit__(self, *_: object) -> None:
        self._count -= 1
        if not self._count:
            self.idle.set()


class Drain:
    """How far the gateway is on its way out."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        """Set: nothing new is taken."""
        self.forced = Signal()
        """Set: answers that are still being made end now, as errors."""
        self.cut = Signal()
        """Set: streams that are still open are cut; they can be resumed elsewhere."""
        self.answering = _Answering()
        """A context in which a request counts as being answered."""

    async def idle_within(self, seconds: float) -> bool:
        """Whether all requests are answered before the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self.answering.idle.wait()
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
