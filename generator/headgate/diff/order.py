"""The order of a stream: which sequences of events are possible now, or no longer.

A declaration is an automaton over the events' names. One is walked beside all states
that the other may be in; where the first goes on and the second cannot, there is a
sequence that one version has and the other has not. Conditions are compared by their
text: whether one implies the other is for a person to say.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from headgate.diff.changes import Changes
from headgate.diff.service import Sides
from headgate.diff.values import quoted
from headgate.document.json_values import Json, JsonObject
from headgate.errors import Location

_END: Final = "the end"


@dataclass(frozen=True, slots=True)
class Automaton:
    """The states of a declaration, as it writes them."""

    data: JsonObject

    @property
    def start(self) -> str:
        """The state before the first event."""
        return str(self.data.get("start", ""))

    @property
    def ends(self) -> set[str]:
        """The states in which the stream is over."""
        return {*_object(self.data.get("ends")), *self.endings}

    @property
    def endings(self) -> set[str]:
        """The states that an event leads to from anywhere."""
        return {
            target
            for value in _object(self.data.get("from_any")).values()
            for target in _targets(value, "")
        }

    def events(self, state: str) -> dict[str, set[str]]:
        """Give the events that a state admits, each with the states that follow."""
        found = {
            event: _targets(value, state)
            for event, value in _object(
                _object(self.data.get("states")).get(state)
            ).items()
        }
        if state != self.start and state not in self.ends:
            for event, value in _object(self.data.get("from_any")).items():
                found.setdefault(event, _targets(value, state))
            for event in _names(self.data.get("anywhere")):
                found.setdefault(event, {state})
        return found

    def alphabet(self) -> set[str]:
        """Give every event that has a place somewhere, tagged or told by `kinds`."""
        states = _object(self.data.get("states"))
        placed = {event for state in states.values() for event in _object(state)}
        told = _names(self.data.get("from_any")) | _names(self.data.get("anywhere"))
        return placed | told | _names(self.data.get("kinds"))

    def heartbeats(self) -> set[str]:
        """Give the events that may come at any time and mean nothing."""
        return _names(self.data.get("heartbeats"))


def compare_orders(
    names: tuple[str, str], known: set[str], sides: Sides, changes: Changes
) -> None:
    """Compare the declared orders of one stream, by its old and its new name.

    `known` are the events that the old stream has: one that is new is reported as
    such, and steps over the old order.
    """
    name = names[0]
    old = Automaton(_declaration(sides.before.root, name))
    new = Automaton(_declaration(sides.after.root, names[1]))
    was, now = _places(names, sides, "states")
    known = known | old.alphabet()
    for event in _names(new.data.get("kinds")) - known:
        message = f"the stream {quoted(name)} has the new event {quoted(event)}"
        changes.note("event-added", "risky", message, old=was, new=now)
    if "states" in old.data and "states" in new.data:
        found = _escapes(new, old, known)
        for way in found:
            message = f"the stream {quoted(name)} may now go: {way}"
            changes.note("order-widened", "breaking", message, old=was, new=now)
        for way in _escapes(old, new, known):
            message = f"the stream {quoted(name)} can no longer go: {way}"
            changes.note("order-narrowed", "risky", message, old=was, new=now)
    _compare_conditions(names, (old.data, new.data), sides, changes)


def _escapes(walked: Automaton, other: Automaton, known: set[str]) -> list[str]:
    """Give the shortest ways that one automaton has and the other has not.

    One for each state that is left where the other cannot follow.
    """
    quiet = walked.heartbeats() | other.heartbeats()
    first = (walked.start, frozenset({other.start}))
    seen = {first}
    waiting: deque[tuple[str, frozenset[str], tuple[str, ...]]]
    waiting = deque([(*first, ())])
    found: dict[tuple[str, str], str] = {}
    while waiting:
        state, beside, way = waiting.popleft()
        if state in walked.ends:
            if not beside & other.ends:
                found.setdefault((state, _END), _shown((*way, _END)))
            continue
        for event, targets in walked.events(state).items():
            if event in quiet:
                continue
            next_beside = _following(other, beside, event) if event in known else beside
            if not next_beside:
                found.setdefault((state, event), _shown((*way, event)))
                continue
            for target in sorted(targets):
                if (target, next_beside) not in seen:
                    seen.add((target, next_beside))
                    waiting.append((target, next_beside, (*way, event)))
    return list(found.values())


def _following(
    automaton: Automaton, states: frozenset[str], event: str
) -> frozenset[str]:
    found: set[str] = set()
    for state in states:
        found |= automaton.events(state).get(event, set())
    return frozenset(found)


def _compare_conditions(
    names: tuple[str, str],
    data: tuple[JsonObject, JsonObject],
    sides: Sides,
    changes: Changes,
) -> None:
    was, now = map(_conditions, data)
    what = f"of the stream {quoted(names[0])}"
    for way in was.keys() | now.keys():
        at_old, at_new = _places(names, sides, *way)
        places = {"old": at_old, "new": at_new}
        rule = f"the condition {quoted(way[-1])} on {quoted(way[-3])} {what}"
        if way not in now:
            message = f"{rule} is gone"
            changes.note("condition-removed", "risky", message, **places)
        elif way not in was:
            message = f"{rule} is new"
            changes.note("condition-added", "safe", message, **places)
        elif was[way] != now[way]:
            message = f"{rule} is another one"
            changes.note("condition-changed", "risky", message, **places)


def _conditions(data: JsonObject) -> dict[tuple[str, ...], str]:
    """Give the text of each condition by the way to it."""
    found: dict[tuple[str, ...], str] = {}
    effects: list[tuple[tuple[str, ...], Json]] = [
        (("states", state, event), effect)
        for state, events in _object(data.get("states")).items()
        for event, effect in _object(events).items()
    ]
    for key in ("always", "anywhere", "from_any"):
        events = _object(data.get(key)).items()
        effects += (((key, event), effect) for event, effect in events)
    for way, effect in effects:
        for rule, text in _object(_object(effect).get("require")).items():
            found[(*way, "require", rule)] = str(text)
    return found


def _declaration(root: JsonObject, name: str) -> JsonObject:
    return _object(_object(root.get("x-streams")).get(name))


def _places(
    names: tuple[str, str], sides: Sides, *way: str
) -> tuple[Location, Location]:
    old, new = (("x-streams", name, *way) for name in names)
    return sides.between(old, new)


def _targets(value: Json, state: str) -> set[str]:
    """Give where a transition may lead: to more than one if it carries a stream."""
    if isinstance(value, str):
        return {value}
    transition = _object(value)
    found = {str(transition[key]) for key in ("to", "ended") if key in transition}
    return found if "to" in transition else found | {state}


def _names(value: Json) -> set[str]:
    return {str(each) for each in value} if isinstance(value, list | dict) else set()


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _shown(way: tuple[str, ...]) -> str:
    return " → ".join(way)
