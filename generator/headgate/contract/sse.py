"""Event-stream bytes to frames, as the WHATWG standard decodes them (HTML, 9.2.6).

This decoder is the checker's: it also keeps what browsers throw away (whether a frame
had an id of its own) and notes what the grammar allows but a good server never sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

LINE_LIMIT = 1 << 20
EVENT_LIMIT = 16 << 20

_BOM = b"\xef\xbb\xbf"
_DIGITS = frozenset("0123456789")
_LONGEST_RETRY = 2**53 - 1
_KNOWN_FIELDS = frozenset({"event", "data", "id", "retry"})


class FrameTooLargeError(ValueError):
    """A line or an event longer than the decoder was told to take.

    `frames` are those that the bytes before completed.
    """

    def __init__(self, code: str, limit: int, frames: list[Frame]) -> None:
        self.code = code
        self.frames = frames
        super().__init__(f"{code}: more than {limit} bytes")


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
    size: int = -1
    id: str | None = None


class SseDecoder:
    """Takes bytes in pieces of any size and gives the frames that they complete.

    Limits are in bytes: of a line without its end, and of an event's data.
    """

    def __init__(
        self, *, line_limit: int = LINE_LIMIT, event_limit: int = EVENT_LIMIT
    ) -> None:
        self.last_event_id = ""
        self.retry: int | None = None
        self.oddities: list[str] = []
        self._line_limit = line_limit
        self._event_limit = event_limit
        self._line = bytearray()
        self._block = _Block()
        self._is_first_line = True
        self._after_carriage_return = False

    def feed(self, chunk: bytes) -> list[Frame]:
        """Decode some more bytes; `FrameTooLargeError` ends the decoding."""
        frames: list[Frame] = []
        for line in self._lines(chunk, frames):
            if line:
                self._read(line, frames)
                continue
            frame = self._dispatch()
            if frame is not None:
                frames.append(frame)
        return frames

    def finish(self) -> list[str]:
        """End the body and give the oddities: unknown fields, an unfinished frame."""
        if self._line or self._block != _Block():
            self.oddities.append("the body ends inside a frame")
        return self.oddities

    def _lines(self, chunk: bytes, frames: list[Frame]) -> Iterator[bytes]:
        if chunk and self._after_carriage_return:
            chunk = chunk.removeprefix(b"\n")
            self._after_carriage_return = False
        self._after_carriage_return |= chunk.endswith(b"\r")
        pieces = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for number, piece in enumerate(pieces):
            self._line += piece
            if len(self._line) - self._bom_length() > self._line_limit:
                raise FrameTooLargeError("line-too-long", self._line_limit, frames)
            if number < len(pieces) - 1:
                line = bytes(self._line[self._bom_length() :])
                self._line.clear()
                self._is_first_line = False
                yield line

    def _bom_length(self) -> int:
        begins = self._is_first_line and self._line.startswith(_BOM)
        return len(_BOM) if begins else 0

    def _read(self, line: bytes, frames: list[Frame]) -> None:
        raw_name, colon, raw_value = line.partition(b":")
        if not raw_name and colon:
            return
        raw_value = raw_value.removeprefix(b" ")
        name, value = _text(raw_name), _text(raw_value)
        match name:
            case "event":
                self._block.event = value
            case "data":
                self._block.data.append(value)
                self._block.size += 1 + len(raw_value)
                if self._block.size > self._event_limit:
                    limit = self._event_limit
                    raise FrameTooLargeError("event-too-long", limit, frames)
            case "id" if "\0" not in value:
                self._block.id = value
            case "retry" if value and set(value) <= _DIGITS:
                self.retry = _milliseconds(value)
            case _:
                self._note(name)

    def _note(self, name: str) -> None:
        known = name in _KNOWN_FIELDS
        self.oddities.append(
            f"a value of {name!r} is to be ignored"
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


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def _milliseconds(digits: str) -> int:
    """Read a reconnection time, which stops at what every language can hold."""
    significant = digits.lstrip("0")
    if len(significant) > len(str(_LONGEST_RETRY)):
        return _LONGEST_RETRY
    return min(int(significant or "0"), _LONGEST_RETRY)
