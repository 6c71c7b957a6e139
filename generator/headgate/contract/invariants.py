"""Rules beyond states and conditions: they compare recordings, or read a clock.

A declaration names them under `rules` (`invariant: replay_identical`); whoever made the
recordings calls them. Each gives the violations it finds, under the stream's own name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from headgate.contract.checker import StreamChecker, Violation
from headgate.contract.declaration import Answer, Meaning
from headgate.contract.folding import FoldError, fold_events
from headgate.contract.machine import Machine
from headgate.contract.sse import Frame
from headgate.contract.stream import Stream
from headgate.document.json_values import Json, JsonObject

IDENTITIES = frozenset(
    {
        "id",
        "tool_use_id",
        "run_id",
        "request_id",
        "created_at",
        "started_at",
        "completed_at",
        "duration_ms",
    }
)
"""Fields that differ between two runs of the same request."""

Cursor = Literal["conflicting", "malformed", "finished", "unknown", "expired"]


@dataclass(frozen=True, slots=True)
class Recording:
    """The frames of one stream as they came, and when, in seconds of any clock."""

    stream: Stream
    frames: tuple[Frame, ...]
    times: tuple[float, ...] = ()

    def events(self) -> list[JsonObject]:
        """Give the payloads of all frames that have one."""
        parsed = [_parsed(frame.data) for frame in self.frames]
        return [payload for payload in parsed if payload is not None]

    def counted(self) -> list[Frame]:
        """Give the frames that are stored and replayed: all but heartbeats."""
        heartbeats = self.stream.declaration.heartbeats
        return [frame for frame in self.frames if frame.type not in heartbeats]

    def ended(self) -> Meaning | None:
        """Say how the stream ended."""
        checker = StreamChecker(self.stream, after=0)
        for frame in self.frames:
            checker.feed(frame)
        return checker.ended


def fold_equals_answer(
    recording: Recording, answer: Json, *, ignoring: frozenset[str] = IDENTITIES
) -> list[Violation]:
    """The folded stream is the answer of the same request without streaming."""
    name = "fold_equals_answer"
    try:
        folded = fold_events(recording.stream.declaration, recording.events())
    except FoldError as error:
        return _violated(recording, name, str(error))
    return _compared(recording, name, folded, answer, ignoring)


def result_equals_answer(
    recording: Recording, answer: Json, *, ignoring: frozenset[str] = IDENTITIES
) -> list[Violation]:
    """The object that the terminal event brings is the blocking call's answer."""
    name = "result_equals_answer"
    try:
        folded = fold_events(recording.stream.declaration, recording.events()[-1:])
    except FoldError as error:
        return _violated(recording, name, str(error))
    return _compared(recording, name, folded, answer, ignoring)


def snapshots_equal_folds(recording: Recording) -> list[Violation]:
    """Each whole that an event carries is the fold of the nested stream before it.

    What a nested stream left behind that never came to its whole, is dropped when the
    next one begins.
    """
    found: list[Violation] = []
    tag = recording.stream.declaration.discriminator or ""
    for event, nested in recording.stream.declaration.nested.items():
        if nested.snapshot is None:
            continue
        carrier, at = nested.snapshot
        inner = recording.stream.sibling(nested.stream)
        parts: list[JsonObject] = []
        opening = _openings(recording, event)
        for index, payload in enumerate(recording.events()):
            kind = payload.get(tag)
            carried = payload.get(nested.at)
            if index in opening:
                parts = []
            if kind == event and isinstance(carried, dict):
                parts.append(carried)
            elif kind == carrier:
                found += _snapshot(recording, index, inner, parts, payload.get(at))
                parts = []
    return found


def _openings(recording: Recording, nested: str) -> set[int]:
    """Give the places of the events that enter a state where nested ones come."""
    declaration = recording.stream.declaration
    machine = Machine(recording.stream)
    places: set[int] = set()
    for index, payload in enumerate(recording.events()):
        kind = payload.get(declaration.discriminator or "")
        if not isinstance(kind, str) or kind in declaration.heartbeats:
            continue
        before = machine.state
        machine.step(kind, payload, trusted=False)
        if machine.state != before and machine.move(nested) is not None:
            places.add(index)
    return places


def replay_identical(
    recording: Recording, replay: Recording, *, after: int
) -> list[Violation]:
    """A replay after N is what the first reader got after N, byte for byte."""
    expected = [
        (frame.event, frame.id, frame.data)
        for frame in recording.counted()
        if int(frame.id or 0) > after
    ]
    actual = [(frame.event, frame.id, frame.data) for frame in replay.counted()]
    for place, (one, other) in enumerate(zip(expected, actual, strict=False)):
        if one != other:
            message = f"event {place} after {after} was {one}, replayed as {other}"
            return _violated(recording, "replay_identical", message, index=place)
    if len(expected) != len(actual):
        message = f"{len(expected)} events after {after}, {len(actual)} replayed"
        return _violated(recording, "replay_identical", message)
    return []


def cursor_answers(stream: Stream, answers: Mapping[Cursor, int]) -> list[Violation]:
    """Odd cursors are answered with the declared statuses, contradictions with 400."""
    resume = stream.declaration.resume
    declared: Mapping[int, Answer] = {} if resume is None else resume.statuses
    expected: dict[Cursor, int] = {
        meaning: status for status, meaning in declared.items()
    }
    expected |= {"conflicting": 400, "malformed": 400}
    recording = Recording(stream, ())
    return [
        violation
        for cursor, status in answers.items()
        if cursor in expected and status != expected[cursor]
        for violation in _violated(
            recording,
            "cursor_answers",
            f"a cursor that is {cursor} gives {status}, not {expected[cursor]}",
        )
    ]


def outlives_client(
    left: Recording, whole: Recording, *, unlike: Mapping[str, Json] | None = None
) -> list[Violation]:
    """What a client that left early saw goes on without it to a good end.

    `unlike` are fields of the terminal event, by dotted path, with values that would
    show that the leaving had ended the stream.
    """
    name = "outlives_client"
    seen, all_frames = left.counted(), whole.counted()
    if [f.data for f in seen] != [f.data for f in all_frames[: len(seen)]]:
        return _violated(whole, name, "the two readers saw different streams")
    if whole.ended() != "complete" or len(all_frames) <= len(seen):
        return _violated(whole, name, "the stream did not go on to its end")
    last = whole.events()[-1]
    for path, value in (unlike or {}).items():
        if _at(last, path) == value:
            return _violated(whole, name, f"the stream ended with {path} {value!r}")
    return []


def ends_within(
    recording: Recording, *, asked_at: float, seconds: float = 2.0
) -> list[Violation]:
    """The terminal event comes soon after the stream was asked to end."""
    if recording.ended() is None or not recording.times:
        return _violated(recording, "ends_within", "the stream has no end")
    took = recording.times[-1] - asked_at
    if took > seconds:
        message = f"the terminal event came after {took:.2f} s, not {seconds:g} s"
        return _violated(recording, "ends_within", message)
    return []


def status_agrees(
    recording: Recording, status: str, *, expected: Mapping[str, str], at: str
) -> list[Violation]:
    """The resource's status, read afterwards, is what the terminal event said.

    `expected` maps the value at the path `at` of the terminal event to a status, and
    `""` stands for every other value; a failed stream goes by its event's name.
    """
    last = recording.events()[-1:] or [{}]
    said = _at(last[0], at)
    if said is None:
        said = last[0].get("type")
    wanted = expected.get(str(said), expected.get("", ""))
    if status != wanted:
        message = f"the stream ended with {said!r}, the status is {status!r}"
        return _violated(recording, "status_agrees", message)
    return []


def without(value: Json, ignoring: frozenset[str]) -> Json:
    """Give a value without the fields that two runs may differ in."""
    if isinstance(value, dict):
        return {
            name: without(part, ignoring)
            for name, part in value.items()
            if name not in ignoring
        }
    if isinstance(value, list):
        return [without(part, ignoring) for part in value]
    return value


def _snapshot(
    recording: Recording,
    index: int,
    inner: Stream,
    parts: list[JsonObject],
    snapshot: Json,
) -> list[Violation]:
    name = "snapshots_equal_folds"
    try:
        folded = fold_events(inner.declaration, parts)
    except FoldError as error:
        return _violated(recording, name, str(error), index=index)
    return _compared(recording, name, folded, snapshot, frozenset(), index=index)


def _compared(
    recording: Recording,
    invariant: str,
    actual: Json,
    expected: Json,
    ignoring: frozenset[str],
    *,
    index: int | None = None,
) -> list[Violation]:
    place = _difference(without(actual, ignoring), without(expected, ignoring), "")
    if place is None:
        return []
    message = f"the stream and the whole differ at {place or 'the root'}"
    return _violated(recording, invariant, message, index=index)


def _difference(one: Json, other: Json, place: str) -> str | None:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            if (name in one) != (name in other):
                return f"{place}.{name}".removeprefix(".")
            found = _difference(one[name], other[name], f"{place}.{name}")
            if found is not None:
                return found.removeprefix(".")
        return None
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            found = _difference(left, right, f"{place}[{number}]")
            if found is not None:
                return found
        return None
    return None if one == other else place.removeprefix(".")


def _violated(
    recording: Recording, invariant: str, message: str, *, index: int | None = None
) -> list[Violation]:
    rules = recording.stream.declaration.rules
    names = [name for name, rule in rules.items() if rule.invariant == invariant]
    place = len(recording.frames) if index is None else index
    return [Violation(names[0] if names else invariant, invariant, message, place)]


def _at(event: JsonObject, path: str) -> Json:
    value: Json = event
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _parsed(data: str) -> JsonObject | None:
    try:
        value: Json = json.loads(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
