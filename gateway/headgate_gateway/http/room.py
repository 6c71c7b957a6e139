"""How many requests are answered at once: in all, and of one caller."""

from collections.abc import Awaitable

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.cohorts import NO_TURN, TURN

_FEW = 4
"""So many at once go on without waiting for each other."""
_ASKS_TO_WAIT = 1.0
"""What a request that is one too many is told to wait, in seconds."""


class Room:
    """The places of one process. Streams take one until they end; 0: any number."""

    def __init__(self, *, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._taken = 0
        self._of_one: dict[str, int] = {}

    def turn(self) -> Awaitable[None]:
        """Awaited between the stages of a request, where several are on their way."""
        return TURN if self._taken > _FEW else NO_TURN

    def enter(self) -> None:
        """Take a place among all requests; 429 when none is free."""
        if self._most and self._taken >= self._most:
            raise _too_many(
                "backpressure",
                f"The gateway answers {self._most} requests at the same time.",
                most=self._most,
            )
        self._taken += 1

    def leave(self) -> None:
        """Give the place back."""
        self._taken -= 1

    def enter_for(self, caller: str) -> None:
        """Take a place among the requests of one caller; 429 when none is free."""
        most, taken = self._most_of_one, self._of_one.get(caller, 0)
        if most and taken >= most:
            raise _too_many(
                "concurrent_limit_exceeded",
                f"The gateway answers {most} requests of a key at the same time.",
                most=most,
            )
        self._of_one[caller] = taken + 1

    def leave_for(self, caller: str) -> None:
        """Give the place of a caller back."""
        left = self._of_one[caller] - 1
        if left:
            self._of_one[caller] = left
        else:
            del self._of_one[caller]


def _too_many(code: str, message: str, *, most: int) -> GatewayError:
    return GatewayError(
        code,
        message,
        retry_after=_ASKS_TO_WAIT,
        details={"current": most, "max": most},
    )
