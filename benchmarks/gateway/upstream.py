"""A provider that answers at once: one completion, whole or in 400 chunks.

`python -m benchmarks.gateway.upstream` prints its port. It parses no more of HTTP than
gateways send, so that it takes little of the machine from those who are measured.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Final, cast

EVENTS: Final = 400
"""The chunks of a stream that carry text."""
WORDS: Final = "The quick brown fox jumps over the lazy dog. "
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"transfer-encoding: *chunked", re.IGNORECASE)
_USAGE: Final = {"prompt_tokens": 12, "completion_tokens": 34, "total_tokens": 46}


def _whole() -> bytes:
    message = {"role": "assistant", "content": WORDS * 6, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = json.dumps(
        {
            "id": "chatcmpl-bench",
            "object": "chat.completion",
            "created": 1_790_000_000,
            "model": "gpt-4o-mini",
            "choices": [choice],
            "usage": _USAGE,
        }
    ).encode()
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n"
    )
    return head % len(body) + body


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    data = json.dumps(
        {
            "id": "chatcmpl-bench",
            "object": "chat.completion.chunk",
            "created": 1_790_000_000,
            "model": "gpt-4o-mini",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
    )
    return _framed(f"data: {data}\n\n".encode())


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


WHOLE: Final = _whole()
HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
FIRST: Final = _chunk({"role": "assistant", "content": ""})
PIECE: Final = _chunk({"content": "a few words "})
USED: Final = _framed(
    b"data: "
    + json.dumps(
        {
            "id": "chatcmpl-bench",
            "object": "chat.completion.chunk",
            "created": 1_790_000_000,
            "model": "gpt-4o-mini",
            "choices": [],
            "usage": _USAGE,
        }
    ).encode()
    + b"\n\n"
)
LAST: Final = _chunk({}, "stop") + USED + _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"


class Provider(asyncio.Protocol):
    """One connection of a gateway."""

    def __init__(self) -> None:
        self._received = b""
        self._streams = set[asyncio.Task[None]]()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each request that has come whole."""
        self._received += data
        while (body := self._taken()) is not None:
            if b'"stream":true' in body.replace(b" ", b""):
                task = asyncio.ensure_future(self._stream())
                self._streams.add(task)
                task.add_done_callback(self._streams.discard)
            else:
                self._transport.write(WHOLE)

    def _taken(self) -> bytes | None:
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        if _CHUNKED.search(head):
            body, found, rest = rest.partition(b"0\r\n\r\n")
            if not found:
                return None
        else:
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if len(rest) < size:
                return None
            body, rest = rest[:size], rest[size:]
        self._received = rest
        return body or b" "

    async def _stream(self) -> None:
        """Send each event as a write of its own, and let others have their turn."""
        self._transport.write(HEAD + FIRST)
        for _ in range(EVENTS):
            await asyncio.sleep(0)
            self._transport.write(PIECE)
        self._transport.write(LAST)


async def serve() -> None:
    """Listen on a free port of loopback until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Provider, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
