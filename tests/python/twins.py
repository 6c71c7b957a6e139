"""Runs a test's calls through the blocking client and through the async one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from headgate_sdk import AsyncHeadgate, Headgate, HeadgateError, RetryPolicy

FAST = RetryPolicy(base_delay=0.001, throttled_base_delay=0.001)
KEY = "hg_v1_of_a_test"


@dataclass
class Reading:
    """What a stream gave, and how it ended."""

    events: list[Any]
    error: HeadgateError | None
    stream: Any

    @property
    def numbers(self) -> list[int]:
        """The sequence numbers of the events, in the order in which they came."""
        return [event.sequence_number for event in self.events]


class Twin:
    """One of the two clients, driven the same way."""

    def __init__(self, *, is_async: bool, **settings: Any) -> None:
        """`settings` are those of its clients, unless a call brings its own."""
        self.is_async = is_async
        self._settings = {"api_key": KEY, "retry": FAST, **settings}

    def __repr__(self) -> str:
        return "async" if self.is_async else "sync"

    def call(self, url: str, make: Callable[[Any], Any], **settings: Any) -> Any:
        """Make a call with a client of its own and give what it gives."""
        settings = {**self._settings, **settings}
        if not self.is_async:
            with Headgate(base_url=url, **settings) as client:
                return make(client)

        async def run() -> Any:
            async with AsyncHeadgate(base_url=url, **settings) as client:
                return await make(client)

        return asyncio.run(run())

    def read(
        self,
        url: str,
        make: Callable[[Any], Any],
        stop_after: int | None = None,
        **settings: Any,
    ) -> Reading:
        """Read a stream to its end, or up to so many events."""
        settings = {**self._settings, **settings}
        if self.is_async:
            return asyncio.run(_read_async(url, make, stop_after, settings))
        events: list[Any] = []
        with Headgate(base_url=url, **settings) as client:
            stream = make(client)
            try:
                for event in stream:
                    events.append(event)
                    if len(events) == stop_after:
                        break
            except HeadgateError as error:
                return Reading(events, error, stream)
        return Reading(events, None, stream)


async def _read_async(
    url: str, make: Callable[[Any], Any], stop_after: int | None, settings: Any
) -> Reading:
    events: list[Any] = []
    async with AsyncHeadgate(base_url=url, **settings) as client:
        stream = make(client)
        try:
            async for event in stream:
                events.append(event)
                if len(events) == stop_after:
                    break
        except HeadgateError as error:
            return Reading(events, error, stream)
    return Reading(events, None, stream)


TWINS = [Twin(is_async=False), Twin(is_async=True)]
