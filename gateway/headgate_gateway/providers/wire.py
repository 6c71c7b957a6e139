"""Event streams on the way from a provider: bytes to events, bounded."""

import codecs
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any, TypeGuard, cast

from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource
from headgate_gateway.json import JSONDecodeError, JsonObject, dumps, loads

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""A provider that sends a longer event has gone wrong."""


def encode(event: JsonObject) -> bytes:
    """One event as a frame."""
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), dumps(event))


async def texts(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[str, None]:
    """The ``data`` of a byte stream's frames."""
    frames = _FrameDecoder()
    async with aclosing(chunks):
        async for chunk in chunks:
            for data in frames.feed(chunk):
                yield data


async def lines(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[str, None]:
    """The lines of a byte stream, each a JSON text."""
    utf8 = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    async with aclosing(chunks):
        async for chunk in chunks:
            *whole, rest = (rest + utf8.decode(chunk)).split("\n")
            if len(rest) > MAX_EVENT_BYTES:
                raise _too_long()
            for line in filter(None, map(str.strip, whole)):
                yield line
        if rest.strip():
            yield rest.strip()


FRAMINGS = {"sse": texts, "json_lines": lines}
"""How providers divide their streams, by the name in manifests."""


async def decode(chunks: AsyncGenerator[bytes, None]) -> EventSource:
    """The typed JSON objects in the ``data`` of a byte stream's frames."""
    async with aclosing(texts(chunks)) as frames:
        async for data in frames:
            yield _parse(data)


def parse_object(data: str | bytes) -> JsonObject:
    """The JSON object that a provider sent."""
    try:
        value: Any = loads(data)
    except JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise GatewayError(
            "upstream_failed", "The provider sent something that is not a JSON object."
        )
    return cast("JsonObject", value)


def _parse(data: str) -> JsonObject:
    event = parse_object(data)
    if not _is_typed(event):
        raise GatewayError(
            "upstream_failed", "The provider sent an event without a type."
        )
    return event


def _is_typed(value: Any) -> TypeGuard[JsonObject]:
    return isinstance(value, dict) and isinstance(
        cast("JsonObject", value).get("type"), str
    )


class _FrameDecoder:
    """The part of the event-stream rules that providers' streams need."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[str]:
        *lines, self._rest = (self._rest + self._utf8.decode(chunk)).split("\n")
        self._check_size(len(self._rest))
        for line in lines:
            yield from self._line(line.removesuffix("\r"))

    def _line(self, line: str) -> Iterator[str]:
        if not line:
            if self._data:
                yield "\n".join(self._data)
            self._data, self._size = [], 0
        elif line.startswith("data:"):
            self._data.append(line[5:].removeprefix(" "))
            self._size += len(line)
            self._check_size(self._size)

    def _check_size(self, size: int) -> None:
        if size > MAX_EVENT_BYTES:
            raise _too_long()


def _too_long() -> GatewayError:
    return GatewayError(
        "upstream_failed", "The provider sent an event beyond all bounds."
    )
