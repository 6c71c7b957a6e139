"""`python -m benchmarks.sdk.python.loopback CLIENT PORT`: CPU a streamed event.

The whole way: the SDK, its default transport, a socket. Only this process counts.
"""

from __future__ import annotations

import asyncio
import json
import sys

from benchmarks.sdk.python.clients import AIOHTTP, CLIENTS, headgate_aiohttp
from benchmarks.sdk.python.cpu import drain, microseconds, microseconds_of
from benchmarks.sdk.wire import EVENTS

REPEATS = 5


def main() -> None:
    """Print the microseconds of each repeat as JSON."""
    name, port = sys.argv[1:]
    base_url = f"http://127.0.0.1:{port}/v1"
    if name == AIOHTTP:
        print(json.dumps(asyncio.run(_async_times(base_url))))
        return
    opened = CLIENTS[name](base_url)
    drain(opened())
    times = [microseconds(lambda: drain(opened()), EVENTS) for _ in range(REPEATS)]
    print(json.dumps(times))


async def _async_times(base_url: str) -> list[float]:
    """The same in one event loop; the first reading is not counted."""
    async with headgate_aiohttp(base_url) as opened:
        return [await microseconds_of(opened()) for _ in range(REPEATS + 1)][1:]


if __name__ == "__main__":
    main()
