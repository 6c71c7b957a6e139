"""Reads event streams over loopback as a thin client would, and times them."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

from benchmarks.gateway.upstream import EVENTS

_END = b"[DONE]"


@dataclass(frozen=True)
class Streams:
    """What so many streams at once came to; times in seconds."""

    events_per_second: float
    first_event: float


def ask(model: str, *, stream: bool = False) -> bytes:
    """The body of a request."""
    body: dict[str, object] = {
        "model": model,
        "messages": [{"role": "user", "content": "Say something about a fox."}],
        "temperature": 0.2,
    }
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(body).encode()


def request(url: str, headers: dict[str, str], body: bytes) -> bytes:
    """A POST as it goes over the wire."""
    parts = urlsplit(url)
    lines = [
        f"POST {parts.path} HTTP/1.1",
        f"host: {parts.netloc}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def read_streams(
    url: str, headers: dict[str, str], model: str, *, at_once: int
) -> Streams:
    """Open streams at the same moment and read each to its end."""
    asked = request(url, headers, ask(model, stream=True))
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    started = time.perf_counter()
    first = await asyncio.gather(
        *(_read(parts.hostname, parts.port, asked) for _ in range(at_once))
    )
    seconds = time.perf_counter() - started
    return Streams(at_once * EVENTS / seconds, median(first))


async def _read(host: str, port: int, asked: bytes) -> float:
    """Read one stream; how long its first event took."""
    reader, writer = await asyncio.open_connection(host, port)
    started = time.perf_counter()
    writer.write(asked)
    first, tail = 0.0, b""
    try:
        while True:
            data = await reader.read(65_536)
            if not data:
                raise ConnectionError(f"the stream broke off after {tail[-200:]!r}")
            tail = (tail + data)[-2_000:]
            if not first and b"data:" in tail:
                first = time.perf_counter() - started
            if not first and len(tail) > 12 and b" 200 " not in tail[:15]:
                raise ConnectionError(f"no stream: {tail[:300]!r}")
            if _END in tail:
                return first
    finally:
        writer.close()
