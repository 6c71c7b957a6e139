"""Requests on their way to what they ask for: streams that go on let them pass."""

import asyncio
import time
from collections import deque

_TURNS = 16
"""So many turns of the loop a stream lets pass at most, after each frame."""
_MOMENT = 0.05
"""For so long, in seconds, a start counts that nobody said to be over."""


class Starts:
    """What was begun and has not asked its model yet, in one process.

    Somebody waits for a first event, while a later one comes before the one ahead of it
    is read. Streams in full flow would otherwise all send what has come of them between
    any two steps of a request that begins.
    """

    def __init__(self) -> None:
        self._since: dict[object, float] = {}
        """When each of them began, in order."""
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        """Streams that let them pass, each with the turn that it goes on in at last."""
        self._turn = 0
        """The turns of the loop, counted while there is a stream that waits."""

    def begin(self, who: object) -> None:
        """A request is on its way."""
        self._since[who] = time.monotonic()

    def over(self, who: object) -> None:
        """It has asked its model or is answered, as may have been said before."""
        self._since.pop(who, None)

    async def let_pass(self) -> None:
        """Awaited between the frames of a stream: others go on, starts some steps."""
        await asyncio.sleep(0)
        if not self._are_on():
            return
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._next_turn, loop)
        goes_on: asyncio.Future[None] = loop.create_future()
        self._waiting.append((self._turn + _TURNS, goes_on))
        await goes_on

    def _next_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let those go on that have waited enough: one looks each turn for all."""
        self._turn += 1
        waits = self._are_on()
        while self._waiting and not (waits and self._waiting[0][0] > self._turn):
            _, goes_on = self._waiting.popleft()
            if not goes_on.done():
                goes_on.set_result(None)
        if self._waiting:
            loop.call_soon(self._next_turn, loop)

    def _are_on(self) -> bool:
        """Whether there are any, but for those that wait for something else."""
        while self._since:
            who, since = next(iter(self._since.items()))
            if time.monotonic() - since < _MOMENT:
                return True
            del self._since[who]
        return False
