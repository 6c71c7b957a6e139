"""What a gateway adds to a request that is alone."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from urllib.parse import urlsplit

from benchmarks.gateway.gateways import Running
from benchmarks.gateway.streams import ask, request

_IN_A_ROW = 20
"""Requests of one way before the other has its turn."""
_UNCOUNTED = 5
"""Turns until both are warm."""


async def added(running: Running, bare: Running, *, count: int) -> float:
    """What a gateway adds to the median of a request that is alone, in seconds.

    The provider is asked directly in between, a few requests at a time: the machine is
    now slower and now faster by more than some gateways add.
    """
    through, direct = [await _Alone.connected(each) for each in (running, bare)]
    taken: dict[_Alone, list[float]] = {through: [], direct: []}
    for turn in range(-_UNCOUNTED, count // _IN_A_ROW):
        for each, times in taken.items():
            some = [await each.ask() for _ in range(_IN_A_ROW)]
            if turn >= 0:
                times.extend(some)
    for each in taken:
        each.close()
    by_gateway, by_provider = map(median, taken.values())
    return by_gateway - by_provider


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
