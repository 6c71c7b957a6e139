"""Whether a declaration makes sense: its names, and the graph of its states."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from headgate.contract.declaration import (
    EVERY_EVENT,
    GENERAL_RULES,
    Call,
    Declaration,
    Effect,
    Transition,
)
from headgate.contract.expressions import (
    EVENT,
    FUNCTIONS,
    REQUEST,
    Constant,
    Value,
)
from headgate.contract.problems import Notes
from headgate.document.json_values import Tokens


def check_soundness(declaration: Declaration, notes: Notes) -> None:
    """Note unknown names, states that cannot be reached or left, idle rules."""
    if not declaration.states:
        notes.add("stream-states", ("states",), "a stream needs states")
        return
    for check in (
        _check_targets,
        _check_graph,
        _check_ends,
        _check_expressions,
        _check_rules,
        _check_events,
        _check_sequence,
    ):
        check(declaration, notes)


def transitions(declaration: Declaration) -> Iterator[tuple[Tokens, Transition]]:
    """Give every transition with its place in the declaration."""
    for state, events in declaration.states.items():
        for event, transition in events.items():
            yield ("states", state, event), transition
    for event, transition in declaration.from_any.items():
        yield ("from_any", event), transition


def effects(declaration: Declaration) -> Iterator[tuple[Tokens, Effect]]:
    """Give every effect with its place in the declaration."""
    for at, transition in transitions(declaration):
        yield at, transition.effect
    for event, effect in declaration.always.items():
        yield ("always", event), effect
    for event, effect in declaration.anywhere.items():
        yield ("anywhere", event), effect


def next_states(declaration: Declaration, state: str) -> list[str]:
    """Give the states that follow a state, in the order of the declaration."""
    if state in declaration.ends:
        return []
    found: dict[str, None] = {}
    leaving = list(declaration.states.get(state, {}).values())
    if state != declaration.start:
        leaving += declaration.from_any.values()
    for transition in leaving:
        for target in (transition.to, transition.ended):
            if target is not None and target != state:
                found[target] = None
    return list(found)


def _check_targets(declaration: Declaration, notes: Notes) -> None:
    known = set(declaration.states) | set(declaration.ends)
    if declaration.start not in known:
        message = f"there is no state {declaration.start!r}"
        notes.add("stream-state", ("start",), message)
    for at, transition in transitions(declaration):
        for key, target in (("to", transition.to), ("ended", transition.ended)):
            if target is not None and target not in known:
                message = f"there is no state {target!r}"
                notes.add("stream-state", (*at, key), message)
        nested = at[-1] in declaration.nested
        if nested and transition.ended is None:
            message = f"{at[-1]!r} carries a stream: say where its end leads (ended)"
            notes.add("stream-nested", at, message)
        if not nested and transition.ended is not None:
            message = f"{at[-1]!r} carries no nested stream"
            notes.add("stream-nested", (*at, "ended"), message)


def _check_graph(declaration: Declaration, notes: Notes) -> None:
    reached = _closure([declaration.start], lambda s: next_states(declaration, s))
    names = (*declaration.states, *declaration.ends)
    before = {
        name: [s for s in names if name in next_states(declaration, s)]
        for name in names
    }
    live = _closure(declaration.ends, lambda state: before[state])
    for section, states in (
        ("states", declaration.states),
        ("ends", declaration.ends),
    ):
        for state in states:
            if state not in reached:
                message = f"nothing leads to {state!r}"
                notes.add("stream-unreachable", (section, state), message)
            if state not in live:
                message = f"no event leads from {state!r} to an end"
                notes.add("stream-dead-end", (section, state), message)


def _closure(
    first: Iterable[str], following: Callable[[str], Iterable[str]]
) -> set[str]:
    reached: set[str] = set()
    waiting = list(first)
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting.extend(following(state))
    return reached


def _check_ends(declaration: Declaration, notes: Notes) -> None:
    if not declaration.ends:
        notes.add("stream-ends", (), "no state ends the stream: declare 'ends'")
    for state in declaration.ends:
        if declaration.states.get(state):
            message = f"the stream is over in {state!r}: it admits nothing"
            notes.add("stream-ends", ("states", state), message)
    for event, transition in declaration.from_any.items():
        if transition.to is not None and transition.to not in declaration.ends:
            message = f"{transition.to!r} is not one of 'ends'"
            notes.add("stream-ends", ("from_any", event), message)
        if transition.to is None:
            message = "say which end it leads to"
            notes.add("stream-ends", ("from_any", event), message)


def _check_expressions(declaration: Declaration, notes: Notes) -> None:
    for at, effect in effects(declaration):
        for condition in effect.require:
            place = (*at, "require", condition.rule)
            _check_names(condition.test, place, declaration, notes, event=True)
        for register, value in effect.set.items():
            place = (*at, "set", register)
            if register not in declaration.registers:
                message = f"there is no register {register!r}"
                notes.add("stream-register", place, message)
            _check_names(value, place, declaration, notes, event=True)
    for register, value in declaration.registers.items():
        place = ("registers", register)
        if register in (EVENT, REQUEST):
            message = f"{register!r} has a meaning of its own"
            notes.add("stream-register", place, message)
        _check_names(value, place, declaration, notes, event=False)


def _check_names(
    value: Value,
    at: Tokens,
    declaration: Declaration,
    notes: Notes,
    *,
    event: bool,
) -> None:
    if isinstance(value, Constant):
        return
    known = {REQUEST, *declaration.registers} if event else {REQUEST}
    for name in sorted(value.names - known - ({EVENT} if event else set[str]())):
        notes.add("stream-expression", at, f"there is no register {name!r}")
    for function in sorted(value.functions - FUNCTIONS):
        notes.add("stream-expression", at, f"there is no function {function!r}")


def _check_rules(declaration: Declaration, notes: Notes) -> None:
    if not declaration.rules:
        return
    used = {nested.rule for nested in declaration.nested.values()}
    for at, effect in effects(declaration):
        for condition in effect.require:
            used.add(condition.rule)
            if condition.rule not in declaration.rules:
                message = f"{condition.rule!r} is not listed in 'rules'"
                notes.add("stream-rule", (*at, "require", condition.rule), message)
    for name, rule in declaration.rules.items():
        if not rule.text:
            notes.add("stream-rule", ("rules", name), "a rule needs its sentence")
        speaks = rule.states or rule.events or rule.covers or rule.invariant
        if not speaks and name not in used:
            notes.add("stream-rule", ("rules", name), f"nothing checks {name!r}")
        _check_rule_names(name, declaration, notes)


def _check_rule_names(name: str, declaration: Declaration, notes: Notes) -> None:
    rule = declaration.rules[name]
    for key, code, names, known in (
        ("covers", "stream-rule", rule.covers, GENERAL_RULES.keys()),
        ("states", "stream-state", rule.states, declaration.states.keys()),
        ("events", "stream-event", rule.events, declaration.events()),
    ):
        for listed in names:
            if listed not in known:
                message = f"there is no {_CALLED[key]} {listed!r}"
                notes.add(code, ("rules", name, key), message)


_CALLED = {"covers": "general rule", "states": "state", "events": "event"}


def _check_events(declaration: Declaration, notes: Notes) -> None:
    known = declaration.events()
    listed: list[tuple[Tokens, str]] = [
        (("always", event), event)
        for event in declaration.always
        if event != EVERY_EVENT
    ]
    listed += [(("nested", event), event) for event in declaration.nested]
    if declaration.error is not None:
        listed.append((("error", "event"), declaration.error[0]))
    if declaration.fold is not None:
        for rule in declaration.fold.rules:
            listed.append((("fold", rule.event), rule.event))
    for name, delta in declaration.deltas.items():
        if delta.event is not None:
            listed.append((("deltas", name, "event"), delta.event))
        if delta.nested is not None and delta.nested not in declaration.nested:
            message = f"{delta.nested!r} carries no nested stream"
            notes.add("stream-nested", ("deltas", name, "nested"), message)
    for name, call in declaration.calls.items():
        listed += _events_of_call(name, call)
        if call.nested is not None and call.nested not in declaration.nested:
            message = f"{call.nested!r} carries no nested stream"
            notes.add("stream-nested", ("calls", name, "nested"), message)
        if call.text is not None and call.text not in declaration.deltas:
            message = f"there is no delta {call.text!r}"
            notes.add("stream-event", ("calls", name, "text"), message)
    for at, event in dict.fromkeys(listed):
        if event not in known:
            notes.add("stream-event", at, f"no state admits {event!r}")


def _events_of_call(name: str, call: Call) -> list[tuple[Tokens, str]]:
    at = ("calls", name)
    moments = (("begin", call.begin), ("end", call.end))
    own = [((*at, key, "event"), event) for key, event in moments if event is not None]
    return [*own, *(((*at, "discarded_by"), event) for event in call.discarded_by)]


def _check_sequence(declaration: Declaration, notes: Notes) -> None:
    if declaration.resume is not None and declaration.sequence is None:
        message = "a stream that resumes needs a 'sequence'"
        notes.add("stream-resume", ("resume",), message)
