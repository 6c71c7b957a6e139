# Fixed runtime of a generated SDK: the same source in every package.
"""From a stream's bytes to its typed events: no network in it.

Remembers what has been seen, so that after a cut the stream goes on without loss
and without repetition.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypedDict

from pydantic import ValidationError

from .calls import reason
from .errors import (
    ErrorTree,
    ResponseDecodeError,
    SDKError,
    StreamForeignError,
    StreamGapError,
    StreamLimitError,
    StreamTruncatedError,
)
from .models import HttpResponse, read_json, reader_of
from .settings import StreamLimits
from .shapes import Ending, StreamShape
from .sse import (
    EVENT_LIMIT,
    LINE_LIMIT,
    EventDecoder,
    Frame,
    LineDecoder,
    SequenceDecoder,
)


class Place(TypedDict):
    """Where a stream stands, as its errors tell it."""

    request_id: str | None
    last_event_id: str | None
    events_seen: int


_UNNAMED = "message"
"""The name of an event whose frame gives none."""
_NOTHING = object()
"""What a frame gives that is no event of its own for the caller."""


class EventReader:
    """Reads one stream, over as many connections as it takes.

    `ended` is set by the event that ends the stream; `error` is what to raise
    once everything before it has been delivered.
    """

    def __init__(
        self,
        shape: StreamShape,
        errors: ErrorTree,
        *,
        cursor: str | None = None,
        fields: Mapping[str, str] | None = None,
        limits: StreamLimits | None = None,
        gives_broken: bool = False,
    ) -> None:
        """Begin after `cursor`; `fields` are what the events of this stream say."""
        self.cursor = cursor
        self.ended: Ending | None = None
        self.error: SDKError | None = None
        self.seen = 0
        self.fields = dict(fields or {})
        self._shape = shape
        self.errors = errors
        self._number: int = int(cursor) if cursor and cursor.isdecimal() else 0
        self._identity = _identity_fields(shape)
        self._error_mark = _error_mark(shape)
        self._sentinel = None if shape.sentinel is None else shape.sentinel.encode()
        self._limits = limits or {}
        self._gives_broken = gives_broken
        self._is_text = shape.payload is str and shape.framing == "sse"
        self._readers: dict[str, Callable[[bytes], Any]] = {}
        self._plain: dict[str, Callable[[bytes], Any]] = {}
        self._answer = HttpResponse(status_code=0, headers={}, request_id=None)
        self._decoder = self._new_decoder()

    def connect(self, answer: HttpResponse) -> None:
        """Begin to read a connection's body."""
        self._answer = answer
        self._decoder = self._new_decoder()

    def read(self, chunk: bytes, more: Iterable[bytes] = ()) -> Iterator[Any]:
        """Take the next bytes, and more as they come; give the events they complete.

        Each event is read when it is asked for, so that few are held at a time and
        `cursor` is that of the last one given out. Never raises: `error` is set, and
        `ended` with it.
        """
        return self._events(self._decoder.feed(chunk, more))

    def flush(self) -> Iterator[Any]:
        """Give the event that the end of the body completes, if there is one."""
        return self._events(self._decoder.finish())

    def _events(self, frames: Iterator[Frame]) -> Iterator[Any]:
        plain, sentinel, mark = self._plain, self._sentinel, self._error_mark
        counts = self._shape.sequence is not None or bool(self._identity)
        try:
            for frame in frames:
                name, data, cursor = frame
                read = plain.get(name)
                if read is None or data == sentinel or (mark and mark in data):
                    event = self._accept(frame)
                else:
                    try:
                        event = read(data)
                    except ValidationError:
                        event = self._accept(frame)
                    else:
                        if counts:
                            event = self._advanced(frame, event)
                        else:
                            self.cursor = cursor or self.cursor
                            self.seen += 1
                if event is not _NOTHING:
                    yield event
                if self.ended is not None:
                    return
        except StreamLimitError as error:
            error.request_id = self._answer.request_id
            error.last_event_id = self.cursor
            self._fail(error)
        except SDKError as error:
            self._fail(error)

    def name_of(self, event: Any) -> str | None:
        """Give the name of an event's kind; None for one that could not be read."""
        tag = getattr(event, self._shape.tag or "", None)
        if isinstance(tag, str):
            return tag
        forms = self._shape.events.items()
        return next((name for name, form in forms if form is type(event)), None)

    def _new_decoder(self) -> EventDecoder | LineDecoder | SequenceDecoder:
        limit = self._limits.get("event", EVENT_LIMIT)
        if self._shape.framing == "jsonl":
            return LineDecoder(line_limit=limit)
        if self._shape.framing == "json-seq":
            return SequenceDecoder(text_limit=limit)
        return EventDecoder(
            line_limit=self._limits.get("line", LINE_LIMIT),
            event_limit=limit,
        )

    def finish(self, *, early: bool = False) -> bool:
        """Note the end of a body; False if the stream should have gone on."""
        ends_with_body = not self._shape.ends and self._shape.sentinel is None
        if self.ended is None and (early or ends_with_body):
            self.ended = "complete"
        return self.ended is not None

    def truncated(self, message: str) -> StreamTruncatedError:
        """Make the error of a stream that cannot go on."""
        return StreamTruncatedError(message, **self._place())

    def _fail(self, error: SDKError) -> None:
        self.error = error
        self.ended = "failed"

    def _accept(self, frame: Frame) -> Any:
        """Give the event of any frame, whatever it does to the stream."""
        shape = self._shape
        if frame[1] == self._sentinel:
            self.ended = "complete"
            return _NOTHING
        if not frame[1] and frame[0] in shape.heartbeats:
            return _NOTHING
        if shape.frames:
            frame = _whole(frame, shape.frames)
        if shape.error is not None and self._may_be_error(frame):
            if self._is_error_seen_before(frame):
                return _NOTHING
            self._raise_error(frame)
        try:
            name, event = self._decoded(frame)
        except ResponseDecodeError as error:
            return self._broken(error, frame)
        if name in shape.heartbeats:
            return event
        event = self._advanced(frame, event)
        if event is not _NOTHING:
            self.ended = shape.ends.get(name)
        return event

    def _broken(self, error: ResponseDecodeError, frame: Frame) -> Any:
        """Raise what cannot be read, or give it out; its frame's id is its number."""
        if not self._gives_broken:
            raise error
        _, _, mark = frame
        if self._shape.sequence is None:
            self.cursor = mark or self.cursor
        elif not (self._decoder.has_id and mark.isdecimal()):
            return error
        elif not self._move(int(mark)):
            return _NOTHING
        self.seen += 1
        return error

    def _decoded(self, frame: Frame) -> tuple[str, Any]:
        """Read an event as what its name says, or as what its tag says."""
        name, data, _ = frame
        read = self._readers.get(name) or self._reader(name)
        if read is not None:
            try:
                return name, read(data)
            except ValidationError:
                if not self._is_tagged_otherwise(frame):
                    form = self._shape.events.get(name, self._shape.payload)
                    return name, self._read(form, frame)
        event = self._read(self._shape.payload, frame)
        return self._name_of(event, name), event

    def _read(self, form: Any, frame: Frame) -> Any:
        """Read an event's data as a type expression."""
        try:
            return read_json(form, frame[1])
        except ValidationError as error:
            raise self._unreadable(error, frame) from error

    def _reader(self, name: str) -> Callable[[bytes], Any] | None:
        """Give what reads the event of a name; its model is built at the first one.

        None where the data's own tag has to say what the event is.
        """
        model = self._shape.events.get(name)
        if model is None and (self._shape.events or self._shape.tag is not None):
            return None
        read = _text if self._is_text else reader_of(model or self._shape.payload)
        if model is not None or name == _UNNAMED:
            self._readers[name] = read
            if self._is_plain(name):
                self._plain[name] = read
        return read

    def _is_plain(self, name: str) -> bool:
        """Say whether the events of a name do nothing but follow one another."""
        shape = self._shape
        means_more = name in shape.ends or name in shape.heartbeats
        return not (means_more or shape.frames) and (
            self._error_mark is not None or not self._is_error(name)
        )

    def _is_tagged_otherwise(self, frame: Frame) -> bool:
        """Say whether the data names another variant than the frame does."""
        name, data, _ = frame
        tag = _object(data).get(self._shape.tag or "")
        return tag is not None and tag != name

    def _name_of(self, event: Any, name: str) -> str:
        if self._shape.tag is None:
            return name
        tag = getattr(event, self._shape.tag, None)
        return tag if isinstance(tag, str) else name

    def _unreadable(self, error: ValidationError, frame: Frame) -> ResponseDecodeError:
        name, data, _ = frame
        return ResponseDecodeError(
            f"a stream's event {name!r} is broken: {reason(error)}",
            raw=data.decode("utf-8", "replace"),
            request_id=self._answer.request_id,
            last_event_id=self.cursor,
        )

    def _may_be_error(self, frame: Frame) -> bool:
        name, data, _ = frame
        if self._error_mark is not None:
            return self._error_mark in data
        return name not in self._shape.events or self._is_error(name)

    def _is_error(self, name: object) -> bool:
        return self._shape.error is not None and name == self._shape.error[0]

    def _is_error_seen_before(self, frame: Frame) -> bool:
        _, data, _ = frame
        number = _object(data).get(self._shape.sequence or "")
        return isinstance(number, int) and number <= self._number

    def _raise_error(self, frame: Frame) -> None:
        """Raise what an error event carries, however little that is."""
        name, data, _ = frame
        event = _object(data)
        tag = event.get(self._shape.tag or "", name)
        if self._shape.error is None:
            return
        if self._error_mark is not None:
            if event.get(self._shape.error[1]) is None:
                return
        elif not self._is_error(tag):
            return
        self._check_identity(event.get)
        number = event.get(self._shape.sequence or "")
        if isinstance(number, int):
            self._check_next(number)  # a gap before the error is a gap all the same
        raise self.errors.streamed(
            event.get(self._shape.error[1]),
            status=self._answer.status_code,
            headers=self._answer.headers,
            request_id=self._answer.request_id,
            last_event_id=self.cursor if number is None else str(number),
        )

    def _advanced(self, frame: Frame, event: Any) -> Any:
        """Move the cursor to an event and give it, unless it was seen before."""
        if self._identity:
            self._check_identity(lambda name: getattr(event, name, None))
        sequence = self._shape.sequence
        if sequence is None:
            self.cursor = frame[2] or self.cursor
        else:
            number = getattr(event, sequence, None)
            if not isinstance(number, int):
                return event
            if not self._move(number):
                return _NOTHING
        self.seen += 1
        return event

    def _move(self, number: int) -> bool:
        """Move the cursor to the event of that number; False if it was seen before."""
        if number <= self._number:
            return False
        self._check_next(number)
        self._number = number
        self.cursor = str(number)
        return True

    def _check_next(self, number: int) -> None:
        if number > self._number + 1:
            message = f"event {number} came after event {self._number}"
            raise StreamGapError(message, **self._place())

    def _check_identity(self, read: Callable[[str], Any]) -> None:
        """Refuse an event of another stream; the first event says which this one is."""
        for name in self._identity:
            value = read(name)
            if value is None:
                continue
            if self.fields.setdefault(name, str(value)) != str(value):
                message = f"an event of {value} came in the stream of another {name}"
                raise StreamForeignError(message, **self._place())

    def _place(self) -> Place:
        return {
            "request_id": self._answer.request_id,
            "last_event_id": self.cursor,
            "events_seen": self.seen,
        }


def _text(data: bytes) -> str:
    """Read what is no JSON."""
    return data.decode("utf-8", "replace")


def _object(data: bytes) -> dict[str, Any]:
    """Read a JSON object; anything else has no properties."""
    try:
        event: dict[str, Any] = read_json(dict[str, Any], data)
    except ValidationError:
        return {}
    return event


def _whole(frame: Frame, kinds: Mapping[str, str]) -> Frame:
    """Give a frame whose data is the frame itself, as the event that it is.

    JSON that is broken stays as it is; what nobody knows may be text.
    """
    name, data, mark = frame
    kind = kinds.get(name)
    if kind != "text":
        try:
            json.loads(data)
        except ValueError:
            if kind == "json":
                return frame
            kind = "text"
    if kind == "text":
        data = json.dumps(data.decode("utf-8", "replace")).encode()
    return name, b'{"event":%b,"data":%b}' % (json.dumps(name).encode(), data), mark


def _error_mark(shape: StreamShape) -> bytes | None:
    """Give what the data of an error has in it, where no name tells of one."""
    if shape.error is None or shape.error[0] is not None:
        return None
    return b'"%b"' % shape.error[1].encode()


def _identity_fields(shape: StreamShape) -> tuple[str, ...]:
    if shape.resume is None:
        return ()
    return tuple(field for _, field in shape.resume.parameters)
