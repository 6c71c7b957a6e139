"""What gateways add to a request that is alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from statistics import median
from urllib.parse import urlsplit

from benchmarks.gateway.gateways import Running
from benchmarks.gateway.streams import ask, request

_IN_A_ROW = 20
"""Requests of one before the next has its turn."""
_UNCOUNTED = 5
"""Turns until all are warm."""


async def added(
    bare: Running, gateways: Sequence[Running], *, count: int
) -> dict[str, float]:
    """What each gateway adds to the median of a request that is alone, in seconds.

    All have their turn, a few requests at a time, and are held against the same direct
    requests. Those take up to twice as long beside one gateway as beside another, by
    where the scheduler has put who asks and who answers: more than some gateways add.
    """
    asked = {each.name: await _Alone.connected(each) for each in (bare, *gateways)}
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for turn in range(-_UNCOUNTED, count // _IN_A_ROW):
        for name, alone in asked.items():
            some = [await alone.ask() for _ in range(_IN_A_ROW)]
            if turn >= 0:
                taken[name].extend(some)
    for alone in asked.values():
        alone.close()
    direct = median(taken[bare.name])
    return {name: median(times) - direct for name, times in taken.items()}


class _Alone:
    """One open connection, on which each request waits for the answer before it."""

    def __init__(
        self, asked: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._asked = asked
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connected(cls, running: Running) -> _Alone:
        """Open a connection."""
        asked = request(running.url, running.headers, ask(running.model))
        parts = urlsplit(running.url)
        return cls(asked, *await asyncio.open_connection(parts.hostname, parts.port))

    async def ask(self) -> float:
        """Send the request; the seconds until all of the answer is there."""
        started = time.perf_counter()
        self._writer.write(self._asked)
        await _whole_answer(self._reader)
        return time.perf_counter() - started

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


async def _whole_answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b" 200 " not in head[:15]:
        raise ConnectionError(f"no answer: {head[:300]!r}")
    if b"transfer-encoding: chunked" in head:
        await reader.readuntil(b"0\r\n\r\n")
        return
    length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
    await reader.readexactly(length)
