"""Checks a stream against its declaration, frame by frame, and names broken rules.

Frames are checked for the rules that every stream keeps, payloads against their JSON
Schema, the order and the conditions by the stream's state machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headgate.contract.declaration import Declaration, Meaning
from headgate.contract.expressions import ExpressionError, Scope
from headgate.contract.framing import decoder_for
from headgate.contract.machine import Breach, Machine
from headgate.contract.sse import Frame
from headgate.contract.stream import Stream
from headgate.document.json_values import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule, where, and why.

    `rule` is the stream's own name for it and `general` the name that every stream
    shares; `index` counts frames from 0; `within` are the rules of the outer streams
    where the event was carried in another one.
    """

    rule: str
    general: str
    message: str
    index: int
    within: tuple[str, ...] = ()

    def __str__(self) -> str:
        path = " in ".join((self.rule, *reversed(self.within)))
        return f"{path} at event {self.index}: {self.message}"


class StreamChecker:
    """Takes the frames of one stream and finds what they break.

    `request` is the JSON body that asked for the stream, if known. With `after`, the
    stream is joined behind that sequence number: its place in the order is unknown,
    so only frames, schemas, the sequence and the end are checked.
    """

    def __init__(
        self, stream: Stream, *, request: Json = None, after: int | None = None
    ) -> None:
        self.stream = stream
        self.violations: list[Violation] = []
        self.events: list[JsonObject] = []
        self._machine = Machine(stream, request=request, joined=after is not None)
        self._kinds = Scope({}, request)
        self._sequence = after or 0
        self._index = -1
        self._finished = False

    @property
    def ended(self) -> Meaning | None:
        """What the terminal event means, None while there was none."""
        return self._machine.ended

    @property
    def state(self) -> str | None:
        """The state that the stream is in, None if its place is not known."""
        return self._machine.state

    def feed(self, frame: Frame) -> list[Violation]:
        """Take the next frame and give what it breaks."""
        self._index += 1
        found = [
            Violation(b.rule, b.general, b.message, self._index, b.within)
            for b in self._breaches(frame)
        ]
        self.violations += found
        return found

    def finish(self) -> list[Violation]:
        """End the body and give everything that the stream broke."""
        if not self._finished and self.ended is None:
            last = self.state or "an unknown state"
            breach = self._general("S6", f"the stream was cut in {last!r}")
            self.violations.append(
                Violation(breach.rule, breach.general, breach.message, self._index + 1)
            )
        self._finished = True
        return self.violations

    def _breaches(self, frame: Frame) -> Iterator[Breach]:
        declaration = self.stream.declaration
        if self.ended is not None:
            yield self._general("S19", f"{_called(frame)} follows the terminal event")
            return
        if declaration.sentinel is not None and frame.data == declaration.sentinel:
            yield from self._machine.step(declaration.sentinel, {})
            return
        payload = _payload(frame.data)
        if payload is None:
            yield self._general("F2", "the data is not one JSON object")
            return
        kind = self._kind(payload)
        if kind is None:
            yield self._general("F2", "the payload does not say what event it is")
            return
        self.events.append(payload)
        if declaration.named and frame.event != kind:
            message = f"the frame says {frame.event!r}, its payload {kind!r}"
            yield self._general("F1", message)
        if kind in declaration.heartbeats:
            yield from self._heartbeat(kind, frame, payload)
        else:
            yield from self._event(kind, frame, payload)

    def _heartbeat(
        self, kind: str, frame: Frame, payload: JsonObject
    ) -> Iterator[Breach]:
        if frame.id is not None:
            yield self._general("F6", f"{kind} carries the id {frame.id!r}")
        if self.state == self.stream.declaration.start:
            yield self._general("F6", f"{kind} comes before the first event")
        fault = self.stream.payloads.fault(kind, payload)
        if fault is not None:
            yield self._general("S3", f"{kind} is not valid: {fault}")

    def _event(self, kind: str, frame: Frame, payload: JsonObject) -> Iterator[Breach]:
        yield from self._count(kind, frame, payload)
        if kind not in self.stream.known:
            yield self._general("S3", f"there is no event {kind!r}")
            return
        fault = self.stream.payloads.fault(kind, payload)
        if fault is not None:
            yield self._general("S3", f"{kind} is not valid: {fault}")
        yield from self._machine.step(kind, payload, trusted=fault is None)

    def _count(self, kind: str, frame: Frame, payload: JsonObject) -> Iterator[Breach]:
        field = self.stream.declaration.sequence
        if field is None:
            return
        number = payload.get(field)
        if not isinstance(number, int) or isinstance(number, bool):
            yield self._general("S4", f"{kind} has no {field}")
            return
        if number != self._sequence + 1:
            message = f"{kind} has {field} {number} after {self._sequence}"
            yield self._general("S4", message)
        if frame.id != str(number):
            message = f"{kind} has the id {frame.id!r} and {field} {number}"
            yield self._general("S4", message)
        self._sequence = max(self._sequence, number)

    def _kind(self, payload: JsonObject) -> str | None:
        declaration = self.stream.declaration
        if declaration.discriminator is not None:
            kind = payload.get(declaration.discriminator)
            return kind if isinstance(kind, str) else None
        self._kinds.see(payload, None)
        for name, test in declaration.kinds.items():
            try:
                if self._kinds.evaluate(test) is True:
                    return name
            except ExpressionError:
                continue
        return None

    def _general(self, rule: str, message: str) -> Breach:
        declaration = self.stream.declaration
        return Breach(declaration.name_of(rule), rule, message)


def check_frames(
    stream: Stream, frames: Iterable[Frame], *, request: Json = None
) -> list[Violation]:
    """Check a whole stream's frames."""
    checker = StreamChecker(stream, request=request)
    for frame in frames:
        checker.feed(frame)
    return checker.finish()


def check_body(stream: Stream, body: bytes, *, request: Json = None) -> list[Violation]:
    """Check the bytes of a whole body, the grammar of its framing included."""
    decoder = decoder_for(stream.declaration.framing)
    checker = StreamChecker(stream, request=request)
    for frame in decoder.feed(body):
        checker.feed(frame)
    violations = checker.finish()
    rule = stream.declaration.name_of("S2")
    return violations + [
        Violation(rule, "S2", oddity, len(checker.events))
        for oddity in decoder.finish()
    ]


def frame_of(declaration: Declaration, payload: JsonObject) -> Frame:
    """Give the frame in which a good server sends a payload of a named stream."""
    tag = declaration.discriminator
    kind = payload.get(tag) if tag is not None else None
    number = payload.get(declaration.sequence) if declaration.sequence else None
    return Frame(
        data=json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
        event=kind if declaration.named and isinstance(kind, str) else "",
        id=None if number is None else str(number),
    )


def _payload(data: str) -> JsonObject | None:
    try:
        value: Json = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _called(frame: Frame) -> str:
    return frame.event or "a frame"
