"""How many models one process asks at once."""

from headgate_gateway.errors import GatewayError


class Places:
    """A place for each call of a model that is on its way; 0: any number of them.

    Taken before anything is waited for: two calls must not find the same place free.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    def require(self, count: int) -> None:
        """429 where there is no room for so many more."""
        if 0 < self._most < self._taken + count:
            raise GatewayError(
                "backpressure",
                "The gateway is asking as many models at once as it may.",
                retry_after=1,
                details={"current": self._taken, "max": self._most},
            )

    def __enter__(self) -> None:
        self.require(1)
        self._taken += 1

    def __exit__(self, *_: object) -> None:
        self._taken -= 1
