"""A circuit breaker: after failures in a row an upstream is left alone for a while.

Pure: it is told what happens and when, and says what may happen.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """When a breaker opens and closes."""

    failures: int
    """Failures in a row that open it; 0: it never opens."""
    successes: int
    """Successes in a row that close it again."""
    cooldown: float
    """Seconds until somebody may try."""


class Breaker:
    """The breaker of one upstream."""

    def __init__(self, threshold: Threshold) -> None:
        self.threshold = threshold
        self.failures = 0
        """Failures in a row."""
        self._successes = 0
        self._opened_at: float | None = None
        self._trying = False

    @property
    def is_closed(self) -> bool:
        """Whether all is well, at whatever time: nearly always."""
        return self._opened_at is None

    @property
    def is_well(self) -> bool:
        """Whether it is closed and the last call was answered."""
        return self._opened_at is None and not self.failures

    def state(self, now: float) -> State:
        """Open until the cool-down is over, then half open until it has proved well."""
        if self._opened_at is None:
            return "closed"
        return "open" if self.cooldown(now) > 0 else "half_open"

    def cooldown(self, now: float) -> float:
        """Seconds until somebody may try; 0 when one may."""
        if self._opened_at is None:
            return 0.0
        return max(self._opened_at + self.threshold.cooldown - now, 0.0)

    def admits(self, now: float) -> bool:
        """Whether a call may be made, and so is begun; half open, one at a time."""
        match self.state(now):
            case "closed":
                return True
            case "half_open" if not self._trying:
                self._trying = True
                return True
            case _:
                return False

    def succeeded(self, now: float) -> None:
        """A call was answered."""
        self.failures = 0
        if not self.is_closed and self.state(now) == "half_open":
            self._trying = False
            self._successes += 1
            if self._successes >= self.threshold.successes:
                self._opened_at = None

    def failed(self, now: float) -> None:
        """A call failed by the upstream's fault."""
        self.failures += 1
        self._trying = False
        self._successes = 0
        over = 0 < self.threshold.failures <= self.failures
        if over or self._opened_at is not None:
            self._opened_at = now

    def abandoned(self) -> None:
        """A call ended without telling anything of the upstream."""
        self._trying = False
