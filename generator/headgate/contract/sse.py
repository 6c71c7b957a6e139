"""Event-stream bytes to frames, as the WHATWG standard decodes them (HTML, 9.2.6).

This decoder is the checker's: it also keeps what browsers throw away (whether a frame
had an id of its own) and notes what the grammar allows but a good server never sends.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_DIGITS = frozenset("0123456789")
_KNOWN_FIELDS = frozenset({"event", "data", "id", "retry"})


@dataclass(frozen=True, slots=True)
class Frame:
    """One dispatched event.

    `event` is the frame's own event name, empty if it has none, and `id` its own id,
    None if it has none; `last_event_id` is what a browser would report.
    """

    data: str
    event: str = ""
    id: str | None = None
    last_event_id: str = ""

    @property
    def type(self) -> str:
        """The event's type as a browser names it."""
        return self.event or "message"


@dataclass(slots=True)
class _Block:
    event: str = ""
    data: list[str] = field(default_factory=list[str])
    id: str | None = None


class SseDecoder:
    """Takes bytes in pieces of any size and gives the frames that they complete."""

    def __init__(self) -> None:
        self.last_event_id = ""
        self.retry: int | None = None
        self.oddities: list[str] = []
        self._text = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._line: list[str] = []
        self._block = _Block()
        self._at_start = True
        self._after_carriage_return = False

    def feed(self, chunk: bytes) -> list[Frame]:
        """Decode some more bytes."""
        return list(self._frames(self._text.decode(chunk)))

    def finish(self) -> list[str]:
        """End the body and give the oddities: unknown fields, an unfinished block."""
        self._text.decode(b"", final=True)
        if self._line or self._block != _Block():
            self.oddities.append("the body ends inside a frame")
        return self.oddities

    def _frames(self, text: str) -> Iterator[Frame]:
        for line in self._lines(text):
            if line:
                self._read(line)
                continue
            frame = self._dispatch()
            if frame is not None:
                yield frame

    def _lines(self, text: str) -> Iterator[str]:
        if text and self._at_start:
            self._at_start = False
            text = text.removeprefix("\ufeff")
        if text and self._after_carriage_return:
            self._after_carriage_return = False
            text = text.removeprefix("\n")
        self._after_carriage_return = text.endswith("\r") or (
            self._after_carriage_return and not text
        )
        pieces = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for piece in pieces[:-1]:
            yield "".join((*self._line, piece))
            self._line = []
        if pieces[-1]:
            self._line.append(pieces[-1])

    def _read(self, line: str) -> None:
        name, colon, value = line.partition(":")
        if not name and colon:
            return
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._block.event = value
            case "data":
                self._block.data.append(value)
            case "id" if "\0" not in value:
                self._block.id = value
            case "retry" if value and set(value) <= _DIGITS:
                self.retry = int(value[:15])
            case _:
                self._note(name)

    def _note(self, name: str) -> None:
        known = name in _KNOWN_FIELDS
        self.oddities.append(
            f"the field {name!r} has a value to be ignored"
            if known
            else f"there is no field {name[:40]!r}"
        )

    def _dispatch(self) -> Frame | None:
        block, self._block = self._block, _Block()
        if block.id is not None:
            self.last_event_id = block.id
        if not block.data:
            return None
        data = "\n".join(block.data)
        return Frame(data, block.event, block.id, self.last_event_id)


def decode(chunks: bytes | Iterable[bytes]) -> list[Frame]:
    """Decode a whole body, in one piece or in many."""
    decoder = SseDecoder()
    pieces = [chunks] if isinstance(chunks, bytes) else chunks
    return [frame for piece in pieces for frame in decoder.feed(piece)]


def encode(frame: Frame) -> bytes:
    """Write a frame: event, id and data, one field a line."""
    lines = [f"event: {frame.event}"] if frame.event else []
    if frame.id is not None:
        lines.append(f"id: {frame.id}")
    lines += [f"data: {line}" for line in frame.data.split("\n")]
    return ("\n".join(lines) + "\n\n").encode()
