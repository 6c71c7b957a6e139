"""`python -m benchmarks.sdk.python.decode CLIENT`: CPU a streamed event, no network.

The body lies in memory and reaches the SDK through an HTTP transport of its own, so
all of the SDK runs and nothing of a socket.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import httpx2

from benchmarks.sdk.python.clients import CLIENTS
from benchmarks.sdk.python.cpu import drain, microseconds
from benchmarks.sdk.wire import EVENTS, chat_frames, message_frames, pieces

REPEATS = 5


class _Body(httpx2.SyncByteStream):
    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)


def main() -> None:
    """Print the microseconds of each repeat as JSON."""
    name = sys.argv[1]
    chat = name in ("headgate-chat", "openai")
    chunks = pieces(chat_frames() if chat else message_frames())

    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(
            200, headers={"content-type": "text/event-stream"}, stream=_Body(chunks)
        )

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    opened = CLIENTS[name]("http://127.0.0.1:1/v1", http)
    drain(opened())
    times = [microseconds(lambda: drain(opened()), EVENTS) for _ in range(REPEATS)]
    print(json.dumps(times))


if __name__ == "__main__":
    main()
