"""Event streams on the way from a provider: bytes to events, bounded."""

import codecs
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from typing import Any, Protocol, TypeGuard, cast

from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource, up_to_failure
from headgate_gateway.json import JSONDecodeError, JsonObject, dumps, loads

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""A provider that sends a longer event has gone wrong."""


def encode(event: JsonObject) -> bytes:
    """One event as a frame."""
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), dumps(event))


class Framing(Protocol):
    """How a provider divides its stream; fed with bytes, it gives JSON texts."""

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The texts that are complete with these bytes."""
        ...

    def end(self) -> Iterator[str]:
        """What the end of the stream completes."""
        ...


async def decode(chunks: AsyncGenerator[bytes, None]) -> EventSource:
    """The typed JSON objects in the ``data`` of a byte stream's frames."""
    frames = EventFrames()
    async with aclosing(chunks):
        async for chunk in chunks:
            batch, failure = up_to_failure(map(_parse, frames.feed(chunk)))
            if batch:
                yield batch
            if failure is not None:
                raise failure


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


class EventFrames:
    """The part of the event-stream rules that providers' streams need."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The ``data`` of the frames that are complete with these bytes."""
        text = self._rest + self._utf8.decode(chunk)
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        *frames, self._rest = text.split("\n\n")
        _check_size(len(self._rest))
        for frame in frames:
            # Nearly every frame is one line of data.
            if frame.startswith("data: ") and "\n" not in frame:
                yield frame[6:]
            elif data := _data_lines(frame):
                yield "\n".join(data)

    def end(self) -> Iterator[str]:
        """Nothing: a frame that no empty line ends was cut."""
        return iter(())


def _data_lines(frame: str) -> list[str]:
    return [
        line[6:] if line.startswith("data: ") else line[5:]
        for line in frame.split("\n")
        if line.startswith("data:")
    ]


class JsonLines:
    """Every line is a JSON text, the last one too."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The lines that are complete with these bytes."""
        *whole, self._rest = (self._rest + self._utf8.decode(chunk)).split("\n")
        _check_size(len(self._rest))
        return filter(None, map(str.strip, whole))

    def end(self) -> Iterator[str]:
        """The last line, which nothing has to end."""
        return filter(None, [self._rest.strip()])


FRAMINGS: Mapping[str, Callable[[], Framing]] = {
    "sse": EventFrames,
    "json_lines": JsonLines,
}
"""How providers divide their streams, by the name in manifests."""


def _check_size(size: int) -> None:
    if size > MAX_EVENT_BYTES:
        raise _too_long()


def _too_long() -> GatewayError:
    return GatewayError(
        "upstream_failed", "The provider sent an event beyond all bounds."
    )
