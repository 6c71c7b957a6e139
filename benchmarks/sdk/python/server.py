"""`python -m benchmarks.sdk.python.server`: answers each request with prepared bytes.

Prints its port, then serves until its input closes. A streamed answer is sent one
event a chunk, as a gateway sends what it has just got.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterable

from benchmarks.sdk.wire import chat_answer, chat_frames, message_frames

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_STREAM = re.compile(rb'"stream": ?true')


def _chunked(frames: Iterable[bytes]) -> bytes:
    chunks = (b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames)
    return _head(b"text/event-stream", b"transfer-encoding: chunked") + (
        b"".join(chunks) + b"0\r\n\r\n"
    )


def _whole(answer: object) -> bytes:
    body = json.dumps(answer, separators=(",", ":")).encode()
    return _head(b"application/json", b"content-length: %d" % len(body)) + body


def _head(kind: bytes, framing: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\n%b\r\n\r\n" % (kind, framing)


CHAT = _chunked(chat_frames())
MESSAGE = _chunked(message_frames())
WHOLE = _whole(chat_answer())


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
            writer.write(_answer(head, body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _answer(head: bytes, body: bytes) -> bytes:
    if not _STREAM.search(body):
        return WHOLE
    return MESSAGE if b"/messages" in head.partition(b"\r\n")[0] else CHAT


async def main() -> None:
    """Serve until the input closes."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
