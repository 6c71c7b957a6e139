"""Requests on their way to what they ask for: streams that go on let them pass."""

import asyncio
import time

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

    def begin(self, who: object) -> None:
        """A request is on its way."""
        self._since[who] = time.monotonic()

    def over(self, who: object) -> None:
        """It has asked its model or is answered, as may have been said before."""
        self._since.pop(who, None)

    async def let_pass(self) -> None:
        """Awaited between the frames of a stream: others go on, starts some steps."""
        await asyncio.sleep(0)
        for _ in range(_TURNS):
            if not self._are_on():
                return
            await asyncio.sleep(0)

    def _are_on(self) -> bool:
        """Whether there are any, but for those that wait for something else."""
        while self._since:
            who, since = next(iter(self._since.items()))
            if time.monotonic() - since < _MOMENT:
                return True
            del self._since[who]
        return False
