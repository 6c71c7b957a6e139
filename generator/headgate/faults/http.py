"""HTTP/1.1 by hand: requests read strictly enough, answers written as told."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import random
import socket
import struct
import termios
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from headgate.faults.script import Answer

_MOST = 8 << 20
_SINGLE = 1500
_BLOCK = 16 << 10
_LINGER = struct.pack("ii", 1, 0)
_BAD_BLOCK = b"\x07"  # a deflate block of the reserved type
_BEYOND = b"event: beyond\ndata: {}\n\n"


@dataclass(frozen=True, slots=True)
class Request:
    """A request: header names in lower case, the query with each name once."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read the next request of a connection; None when there is none."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.split(":", 1) for line in lines if ":" in line)
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        body = await _body(reader, headers)
    except (
        asyncio.IncompleteReadError,
        asyncio.LimitOverrunError,
        ValueError,
        OSError,
    ):
        return None
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return Request(method, parts.path, query, headers, body)


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        length = int(headers.get("content-length", "0"))
        return await reader.readexactly(min(length, _MOST))
    pieces: list[bytes] = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        pieces.append(await reader.readexactly(min(size, _MOST)))
        await reader.readline()
    await reader.readline()
    return b"".join(pieces)


class Writer:
    """Writes one answer to one connection.

    `write` says whether the connection can serve another request. A client that
    leaves raises `ConnectionError`.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    async def write(
        self, answer: Answer, pieces: list[bytes], *, gzip: bool, dice: int
    ) -> bool:
        """Write an answer with that body and end it as told."""
        compressed = gzip and answer.coding != "plain"
        if compressed:
            pieces = list(_compressed(pieces, answer.coding))
        pieces = list(_cut_up(pieces, answer.pieces, dice))
        if not await self._head(answer, pieces, compressed=compressed):
            await self._end(answer)
            return False
        for piece in pieces:
            await self._send(piece, answer)
        await self._end(answer)
        return answer.end == "clean" and answer.framing != "close"

    async def _head(
        self, answer: Answer, pieces: list[bytes], *, compressed: bool
    ) -> bool:
        """Write the head; False if it is not written whole."""
        head = _head_of(answer, sum(map(len, pieces)), compressed=compressed)
        match answer.head:
            case "none":
                return False
            case "part":
                await self._flush(head[: len(head) // 2])
                return False
            case "hints":
                hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
                await self._flush(hints + head)
            case "slow":
                for place in range(len(head)):
                    await self._flush(head[place : place + 1])
            case "whole":
                self._writer.write(head)
        return True

    async def _send(self, piece: bytes, answer: Answer) -> None:
        if answer.framing == "chunked":
            piece = b"%x\r\n%b\r\n" % (len(piece), piece)
        if answer.pieces == "whole":
            self._writer.write(piece)
        await self._flush(piece if answer.pieces != "whole" else b"")

    async def _flush(self, data: bytes) -> None:
        if data:
            self._writer.write(data)
        await self._writer.drain()
        await asyncio.sleep(0)

    async def _end(self, answer: Answer) -> None:
        match answer.end:
            case "clean":
                await self._end_cleanly(answer)
            case "fin":
                await self._writer.drain()
                self._writer.close()
            case "reset":
                await self._reset()
            case "short":
                promised = b"40\r\nevent: s" if answer.framing == "chunked" else b""
                await self._flush(promised)
                self._writer.close()
            case "garbage":
                await self._flush(b"zz\r\nno chunk\r\n")
                self._writer.close()
            case "overrun":
                await self._flush(_BEYOND)
                self._writer.close()
            case "stall":
                await self._writer.drain()
                await self._gone()
            case "drip":
                await self._drip(answer)

    async def _end_cleanly(self, answer: Answer) -> None:
        if answer.framing == "chunked" and answer.status != HTTPStatus.NO_CONTENT:
            self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()
        if answer.framing == "close":
            self._writer.close()

    async def _drip(self, answer: Answer) -> None:
        while not self._reader.at_eof():
            await self._send(b":\n\n", answer)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.03):
                    await self._gone()

    async def _gone(self) -> None:
        """Wait until the client has closed its side."""
        while await self._reader.read(4096):
            pass

    async def _reset(self) -> None:
        """Reset the connection once the client's machine has what was sent."""
        await self._writer.drain()
        connection: socket.socket = self._writer.get_extra_info("socket")
        for _ in range(250):
            if self._reader.at_eof() or not _unsent(self._writer, connection):
                break
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.004)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        self._writer.transport.abort()


def _unsent(writer: asyncio.StreamWriter, connection: socket.socket) -> int:
    """How many bytes the client's machine has not acknowledged (tcp(7), SIOCOUTQ)."""
    if writer.transport.is_closing():
        return 0
    waiting = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4)
    queued: int = struct.unpack("i", waiting)[0]
    return queued + writer.transport.get_write_buffer_size()


def _head_of(answer: Answer, length: int, *, compressed: bool) -> bytes:
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    headers |= answer.headers
    if compressed:
        headers["Content-Encoding"] = "gzip"
    if answer.status != HTTPStatus.NO_CONTENT:
        if answer.framing == "chunked":
            headers["Transfer-Encoding"] = "chunked"
        elif answer.framing == "length":
            promised = length + 100 if answer.end == "short" else length
            headers["Content-Length"] = str(promised)
    if answer.framing == "close" or answer.end == "overrun":
        headers["Connection"] = "close"
    first = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"
    lines = [first, *(f"{name}: {value}" for name, value in headers.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _compressed(pieces: list[bytes], coding: str) -> Iterator[bytes]:
    """Compress with a flush after each piece, and break the stream as told."""
    squeeze = zlib.compressobj(wbits=31)
    for place, piece in enumerate(pieces):
        if coding == "corrupt" and place == len(pieces) - 1:
            yield _BAD_BLOCK + piece
            return
        squeezed = squeeze.compress(piece) + squeeze.flush(zlib.Z_SYNC_FLUSH)
        if coding == "cut" and place == len(pieces) - 1:
            yield squeezed[: len(squeezed) // 2] or squeezed[:1]
            return
        yield squeezed
    yield squeeze.flush()


def _cut_up(pieces: list[bytes], how: str, dice: int) -> Iterator[bytes]:
    whole = b"".join(pieces)
    if how == "bytes":
        yield from (whole[n : n + 1] for n in range(min(_SINGLE, len(whole))))
        yield from (part for part in (whole[_SINGLE:],) if part)
    elif how == "some":
        yield from _of_odd_sizes(whole, random.Random(dice))  # noqa: S311  # no secret
    elif how == "whole" or len(whole) > 16 * _BLOCK:
        yield from (whole[n : n + _BLOCK] for n in range(0, len(whole), _BLOCK))
    else:
        yield from (piece for piece in pieces if piece)


def _of_odd_sizes(whole: bytes, dice: random.Random) -> Iterator[bytes]:
    most = max(700, len(whole) // 60)
    at = 0
    while at < len(whole):
        size = dice.choice((1, 2, 3, dice.randint(4, most)))
        yield whole[at : at + size]
        at += size
