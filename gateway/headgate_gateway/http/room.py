"""How many requests are answered at once: in all, and of one caller."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from headgate_gateway.errors import GatewayError

_ASKS_TO_WAIT = 1.0
"""What a request that is one too many is told to wait, in seconds."""


class Room:
    """The places of one process. Streams take one until they end; 0: any number."""

    def __init__(self, *, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._taken = 0
        self._of_one: Counter[str] = Counter()

    @contextmanager
    def taken(self) -> Generator[None, None, None]:
        """A place among all requests; 429 when none is free."""
        if self._most and self._taken >= self._most:
            raise _too_many(
                "backpressure",
                f"The gateway answers {self._most} requests at the same time.",
                most=self._most,
            )
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    @contextmanager
    def taken_by(self, caller: str) -> Generator[None, None, None]:
        """A place among the requests of one caller; 429 when none is free."""
        most = self._most_of_one
        if most and self._of_one[caller] >= most:
            raise _too_many(
                "concurrent_limit_exceeded",
                f"The gateway answers {most} requests of a key at the same time.",
                most=most,
            )
        self._of_one[caller] += 1
        try:
            yield
        finally:
            self._of_one[caller] -= 1
            if not self._of_one[caller]:
                del self._of_one[caller]


def _too_many(code: str, message: str, *, most: int) -> GatewayError:
    return GatewayError(
        code,
        message,
        retry_after=_ASKS_TO_WAIT,
        details={"current": most, "max": most},
    )
