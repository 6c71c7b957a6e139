"""A case's dice: everything random about it comes from its seed and number alone."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from headgate.faults.expectation import Expectation, Outcome
from headgate.faults.recordings import Recording, recording
from headgate.faults.script import Answer, Events

T = TypeVar("T")
Operation = Literal["runs.stream", "runs.events", "messages.stream"]

PATIENT = {"connect": 20.0, "first_byte": 20.0, "idle": 20.0, "total": 60.0}
"""Timeouts, in seconds, of the cases that are not about time."""

_LONG_SHARE = 0.004
_SHORT_NAMES = ("text", "text", "tools", "utf8", "error", "crlf")


@dataclass(frozen=True, slots=True)
class Call:
    """What the client asks for: an operation, and from where on."""

    operation: Operation
    recording: Recording
    cursor: int = 0

    @property
    def left(self) -> int:
        """How many events are to come."""
        return self.recording.size - self.cursor

    @property
    def resumable(self) -> bool:
        """Whether a cut can be healed once the client knows the run."""
        return self.operation != "messages.stream"

    def whole(self) -> Outcome:
        """Everything arrives and the stream ends as recorded."""
        events = self.recording.delivered - self.cursor
        return Outcome.exactly(self.recording.ending, events)

    def number(self, place: int) -> int:
        """The number of the event at a place from 1 among those to come."""
        return self.cursor + place


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case, ready to be served and judged."""

    number: int
    name: str
    call: Call
    answers: tuple[Answer, ...]
    expectation: Expectation
    timeouts: Mapping[str, float] = field(default_factory=lambda: PATIENT)
    leave_after: int | None = None
    pause: tuple[int, float] | None = None

    def told(self) -> dict[str, object]:
        """What a driver has to know.

        `leave_after`: after so many events the caller leaves. `pause`: after so many
        events, 0: the head alone, the caller does something else for that many seconds.
        """
        call = self.call
        seeded = call.operation == "runs.events" and call.cursor > 0
        return {
            "case": self.number,
            "operation": call.operation,
            "run_id": call.recording.run_id,
            "starting_after": call.cursor if seeded else None,
            "timeouts": dict(self.timeouts),
            "leave_after": self.leave_after,
            "pause": self.pause,
        }


class Draw:
    """The dice of one case, and what is most often thrown."""

    def __init__(
        self,
        seed: int,
        number: int,
        name: str,
        *,
        operation: Operation | None = None,
        served: Recording | None = None,
    ) -> None:
        self.number = number
        self.name = name
        self._operation: Operation | None = operation
        self._served = served
        self._random = random.Random(f"{seed}/{number}/{name}")  # noqa: S311  # no secret

    def pick(self, things: Sequence[T]) -> T:
        """One of the things."""
        return self._random.choice(things)

    def upto(self, most: int) -> int:
        """A number from 0 to `most`."""
        return self._random.randint(0, most)

    def between(self, least: int, most: int) -> int:
        """A number from `least` to `most`."""
        return self._random.randint(least, most)

    def happens(self, share: float) -> bool:
        """True with that probability."""
        return self._random.random() < share

    def call(
        self,
        *,
        resumable: bool = False,
        long: bool = True,
        names: Sequence[str] = _SHORT_NAMES,
    ) -> Call:
        """A call: mostly a run that is begun, else one that is followed, or a message.

        Raises ValueError where the scenario needs a run and was asked for a message.
        """
        operation = "messages.stream" if self._served else self._operation
        if operation is None:
            operation = self._drawn_operation(resumable=resumable)
        name = self.pick(names)
        if long and self._random.random() < _LONG_SHARE:
            name = "long"
        if operation == "messages.stream":
            if resumable:
                raise ValueError(f"{self.name} needs a stream that can be resumed")
            return Call(operation, self._served or recording("message", name))
        run = recording("run", name)
        if operation == "runs.events" and self._operation is None:
            cursor = self.pick((0, 0, self.upto(run.size - 2)))
            return Call(operation, run, cursor)
        return Call(operation, run)

    def _drawn_operation(self, *, resumable: bool) -> Operation:
        share = self._random.random()
        if share < 0.25 and not resumable:
            return "messages.stream"
        return "runs.events" if share < 0.45 else "runs.stream"

    def point(self, call: Call) -> tuple[int, int]:
        """Any byte offset of what is to come, as whole events and bytes of the next."""
        ends = call.recording.ends
        start = ends[call.cursor - 1] if call.cursor else 0
        offset = start + self.upto(ends[-1] - start)
        whole = _whole_events(ends, offset)
        begun = ends[whole - 1] if whole else 0
        events = whole - call.cursor
        return events, self._clear(call, events, offset - begun)

    def point_inside(self, call: Call) -> tuple[int, int]:
        """A byte offset after the first event and before the end of the last."""
        events = self.between(1, call.left - 1)
        following = call.recording.events[call.number(events + 1) - 1]
        return events, self._clear(call, events, self.upto(len(following.raw) - 1))

    def _clear(self, call: Call, events: int, extra: int) -> int:
        """The offset, but not between a last carriage return and its line feed.

        There the event is complete, and also a byte short.
        """
        if not extra:
            return 0
        raw = call.recording.events[call.number(events + 1) - 1].raw
        return extra - (raw.endswith(b"\r\n") and extra == len(raw) - 1)

    def case(
        self,
        call: Call,
        answers: Sequence[Answer],
        *outcomes: Outcome,
        posts: int = 1,
        requests: int | None = None,
        whole: Recording | None = None,
        timeouts: Mapping[str, float] | None = None,
        leave_after: int | None = None,
        pause: tuple[int, float] | None = None,
    ) -> Case:
        """Put a case together; `whole` is the recording as it was edited."""
        if whole is not None:
            call = replace(call, recording=whole)
        expectation = Expectation(
            call.recording,
            outcomes,
            cursor=call.cursor,
            posts=0 if call.operation == "runs.events" else posts,
            requests=requests,
        )
        return Case(
            number=self.number,
            name=self.name,
            call=call,
            answers=tuple(answers),
            expectation=expectation,
            timeouts={**PATIENT, **(timeouts or {})},
            leave_after=leave_after,
            pause=pause,
        )


def _whole_events(ends: Sequence[int], offset: int) -> int:
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        if ends[middle] <= offset:
            low = middle + 1
        else:
            high = middle
    return low


def sent(events: int, extra: int = 0) -> Events:
    """The first events and some bytes of the next."""
    return Events(count=events, extra=extra)


def after_cut(
    call: Call, events: int, *, abrupt: bool, phase: str | None = None
) -> tuple[Outcome, ...]:
    """The right outcomes when the first answer ends after so many whole events.

    `abrupt`: the last of them may be lost with the connection. `phase`: the answer
    does not end, and that timeout runs out.
    """
    broken = "APITimeoutError" if phase else "StreamTruncatedError"
    if events >= call.left and not abrupt:
        return (call.whole(),)
    if call.operation == "runs.events":
        return (call.whole(),)
    fewest = 0 if abrupt else events
    if call.operation == "messages.stream":
        most = min(events, call.recording.size - 1)
        cut = Outcome(broken, fewest, most, phase)
        return (cut, call.whole()) if events >= call.left else (cut,)
    unknown = Outcome.exactly(broken, 0, phase)
    if events == 0:
        return (unknown,)
    return (call.whole(), unknown) if abrupt else (call.whole(),)
