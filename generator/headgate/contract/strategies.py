"""Hypothesis strategies for whole streams: good ones, and good ones broken.

A good stream is a walk over the declaration's states. Each event is drawn from its
JSON Schema so that the conditions hold: what a condition fixes is put there, the rest
is drawn, and an event that still breaks a condition is drawn again a few times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hypothesis import reject
from hypothesis import strategies as st

from headgate.contract.declaration import Declaration
from headgate.contract.examples import Draw, draw_value
from headgate.contract.expressions import is_json_object
from headgate.contract.machine import Machine
from headgate.contract.pins import Choice, Pins, pins_of, repair
from headgate.contract.soundness import next_states
from headgate.contract.stream import Stream
from headgate.document.json_values import Json, JsonObject

Breakage = Literal["drop", "repeat", "swap", "cut", "miscount"]
Hint: TypeAlias = Callable[[Draw, Mapping[str, Json], list[JsonObject]], JsonObject]
"""Gives fields of the next event, by dotted path, from registers and past events."""

_TRIES = 12
_RARE = 27
_BACK = (38, 61)
_RARELY = 7
_NEAR = 2
_PATIENCE = 200


@dataclass(frozen=True, slots=True)
class Broken:
    """A stream made from a good one by one breakage at one place."""

    breakage: Breakage
    place: int
    events: list[JsonObject]


@st.composite
def valid_streams(
    draw: Draw,
    stream: Stream,
    *,
    request: Json = None,
    hints: Mapping[str, Hint] | None = None,
    events: int = 25,
) -> list[JsonObject]:
    """Draw the payloads of a stream that keeps its declaration.

    After about so many `events` the walk makes for an end. Hints help with what no
    condition says in a form that can be solved, and apply to carried events too.
    """
    walk = _Walk(draw, stream, request, hints or {}, events)
    return walk.finish()


@st.composite
def broken_streams(
    draw: Draw,
    stream: Stream,
    good: st.SearchStrategy[list[JsonObject]],
    *,
    renumber: bool = True,
) -> Broken:
    """Draw a stream with one thing wrong, which may by chance still be a good one.

    With `renumber` the sequence is made whole again, so that only the order and the
    counters can tell.
    """
    events = draw(good)
    breakage: Breakage = draw(
        st.sampled_from(["drop", "repeat", "swap", "cut", "miscount"])
    )
    place = draw(st.integers(0, len(events) - 1))
    changed = _BREAKAGES[breakage](draw, events, place)
    declaration = stream.declaration
    if renumber and breakage != "miscount" and declaration.sequence is not None:
        changed = number(declaration, changed)
    return Broken(breakage, place, changed)


def number(declaration: Declaration, events: list[JsonObject]) -> list[JsonObject]:
    """Give the same events with their sequence counted anew from 1."""
    field = declaration.sequence
    if field is None:
        return events
    count = 0
    numbered: list[JsonObject] = []
    for event in events:
        if field in event:
            count += 1
            numbered.append({**event, field: count})
        else:
            numbered.append(event)
    return numbered


def json_pieces(register: str, path: str) -> Hint:
    """Hint that the text collected in a register becomes one JSON object."""

    def hint(
        draw: Draw, registers: Mapping[str, Json], _: list[JsonObject]
    ) -> JsonObject:
        text = str(registers.get(register, ""))
        rest = next((tail for tail in _TAILS if is_json_object(text + tail)), "")
        if not text:
            return {path: draw(st.sampled_from(_HEADS))}
        return {path: draw(st.sampled_from([rest, rest[:1] or rest]))}

    return hint


_HEADS = ("", "{", "{}", '{"q"', '{"q":', '{"q": "é', '{"q": [1,')
_TAILS = ("", "}", "1}", ":1}", '"}', "2]}", "]}", '"q":1}')


class _Walk:
    """One walk over the states, event by event."""

    def __init__(
        self,
        draw: Draw,
        stream: Stream,
        request: Json,
        hints: Mapping[str, Hint],
        length: int,
    ) -> None:
        self._draw = draw
        self._hints = hints
        self._length = length
        self._machine = Machine(stream, request=request)
        self._events: list[JsonObject] = []
        self._count = 0
        self._distances: dict[str, Mapping[str, int]] = {}

    def finish(self) -> list[JsonObject]:
        """Walk until the stream ends."""
        for _ in range(_PATIENCE):
            if self._machine.ended is not None:
                return self._events
            self._events.append(self._next())
        return reject()

    def _next(self) -> JsonObject:
        found = self._take(self._machine)
        if found is None:
            return reject()
        event, self._machine = found
        declaration = self._machine.declaration
        kind = event.get(declaration.discriminator or "")
        self._count += kind not in declaration.heartbeats
        return event

    def _take(self, machine: Machine) -> tuple[JsonObject, Machine] | None:
        """Draw an event that the machine takes, and where the machine then stands."""
        for kind in self._candidates(machine):
            for _ in range(_TRIES):
                trial = machine.copy()
                event = self._draft(trial, kind)
                if event is None:
                    break
                if self._keeps(trial, kind, event):
                    return event, trial
        return None

    def _keeps(self, trial: Machine, kind: str, event: JsonObject) -> bool:
        if trial.stream.payloads.fault(kind, event) is not None:
            return False
        heartbeat = kind in trial.declaration.heartbeats
        return heartbeat or not trial.step(kind, event)

    def _draft(self, machine: Machine, kind: str) -> JsonObject | None:
        """Draw an event of a kind; None if none can come now, however it is drawn."""
        stream = machine.stream
        move = machine.move(kind)
        tests = [] if move is None else [condition.test for condition in move.require]
        pins = pins_of(tests, machine)
        if pins is None:
            return None
        hint = self._hints.get(kind)
        if hint is not None:
            hinted = hint(self._draw, machine.registers, self._events)
            pins |= {tuple(path.split(".")): Choice((v,)) for path, v in hinted.items()}
        if move is not None and move.nested is not None:
            carried = self._take(machine.nested_machine(move.nested))
            if carried is None:
                return None
            pins[(move.nested.at,)] = Choice((carried[0],))
        sequence = stream.declaration.sequence
        if sequence is not None and kind not in stream.declaration.heartbeats:
            pins[(sequence,)] = Choice((self._count + 1,))
        event = self._drawn(stream, kind, pins)
        repair(event, tests, machine)
        return event

    def _drawn(self, stream: Stream, kind: str, pins: Pins) -> JsonObject:
        schema = stream.payloads.schemas.get(kind, {})
        tag = stream.declaration.discriminator
        if tag is not None:
            pins = {**pins, (tag,): Choice((kind,))}
        event = draw_value(self._draw, stream.payloads, schema, pins)
        return event if isinstance(event, dict) else {}

    def _candidates(self, machine: Machine) -> list[str]:
        """Give the events of this state in the order in which to try them."""
        declaration = machine.declaration
        state = machine.state or declaration.start
        kinds = list(declaration.states.get(state, {}))
        begun = state != declaration.start
        kinds += declaration.anywhere if begun else ()
        distances = self._distances_of(declaration)
        near = _nearness(declaration, state, distances)
        if self._count >= self._length:
            return sorted(kinds, key=near)
        chance = self._draw(st.integers(0, 99)) if begun else 0
        if chance == _RARE:
            rare = [*declaration.from_any, *sorted(declaration.heartbeats)]
            kinds = [self._draw(st.sampled_from(rare or kinds)), *kinds]
            return list(dict.fromkeys(kinds))
        shuffled = self._draw(st.permutations(kinds))
        if self._draw(st.integers(0, 9)) != _RARELY:
            # Stay away from the end, or half of all walks are over at once.
            here = min(distances.get(state, 0), _NEAR)
            shuffled = sorted(shuffled, key=lambda kind: near(kind) < here)
        # Where there is a way on, the way back would not let a walk get far.
        back = _ways_back(declaration, state)
        return sorted(shuffled, key=lambda kind: (kind in back) != (chance in _BACK))

    def _distances_of(self, declaration: Declaration) -> Mapping[str, int]:
        if declaration.name not in self._distances:
            self._distances[declaration.name] = _distances(declaration)
        return self._distances[declaration.name]


def _nearness(
    declaration: Declaration, state: str, distances: Mapping[str, int]
) -> Callable[[str], int]:
    """Give how far from the end an event leads, for each event of a state."""

    def nearness(kind: str) -> int:
        transition = declaration.transition(state, kind)
        if transition is None:
            return len(distances)
        target = transition.to or transition.ended or state
        return distances.get(target, len(distances))

    return nearness


def _ways_back(declaration: Declaration, state: str) -> frozenset[str]:
    """Give the events of a state that lead to an earlier one, if others lead on."""
    order = [*declaration.states, *declaration.ends]
    leads = {
        event: order.index(transition.to or transition.ended or state)
        for event, transition in declaration.states.get(state, {}).items()
    }
    here = order.index(state)
    onward = {event for event, place in leads.items() if place > here}
    # An end is no way on: it is there to be kept away from.
    onward = {e for e in onward if order[leads[e]] not in declaration.ends}
    back = {event for event, place in leads.items() if place < here}
    return frozenset(back) if onward else frozenset()


def _distances(declaration: Declaration) -> Mapping[str, int]:
    """Give how many states lie between each state and the nearest good end."""
    ends = [end for end, meaning in declaration.ends.items() if meaning == "complete"]
    distances = dict.fromkeys(ends or declaration.ends, 0)
    for step in range(1, len(declaration.states) + 1):
        for state in declaration.states:
            following = next_states(declaration, state)
            if state not in distances and any(
                distances.get(target) == step - 1 for target in following
            ):
                distances[state] = step
    return distances


def _drop(_: Draw, events: list[JsonObject], place: int) -> list[JsonObject]:
    return [*events[:place], *events[place + 1 :]]


def _repeat(_: Draw, events: list[JsonObject], place: int) -> list[JsonObject]:
    return [*events[: place + 1], *events[place:]]


def _swap(_: Draw, events: list[JsonObject], place: int) -> list[JsonObject]:
    swapped = list(events)
    swapped[place : place + 2] = reversed(swapped[place : place + 2])
    return swapped


def _cut(_: Draw, events: list[JsonObject], place: int) -> list[JsonObject]:
    return events[:place]


def _miscount(draw: Draw, events: list[JsonObject], place: int) -> list[JsonObject]:
    event = events[place]
    counters = [
        name
        for name, value in event.items()
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    if not counters:
        return _drop(draw, events, place)
    name = draw(st.sampled_from(counters))
    value = event[name]
    assert isinstance(value, int)
    off = value + draw(st.sampled_from([1, 2, 7]))
    return [*events[:place], {**event, name: off}, *events[place + 1 :]]


_BREAKAGES: dict[
    Breakage, Callable[[Draw, list[JsonObject], int], list[JsonObject]]
] = {
    "drop": _drop,
    "repeat": _repeat,
    "swap": _swap,
    "cut": _cut,
    "miscount": _miscount,
}
