"""How long a run may still work."""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager


class WorkTime:
    """A run's time, which stands still while people are waited for."""

    def __init__(self, milliseconds: int) -> None:
        self._left = milliseconds / 1000
        self._since = time.monotonic()
        self._holds = 0
        self._changed = asyncio.Event()

    @contextmanager
    def held(self) -> Generator[None]:
        """Let the time stand still inside the block."""
        if self._holds == 0:
            self._left -= time.monotonic() - self._since
        self._holds += 1
        self._changed.set()
        try:
            yield
        finally:
            self._holds -= 1
            self._since = time.monotonic()
            self._changed.set()

    async def used_up(self) -> None:
        """Return when nothing is left."""
        while True:
            self._changed.clear()
            left = None
            if self._holds == 0:
                left = self._left - (time.monotonic() - self._since)
            try:
                async with asyncio.timeout(left):
                    await self._changed.wait()
            except TimeoutError:
                return
