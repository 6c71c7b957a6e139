# Fixed runtime of a generated SDK: the same source in every package.
"""A client that holds itself back: so many requests at once, so many a second."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from threading import Lock

from .cancel import CancelToken, unless_cancelled
from .deadlines import Waits
from .errors import APITimeoutError, ConfigurationError
from .network import HeldReply, Network, Reply
from .requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """How much a client asks of a server, over all its calls and their attempts.

    `in_flight` requests at once: one is in flight until its answer is read, a stream
    until it ends or is closed. `per_second` is a rate, of which `burst` requests may
    go together after a rest. None: without limit. Who has to wait goes in the order of
    the calls, within the total timeout of each.
    """

    in_flight: int | None = None
    per_second: float | None = None
    burst: int = 1

    def __post_init__(self) -> None:
        if self.in_flight is not None and self.in_flight < 1:
            raise ConfigurationError("in_flight is a whole number from 1 on")
        rate = self.per_second
        if rate is not None and not 0 < rate < math.inf:
            raise ConfigurationError("per_second is a number above 0")
        if self.burst < 1:
            raise ConfigurationError("burst is a whole number from 1 on")


class Pace:
    """Turns at a rate, some of them together after a rest."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._interval = 1 / per_second
        self._ahead = (burst - 1) * self._interval
        self._next = -math.inf
        """When the next turn would be, if none came together."""
        self._lock = Lock()

    def turn(self, now: float) -> float:
        """Take the next turn; gives how many seconds it is away."""
        with self._lock:
            due = max(self._next, now)
            self._next = due + self._interval
            return max(0.0, due - self._ahead - now)


class Places:
    """So many places, each taken by who asked for it first."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[Future[None]] = deque()
        self._lock = Lock()

    def take(self) -> Future[None]:
        """Give a future that is done once the place is the caller's."""
        place: Future[None] = Future()
        with self._lock:
            if self._free:
                self._free -= 1
                place.set_result(None)
            else:
                self._waiting.append(place)
        return place

    def give_up(self, place: Future[None]) -> None:
        """Wait no longer; a place that came meanwhile goes to the next."""
        if not place.cancel():
            self.leave()

    def leave(self) -> None:
        """Give a place to who waits longest."""
        with self._lock:
            while self._waiting:
                place = self._waiting.popleft()
                if place.set_running_or_notify_cancel():
                    place.set_result(None)
                    return
            self._free += 1


class ThrottledNetwork:
    """Sends over another network, as much of it as is allowed."""

    def __init__(self, network: Network, throttle: Throttle) -> None:
        self._network = network
        count, rate = throttle.in_flight, throttle.per_second
        self._places = None if count is None else Places(count)
        self._pace = None if rate is None else Pace(rate, throttle.burst)

    async def send(
        self, request: Request, headers: Mapping[str, str], waits: Waits
    ) -> Reply:
        """Send a request in its turn."""
        if self._places is None:
            return await self._sent(request, headers, waits)
        place = self._places.take()
        try:
            if not place.done():
                await self._until(place, waits, request.cancel)
            reply = await self._sent(request, headers, waits)
        except BaseException:
            self._places.give_up(place)
            raise
        return HeldReply(reply, self._places.leave)

    async def _until(
        self, place: Future[None], waits: Waits, cancel: CancelToken | None
    ) -> None:
        """Wait for a place, no longer than the call may take."""
        raise NotImplementedError

    async def _sent(
        self, request: Request, headers: Mapping[str, str], waits: Waits
    ) -> Reply:
        deadline = waits.deadline
        ahead = self._pace.turn(time.monotonic()) if self._pace else 0.0
        if ahead:
            await self.sleep(deadline.shortened(ahead) or 0, request.cancel)
        deadline.check()
        waits = deadline.waits(request.timeouts)
        return await self._network.send(request, headers, waits)

    async def sleep(self, seconds: float, cancel: CancelToken | None = None) -> None:
        """Wait, no longer than until the token is cancelled."""
        await self._network.sleep(seconds, cancel)

    async def close(self) -> None:
        """Close what the other network opened."""
        await self._network.close()


class BlockingThrottle(ThrottledNetwork):
    """Lets threads wait for their turn."""

    async def _until(
        self, place: Future[None], waits: Waits, cancel: CancelToken | None
    ) -> None:
        forget = cancel.on_cancel(place.cancel) if cancel else None
        try:
            place.result(waits.deadline.shortened(None))
        except CancelledError:
            if cancel:
                cancel.check()
            raise
        except TimeoutError:
            raise APITimeoutError("total", connected=True) from None
        finally:
            if forget:
                forget()


class AsyncThrottle(ThrottledNetwork):
    """Lets tasks wait for their turn."""

    async def _until(
        self, place: Future[None], waits: Waits, cancel: CancelToken | None
    ) -> None:
        try:
            async with asyncio.timeout(waits.deadline.shortened(None)):
                await unless_cancelled(cancel, _done(place))
        except TimeoutError:
            raise APITimeoutError("total", connected=True) from None


async def _done(place: Future[None]) -> None:
    await asyncio.wrap_future(place)
