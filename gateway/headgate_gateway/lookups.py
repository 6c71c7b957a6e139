"""What was looked up in the store, and is believed for a moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_BELIEVED = 1.0
"""Seconds; a change that another process made takes as long to be seen here."""
_FRESH = 0.75
"""Seconds after which what is asked for again is looked up again on the side."""


@dataclass(frozen=True, slots=True)
class Found(Generic[V]):
    """A value, and since when it is known."""

    value: V
    since: float
    """When the search for it began."""


class Lookups(Generic[K, V]):
    """Looks each thing up once a moment, however many ask for it.

    Nobody waits for the store while what is asked for all the time is renewed.
    """

    def __init__(
        self, look_up: Callable[[K], Awaitable[V]], *, most: int = 4096
    ) -> None:
        self._look_up = look_up
        self._most = most
        self._found: dict[K, Found[V]] = {}
        self._looking: dict[K, asyncio.Task[V]] = {}
        self._tasks = set[asyncio.Task[V]]()
        """Also those whose result nobody may keep any more."""

    def believed(self, key: K) -> Found[V] | None:
        """What the store said a moment ago, if it was asked: nothing to wait for."""
        found = self._found.get(key)
        if found is None:
            return None
        age = time.monotonic() - found.since
        if age >= _BELIEVED:
            return None
        if age > _FRESH:
            self._begin(key)
        return found

    async def get(self, key: K) -> V:
        """What the store said a moment ago at most."""
        found = self.believed(key)
        if found is not None:
            return found.value
        # Whoever asked first may leave; the others still wait for it.
        return await asyncio.shield(self._begin(key))

    def forget(self, key: K) -> None:
        """Look anew, also where the search is on."""
        self._found.pop(key, None)
        self._looking.pop(key, None)

    def forget_all(self) -> None:
        """Look anew for everything."""
        self._found.clear()
        self._looking.clear()

    def _begin(self, key: K) -> asyncio.Task[V]:
        task = self._looking.get(key)
        if task is None:
            task = asyncio.create_task(self._look(key))
            self._looking[key] = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(_seen)
        return task

    async def _look(self, key: K) -> V:
        since = time.monotonic()
        task = asyncio.current_task()
        try:
            value = await self._look_up(key)
            if self._looking.get(key) is task:
                self._keep(key, Found(value, since))
            return value
        finally:
            if self._looking.get(key) is task:
                del self._looking[key]

    def _keep(self, key: K, found: Found[V]) -> None:
        self._found.pop(key, None)
        self._found[key] = found
        while len(self._found) > self._most:
            del self._found[next(iter(self._found))]


def _seen(task: asyncio.Task[object]) -> None:
    """Take note of a failure: who waits is told, and nobody has to wait."""
    if not task.cancelled():
        task.exception()
