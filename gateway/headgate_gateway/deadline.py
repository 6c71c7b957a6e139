"""Limits on how long many waits may take."""

import asyncio
from types import TracebackType
from typing import Protocol

_LATE = 0.02
"""Seconds by which one who waits in a line may be told late, so that few are looked at
again and again.
"""


class Waiting(Protocol):
    """Somebody who is told when the time is over."""

    def come(self) -> None:
        """Called once, unless the line was left before."""
        ...


class Line:
    """Those who wait equally long: the first to come is the first to be told.

    One timer stands for all of them. Nearly all leave before it comes, and a timer made
    and cancelled for each would cost more than what most of them wait for.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self.loop = loop
        self._seconds = seconds
        self._due: dict[Waiting, float] = {}
        """By who waits, in order."""
        self._timed = False

    def join(self, who: Waiting) -> None:
        """Have somebody told when the time is over."""
        self._due[who] = self.loop.time() + self._seconds
        if not self._timed:
            self._timed = True
            self.loop.call_later(self._seconds, self._look)

    def leave(self, who: Waiting) -> None:
        """Tell somebody no more, who may have been told already."""
        self._due.pop(who, None)

    def _look(self) -> None:
        self._timed = False
        now = self.loop.time()
        while self._due:
            who, due = next(iter(self._due.items()))
            if due > now:
                self._timed = True
                self.loop.call_at(max(due, now + _LATE), self._look)
                return
            del self._due[who]
            who.come()


_lines: dict[float, Line] = {}
"""The lines of the loop that was there last, by their seconds: a process has one."""


def line_of(seconds: float) -> Line:
    """The line of those who wait so long in the loop that runs."""
    loop = asyncio.get_running_loop()
    line = _lines.get(seconds)
    if line is None or line.loop is not loop:
        line = _lines[seconds] = Line(loop, seconds)
    return line


class Deadline:
    """Around each wait, one after the other: TimeoutError where one takes too long.

    As ``asyncio.timeout`` does it, but nearly every wait is over before the time comes,
    which then only sees when to come again.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._line = line_of(seconds)
        self._loop = self._line.loop
        self._again: asyncio.TimerHandle | None = None
        """Comes after the line did, for a wait that began later."""
        self._is_watched = False
        self._task: asyncio.Task[object] | None = None
        """The task that waits; None between the waits."""
        self._cancelled_before = 0
        self._due = 0.0
        self._has_come = False

    def __enter__(self) -> None:
        task = asyncio.current_task(self._loop)
        if task is None:
            raise LookupError("only a task can wait")
        self._task = task
        self._cancelled_before = task.cancelling()
        self._due = self._loop.time() + self._seconds
        if not self._is_watched:
            self._is_watched = True
            self._line.join(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        task, self._task = self._task, None
        if not self._has_come or task is None:
            return
        self._has_come = False
        # Somebody else may want the task to end as well.
        if task.uncancel() <= self._cancelled_before and isinstance(
            error, asyncio.CancelledError
        ):
            raise TimeoutError from error

    def renew(self) -> None:
        """Let the wait that is on begin anew."""
        self._due = self._loop.time() + self._seconds

    def close(self) -> None:
        """Look no more, after the last wait."""
        self._line.leave(self)
        if self._again is not None:
            self._again.cancel()
            self._again = None

    def come(self) -> None:
        """The time of the wait that was watched is over; a later one may be on."""
        self._again = None
        self._is_watched = False
        if self._task is None:
            return
        if self._loop.time() < self._due:
            self._is_watched = True
            self._again = self._loop.call_at(self._due, self.come)
            return
        self._has_come = True
        self._task.cancel()
