# Fixed runtime of a generated SDK: the same source in every package.
"""How long a call, and each phase of its attempts, may take."""

from __future__ import annotations

import time

from .errors import APIConnectionError, APITimeoutError
from .settings import Timeouts

_CLOCK_STEP = 0.002
"""Seconds by which a wait may end before the clock says so."""


class Deadline:
    """When the total timeout of a call runs out."""

    __slots__ = ("_end",)

    def __init__(self, total: float | None) -> None:
        self._end = None if total is None else time.monotonic() + total

    @property
    def remaining(self) -> float | None:
        """Seconds left, None for ever."""
        return None if self._end is None else self._end - time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether the time is over, or so nearly that a wait for it ended early."""
        left = self.remaining
        return left is not None and left < _CLOCK_STEP

    def check(self) -> None:
        """Raise if the time is over."""
        if self._end is not None and self._end - time.monotonic() < _CLOCK_STEP:
            raise APITimeoutError("total", connected=True)

    def named(self, error: APIConnectionError) -> APIConnectionError:
        """Give the error; a shorter timeout that ran out with this one as this one."""
        if isinstance(error, APITimeoutError) and self.is_over:
            return APITimeoutError("total", connected=error.connected)
        return error

    def put_off(self, seconds: float) -> None:
        """Leave time out of account that was spent waiting for a decision."""
        if self._end is not None:
            self._end += seconds

    def waits(self, timeouts: Timeouts) -> Waits:
        """Give the waits of an attempt, none of them longer than what is left."""
        return Waits(
            connect=self.shortened(timeouts.connect),
            first_byte=self.shortened(timeouts.first_byte),
            idle=self.shortened(timeouts.idle),
            deadline=self,
        )

    def shortened(self, wait: float | None) -> float | None:
        """Give a wait, or what is left if that is less."""
        if self._end is None:
            return wait
        left = max(self._end - time.monotonic(), _CLOCK_STEP)
        return left if wait is None else min(wait, left)

    def last_start(self, wait: float | None) -> float:
        """Give the `time.monotonic()` after which that wait would end too late."""
        if self._end is None or wait is None:
            return float("inf")
        return self._end - wait + _CLOCK_STEP


class Waits:
    """How long each phase of one attempt may take, in seconds; None: for ever.

    All of them end with `deadline`, also the wait for a piece that begins late.
    """

    __slots__ = ("connect", "deadline", "first_byte", "idle")

    def __init__(
        self,
        *,
        connect: float | None,
        first_byte: float | None,
        idle: float | None,
        deadline: Deadline,
    ) -> None:
        self.connect = connect
        self.first_byte = first_byte
        self.idle = idle
        self.deadline = deadline

    def extension(self) -> dict[str, float | None]:
        """Give the form that the transport reads before each operation."""
        return {
            "connect": self.connect,
            "pool": self.connect,
            "write": self.first_byte,
            "read": self.first_byte,
        }
