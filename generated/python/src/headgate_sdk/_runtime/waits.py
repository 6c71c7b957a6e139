# Fixed runtime of a generated SDK: the same source in every package.
"""Asking until something is decided, with a server that waits before it answers."""

from __future__ import annotations

import math
import time
from typing import Any, cast

from .errors import APITimeoutError
from .settings import RequestOptions

_GRACE = 30.0
"""Seconds beyond the server's own wait after which its answer is late."""
_PAUSE = 0.5
"""Seconds to wait before asking again a server that did not wait itself."""


class Asking:
    """How long the server may wait each time it is asked, until the time is over."""

    def __init__(self, timeout: float, *, most: int) -> None:
        self._end = time.monotonic() + timeout
        self._most = most
        self._asked = 0.0
        self.seconds = 0

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return self._end <= time.monotonic()

    def ask(self) -> int:
        """Give the seconds that the server may wait; raises when the time is over."""
        self._asked = time.monotonic()
        left = self._end - self._asked
        if left <= 0:
            raise APITimeoutError("total", connected=True)
        self.seconds = min(self._most, math.ceil(left))
        return self.seconds

    def patient(self, options: Any) -> Any:
        """Give a call's options with a first byte that may come after the wait."""
        given = cast("RequestOptions", options or {})
        timeouts = {"first_byte": self.seconds + _GRACE, **given.get("timeouts", {})}
        return cast("Any", {**given, "timeouts": timeouts})

    def pause(self) -> None:
        """Wait before asking again, unless the server did."""
        time.sleep(self.rest)

    async def pause_async(self) -> None:
        """Wait before asking again, unless the server did, without blocking."""
        from asyncio import sleep

        await sleep(self.rest)

    @property
    def rest(self) -> float:
        """Seconds to wait before asking again, none if the server waited."""
        now = time.monotonic()
        has_waited = now - self._asked >= _PAUSE
        return 0 if has_waited else max(0, min(_PAUSE, self._end - now))
