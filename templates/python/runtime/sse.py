# Fixed runtime of a generated SDK: the same source in every package.
"""A decoder of `text/event-stream` bodies (WHATWG HTML, section 9.2.6), and of lines.

Works on bytes: what it hands out is decoded to typed values in one step, so text
is made of a frame's short fields only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TypeAlias

from .errors import StreamLimitError

LINE_LIMIT = 1024 * 1024
EVENT_LIMIT = 16 * 1024 * 1024

_RECORD_SEPARATOR = b"\x1e"
_BOM = b"\xef\xbb\xbf"
_NAMES_MOST = 64
"""How many events' names a decoder keeps decoded."""
_RETRY_MOST = 2**53 - 1
_RETRY_DIGITS = len(str(_RETRY_MOST))


Frame: TypeAlias = tuple[str, bytes, str]
"""A dispatched event: its name, its data, and the last event id as of it.

A plain tuple, for to make an object of any other kind costs as much as to find it.
"""


class EventDecoder:
    """Takes the body's bytes as they come, gives its events as they complete.

    What no blank line has ended is never dispatched and commits no id. Time and
    memory are linear: nothing beyond the limits is kept. A line's length is its
    bytes without its end, an event's the bytes of its joined data. `has_id`: the
    event given last has an id of its own.
    """

    def __init__(
        self, *, line_limit: int = LINE_LIMIT, event_limit: int = EVENT_LIMIT
    ) -> None:
        self.last_event_id = ""
        self.has_id = False
        self.retry: int | None = None
        self._line_limit = line_limit
        self._event_limit = event_limit
        self._plain_limit = min(line_limit, event_limit)
        self._names: dict[bytes, str] = {}
        self._partial = bytearray()
        self._skip_line_feed = False
        self._first_line = True
        self._name = ""
        self._id: bytes | None = None
        self._data: bytes | None = None
        self._more: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes, more: Iterable[bytes] = ()) -> Iterator[Frame]:
        """Take the next bytes, and more as they come; give the events they complete.

        Raises `StreamLimitError` after the events that came before the excess.
        """
        names, plain, partial = self._names, self._plain_limit, self._partial
        for piece in chain((chunk,), more):
            if self._skip_line_feed or b"\r" in piece:
                lines = self._with_line_feeds(piece).split(b"\n")
            else:
                lines = piece.split(b"\n")
            rest = lines.pop()
            if lines and (partial or self._first_line):
                lines[0] = self._completed(lines[0])
            for line in lines:
                if not line:
                    if self._data is None or self._more or self._id is not None:
                        self._finish_event()
                    else:
                        self.has_id = False
                    data = self._data
                    if data is not None:
                        self._data = None
                        yield self._name or "message", data, self.last_event_id
                    self._name = ""
                elif len(line) > plain:
                    self._read_field(line)
                elif line[:6] == b"data: " and self._data is None:
                    self._data = line[6:]
                elif line in names:
                    self._name = names[line]
                else:
                    self._read_field(line)
            if rest:
                self._keep(rest)

    def finish(self) -> Iterator[Frame]:
        """Give nothing: what no blank line has ended is no event."""
        return iter(())

    def _with_line_feeds(self, chunk: bytes) -> bytes:
        """Make LF of each CR and CRLF, also of a CRLF that two chunks share."""
        if not chunk:
            return chunk
        if self._skip_line_feed:
            chunk = chunk.removeprefix(b"\n")
        self._skip_line_feed = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _keep(self, rest: bytes) -> None:
        """Keep what no line end has ended yet."""
        self._partial += rest
        if len(self._partial) > self._line_limit:
            raise StreamLimitError("line", self._line_limit)

    def _completed(self, end: bytes) -> bytes:
        if self._partial:
            self._partial += end
            end = bytes(self._partial)
            self._partial.clear()
        if self._first_line:
            self._first_line = False
            end = end.removeprefix(_BOM)
        return end

    def _read_field(self, line: bytes) -> None:
        if len(line) > self._line_limit:
            raise StreamLimitError("line", self._line_limit)
        name, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if name == b"data":
            self._add_data(value)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
            if len(self._names) < _NAMES_MOST:
                self._names[line] = self._name
        elif name == b"id":
            if b"\0" not in value:
                self._id = value
        elif name == b"retry" and value.isdigit():
            self.retry = _milliseconds(value)

    def _add_data(self, value: bytes) -> None:
        if self._data is None:
            self._size = len(value)
        else:
            self._size = (self._size if self._more else len(self._data)) + 1
            self._size += len(value)
        if self._size > self._event_limit:
            raise StreamLimitError("event", self._event_limit)
        if self._data is None:
            self._data = value
        else:
            self._more.append(value)

    def _finish_event(self) -> None:
        """Do at an event's end what only some events need."""
        self.has_id = self._id is not None
        if self._id is not None:
            self.last_event_id = self._id.decode("utf-8", "replace")
            self._id = None
        if self._data is not None and self._more:
            self._data = b"\n".join((self._data, *self._more))
            self._more = []


class LineDecoder:
    """Takes a body of one JSON value a line, gives each line as it completes."""

    has_id = False

    def __init__(self, *, line_limit: int = EVENT_LIMIT) -> None:
        self._line_limit = line_limit
        self._partial = bytearray()

    def feed(self, chunk: bytes, more: Iterable[bytes] = ()) -> Iterator[Frame]:
        """Take the next bytes, and more as they come; give the lines they complete."""
        for piece in chain((chunk,), more):
            *lines, rest = piece.split(b"\n")
            if lines:
                lines[0] = bytes(self._partial) + lines[0]
                self._partial.clear()
            for line in lines:
                if line.strip():
                    yield "message", line, ""
            self._partial += rest
            if len(self._partial) > self._line_limit:
                raise StreamLimitError("line", self._line_limit)

    def finish(self) -> Iterator[Frame]:
        """Give the last line, which no line feed ends."""
        line = bytes(self._partial)
        self._partial.clear()
        if line.strip():
            yield "message", line, ""


class SequenceDecoder:
    """Takes a JSON text sequence (RFC 7464), gives each text as it completes.

    A text begins behind RS and ends at the next one, at the end of the body, or at a
    line feed behind which it is whole.
    """

    has_id = False

    def __init__(self, *, text_limit: int = EVENT_LIMIT) -> None:
        self._text_limit = text_limit
        self._partial = bytearray()

    def feed(self, chunk: bytes, more: Iterable[bytes] = ()) -> Iterator[Frame]:
        """Take the next bytes, and more as they come; give the texts they complete."""
        for piece in chain((chunk,), more):
            *texts, rest = piece.split(_RECORD_SEPARATOR)
            for text in texts:
                self._partial += text
                yield from self.finish()
            self._partial += rest
            if rest.endswith(b"\n") and _is_json(self._partial):
                yield from self.finish()
            if len(self._partial) > self._text_limit:
                raise StreamLimitError("event", self._text_limit)

    def finish(self) -> Iterator[Frame]:
        """Give the text that nothing follows."""
        text = bytes(self._partial).strip()
        self._partial.clear()
        if text:
            yield "message", text, ""


def _is_json(text: bytes | bytearray) -> bool:
    from pydantic_core import from_json

    try:
        from_json(bytes(text))
    except ValueError:
        return False
    return True


def _milliseconds(digits: bytes) -> int:
    """Read a count of any length; what no language holds exactly stops there."""
    digits = digits.lstrip(b"0") or b"0"
    if len(digits) > _RETRY_DIGITS:
        return _RETRY_MOST
    return min(int(digits), _RETRY_MOST)
