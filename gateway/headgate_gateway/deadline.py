"""A limit on how long each of many waits may take."""

import asyncio
from types import TracebackType


class Deadline:
    """Around each wait, one after the other: TimeoutError where one takes too long.

    As ``asyncio.timeout`` does it, with one timer for all of them: nearly every wait is
    over before the timer comes, which then only sees when to come again.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
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
        if self._timer is None:
            self._timer = self._loop.call_at(self._due, self._look)

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
        """Let the timer go, after the last wait."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._task is None:
            return
        if self._loop.time() < self._due:
            self._timer = self._loop.call_at(self._due, self._look)
            return
        self._has_come = True
        self._task.cancel()
