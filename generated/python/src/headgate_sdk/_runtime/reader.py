# Fixed runtime of a generated SDK: the same source in every package.
"""From a stream's bytes to its typed events: no network in it.

Remembers what has been seen, so that after a cut the stream goes on without loss
and without repetition.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import ValidationError

from .calls import reason
from .errors import (
    ErrorTree,
    ResponseDecodeError,
    SDKError,
    StreamGapError,
    StreamTruncatedError,
)
from .models import HttpResponse, read_json
from .shapes import Ending, StreamShape
from .sse import EventDecoder, Frame, LineDecoder


class Delivery(NamedTuple):
    """An event on its way to the caller, and the cursor once it is delivered."""

    event: Any
    cursor: str | None
    progress: bool


class EventReader:
    """Reads one stream, over as many connections as it takes.

    `ended` is set by the event that ends the stream; `error` is what to raise
    once everything before it has been delivered.
    """

    def __init__(
        self, shape: StreamShape, errors: ErrorTree, *, cursor: str | None
    ) -> None:
        self.cursor = cursor
        self.ended: Ending | None = None
        self.error: SDKError | None = None
        self.seen = 0
        self.fields: dict[str, str] = {}
        self._shape = shape
        self._errors = errors
        self._number: int = int(cursor) if cursor and cursor.isdecimal() else 0
        self._wanted = _wanted_fields(shape)
        self._answer = HttpResponse(status_code=0, headers={}, request_id=None)
        self._decoder = self._new_decoder()

    def connect(self, answer: HttpResponse) -> None:
        """Begin to read a connection's body."""
        self._answer = answer
        self._decoder = self._new_decoder()

    def read(self, chunk: bytes) -> list[Delivery]:
        """Take the next bytes and give the events they complete.

        Never raises: `error` is set, and `ended` with it.
        """
        deliveries: list[Delivery] = []
        try:
            for frame in self._decoder.feed(chunk):
                delivery = self._accept(frame)
                if delivery is not None:
                    deliveries.append(delivery)
                if self.ended is not None:
                    break
        except SDKError as error:
            self._fail(error)
        return deliveries

    def _new_decoder(self) -> EventDecoder | LineDecoder:
        return LineDecoder() if self._shape.framing == "jsonl" else EventDecoder()

    def finish(self) -> bool:
        """Note the end of a body; False if the stream should have gone on."""
        if self.ended is None and not self._shape.ends:
            self.ended = "complete"
        return self.ended is not None

    def truncated(self, message: str) -> StreamTruncatedError:
        """Make the error of a stream that cannot go on."""
        return StreamTruncatedError(
            message,
            request_id=self._answer.request_id,
            last_event_id=self.cursor,
            events_seen=self.seen,
        )

    def _fail(self, error: SDKError) -> None:
        self.error = error
        self.ended = "failed"

    def _accept(self, frame: Frame) -> Delivery | None:
        if frame.data == self._shape.sentinel:
            self.ended = "complete"
            return None
        if frame.event not in self._shape.events or self._is_error(frame.event):
            self._raise_error(frame)
        name, event = self._decoded(frame)
        if name in self._shape.heartbeats:
            return Delivery(event, self.cursor, progress=False)
        if not self._advance(frame, event):
            return None
        self.seen += 1
        self.ended = self._shape.ends.get(name)
        return Delivery(event, self.cursor, progress=True)

    def _decoded(self, frame: Frame) -> tuple[str, Any]:
        """Read an event as what its name says, or as what its tag says."""
        model = self._shape.events.get(frame.event)
        try:
            if model is not None:
                return frame.event, read_json(model, frame.data)
        except ValidationError as error:
            if not self._is_tagged_otherwise(frame):
                raise self._unreadable(error, frame) from error
        try:
            event = read_json(self._shape.payload, frame.data)
        except ValidationError as error:
            raise self._unreadable(error, frame) from error
        return self._name_of(event, frame), event

    def _is_tagged_otherwise(self, frame: Frame) -> bool:
        """Say whether the data names another variant than the frame does."""
        tag = _object(frame.data).get(self._shape.tag or "")
        return tag is not None and tag != frame.event

    def _name_of(self, event: Any, frame: Frame) -> str:
        tag = getattr(event, self._shape.tag or "", None)
        return tag if isinstance(tag, str) else frame.event

    def _unreadable(self, error: ValidationError, frame: Frame) -> ResponseDecodeError:
        return ResponseDecodeError(
            f"a stream's event {frame.event!r} is broken: {reason(error)}",
            raw=frame.data.decode("utf-8", "replace"),
            request_id=self._answer.request_id,
            last_event_id=self.cursor,
        )

    def _is_error(self, name: object) -> bool:
        return self._shape.error is not None and name == self._shape.error[0]

    def _raise_error(self, frame: Frame) -> None:
        """Raise what an error event carries, however little that is."""
        event = _object(frame.data)
        tag = event.get(self._shape.tag or "", frame.event)
        if self._shape.error is None or not self._is_error(tag):
            return
        number = event.get(self._shape.sequence or "")
        raise self._errors.streamed(
            event.get(self._shape.error[1]),
            status=self._answer.status_code,
            headers=self._answer.headers,
            request_id=self._answer.request_id,
            last_event_id=self.cursor if number is None else str(number),
        )

    def _advance(self, frame: Frame, event: Any) -> bool:
        """Move the cursor to a complete event; False for one seen before."""
        for name in self._wanted:
            self.fields[name] = str(getattr(event, name, ""))
        if self._shape.sequence is None:
            self.cursor = frame.id or self.cursor
            return True
        number = getattr(event, self._shape.sequence, None)
        if not isinstance(number, int):
            return True
        if number <= self._number:
            return False
        if number != self._number + 1:
            raise self._gap(number)
        self._number = number
        self.cursor = str(number)
        self._wanted = ()
        return True

    def _gap(self, number: int) -> StreamGapError:
        return StreamGapError(
            f"event {number} came after event {self._number}",
            request_id=self._answer.request_id,
            last_event_id=self.cursor,
            events_seen=self.seen,
        )


def _object(data: bytes) -> dict[str, Any]:
    """Read a JSON object; anything else has no properties."""
    try:
        event: dict[str, Any] = read_json(dict[str, Any], data)
    except ValidationError:
        return {}
    return event


def _wanted_fields(shape: StreamShape) -> tuple[str, ...]:
    if shape.resume is None:
        return ()
    return tuple(field for _, field in shape.resume.parameters)
