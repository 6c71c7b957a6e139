"""From a declaration's JSON to its typed form, with everything wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from headgate.contract.declaration import (
    INVARIANTS,
    Condition,
    Declaration,
    Effect,
    Framing,
    Meaning,
    Nested,
    Rule,
    Transition,
)
from headgate.contract.expressions import (
    Constant,
    Expression,
    ExpressionError,
    Value,
    compile_expression,
)
from headgate.contract.outcome import read_calls, read_deltas, read_fold, read_resume
from headgate.contract.paths import source_path
from headgate.contract.problems import Notes, Problem
from headgate.contract.soundness import check_soundness
from headgate.document.json_values import Json, JsonObject, Tokens

_KEYS = frozenset(
    {
        "event",
        "stream",
        "doc",
        "framing",
        "named",
        "discriminator",
        "kinds",
        "sentinel",
        "start",
        "states",
        "registers",
        "always",
        "anywhere",
        "heartbeats",
        "from_any",
        "ends",
        "error",
        "sequence",
        "resume",
        "nested",
        "fold",
        "deltas",
        "calls",
        "rules",
    }
)
_EFFECT_KEYS = frozenset({"require", "set"})
_TRANSITION_KEYS = _EFFECT_KEYS | {"to", "ended"}
_RULE_KEYS = frozenset({"text", "states", "events", "covers", "invariant"})
_NESTED_KEYS = frozenset({"stream", "at", "rule", "request", "snapshot"})

_FRAMINGS: tuple[Framing, ...] = ("sse", "jsonl", "json-seq")
_MEANINGS: tuple[Meaning, ...] = ("complete", "failed")

_Part = TypeVar("_Part")


def read_declaration(
    name: str, data: JsonObject, *, root: Tokens = ()
) -> tuple[Declaration, tuple[Problem, ...]]:
    """Read one stream's declaration and say all that is wrong with it.

    What cannot be read is left out of the declaration; use it only if there are no
    problems. `root` leads to the declaration in its document.
    """
    notes = Notes(root)
    notes.known_keys(data, (), _KEYS)
    declaration = _declaration(name, data, notes)
    check_soundness(declaration, notes)
    return declaration, tuple(notes.found)


def _declaration(name: str, data: JsonObject, notes: Notes) -> Declaration:
    framing: Framing = notes.choice_at(data.get("framing"), ("framing",), _FRAMINGS)
    states = _each(data, "states", notes, _events)
    kinds = _each(data, "kinds", notes, _expression)
    start = notes.text_at(data.get("start"), ("start",))
    discriminator = notes.text_at(data.get("discriminator"), ("discriminator",))
    return Declaration(
        name=name,
        event=_reference(data.get("event"), ("event",), notes),
        framing=framing,
        named=_flag(data, "named", framing == "sse", notes),
        discriminator=discriminator or (None if kinds else "type"),
        kinds={kind: test for kind, test in kinds.items() if test is not None},
        sentinel=notes.text_at(data.get("sentinel"), ("sentinel",)),
        start=start or next(iter(states), ""),
        states=states,
        registers=_registers(data.get("registers"), ("registers",), notes),
        always=_each(data, "always", notes, _effect),
        anywhere=_anywhere(data.get("anywhere"), notes),
        heartbeats=frozenset(notes.texts_at(data.get("heartbeats"), ("heartbeats",))),
        from_any=_each(data, "from_any", notes, _exit),
        ends=_each(data, "ends", notes, _meaning),
        error=_error(data.get("error"), notes),
        sequence=notes.text_at(data.get("sequence"), ("sequence",)),
        resume=read_resume(data.get("resume"), notes),
        nested=_each(data, "nested", notes, _nested),
        fold=read_fold(data.get("fold"), notes),
        deltas=read_deltas(data.get("deltas"), notes),
        calls=read_calls(data.get("calls"), notes),
        rules=_each(data, "rules", notes, _rule),
        data=data,
    )


def _each(
    data: JsonObject,
    key: str,
    notes: Notes,
    read: Callable[[Json, Tokens, Notes], _Part],
) -> dict[str, _Part]:
    parts = notes.object_at(data.get(key), (key,))
    return {name: read(part, (key, name), notes) for name, part in parts.items()}


def _flag(data: JsonObject, key: str, default: bool, notes: Notes) -> bool:  # noqa: FBT001
    value = data.get(key, default)
    if isinstance(value, bool):
        return value
    notes.add("stream-shape", (key,), "expected true or false")
    return default


def _reference(value: Json, at: Tokens, notes: Notes) -> str | None:
    return notes.text_at(notes.object_at(value, at).get("$ref"), (*at, "$ref"))


def _events(value: Json, at: Tokens, notes: Notes) -> Mapping[str, Transition]:
    events = notes.object_at(value, at)
    return {
        event: _transition(part, (*at, event), notes) for event, part in events.items()
    }


def _transition(value: Json, at: Tokens, notes: Notes) -> Transition:
    data = notes.object_at(value, at)
    notes.known_keys(data, at, _TRANSITION_KEYS)
    return Transition(
        effect=_effect_of(data, at, notes),
        to=notes.text_at(data.get("to"), (*at, "to")),
        ended=notes.text_at(data.get("ended"), (*at, "ended")),
    )


def _exit(value: Json, at: Tokens, notes: Notes) -> Transition:
    return (
        Transition(Effect(), to=value)
        if isinstance(value, str)
        else _transition(value, at, notes)
    )


def _effect(value: Json, at: Tokens, notes: Notes) -> Effect:
    data = notes.object_at(value, at)
    notes.known_keys(data, at, _EFFECT_KEYS)
    return _effect_of(data, at, notes)


def _effect_of(data: JsonObject, at: Tokens, notes: Notes) -> Effect:
    conditions: list[Condition] = []
    requirements = notes.object_at(data.get("require"), (*at, "require"))
    for rule, sources in requirements.items():
        place = (*at, "require", rule)
        for number, source in enumerate(notes.texts_at(sources, place)):
            here = (*place, str(number)) if isinstance(sources, list) else place
            test = _compiled(source, here, notes)
            if test is not None:
                conditions.append(Condition(rule, test))
    return Effect(tuple(conditions), _registers(data.get("set"), (*at, "set"), notes))


def _registers(value: Json, at: Tokens, notes: Notes) -> dict[str, Value]:
    registers: dict[str, Value] = {}
    for name, part in notes.object_at(value, at).items():
        read = _value(part, (*at, name), notes)
        if read is not None:
            registers[name] = read
    return registers


def _value(value: Json, at: Tokens, notes: Notes) -> Value | None:
    return _compiled(value, at, notes) if isinstance(value, str) else Constant(value)


def _expression(value: Json, at: Tokens, notes: Notes) -> Expression | None:
    source = notes.text_at(value, at)
    return None if source is None else _compiled(source, at, notes)


def _compiled(source: str, at: Tokens, notes: Notes) -> Expression | None:
    try:
        return compile_expression(source)
    except ExpressionError as error:
        notes.add("stream-expression", at, str(error))
        return None


def _anywhere(value: Json, notes: Notes) -> dict[str, Effect]:
    if isinstance(value, list):
        return {event: Effect() for event in notes.texts_at(value, ("anywhere",))}
    return _each({"anywhere": value}, "anywhere", notes, _effect)


def _meaning(value: Json, at: Tokens, notes: Notes) -> Meaning:
    return notes.choice_at(value, at, _MEANINGS)


def _error(value: Json, notes: Notes) -> tuple[str, tuple[str, ...]] | None:
    data = notes.object_at(value, ("error",))
    event = notes.text_at(data.get("event"), ("error", "event"))
    at = notes.text_at(data.get("at"), ("error", "at")) or ""
    return None if event is None else (event, source_path(at) or ())


def _nested(value: Json, at: Tokens, notes: Notes) -> Nested:
    data = notes.object_at(value, at)
    notes.known_keys(data, at, _NESTED_KEYS)
    stream = notes.text_at(data.get("stream"), (*at, "stream"))
    field = notes.text_at(data.get("at"), (*at, "at"))
    if stream is None or field is None:
        notes.add("stream-shape", at, "a nested stream needs 'stream' and 'at'")
    return Nested(
        stream=stream or "",
        at=field or "",
        rule=notes.text_at(data.get("rule"), (*at, "rule")),
        request=_value(data.get("request"), (*at, "request"), notes),
        snapshot=_snapshot(data.get("snapshot"), (*at, "snapshot"), notes),
    )


def _snapshot(value: Json, at: Tokens, notes: Notes) -> tuple[str, str] | None:
    if value is None:
        return None
    data = notes.object_at(value, at)
    event = notes.text_at(data.get("event"), (*at, "event"))
    field = notes.text_at(data.get("at"), (*at, "at"))
    if event is None or field is None:
        notes.add("stream-shape", at, "a snapshot needs 'event' and 'at'")
        return None
    return event, field


def _rule(value: Json, at: Tokens, notes: Notes) -> Rule:
    if isinstance(value, str):
        return Rule(value)
    data = notes.object_at(value, at)
    notes.known_keys(data, at, _RULE_KEYS)
    invariant = notes.text_at(data.get("invariant"), (*at, "invariant"))
    if invariant is not None and invariant not in INVARIANTS:
        message = f"there is no invariant {invariant!r}"
        notes.add("stream-invariant", (*at, "invariant"), message)
    return Rule(
        text=notes.text_at(data.get("text"), (*at, "text")) or "",
        states=notes.texts_at(data.get("states"), (*at, "states")),
        events=notes.texts_at(data.get("events"), (*at, "events")),
        covers=notes.texts_at(data.get("covers"), (*at, "covers")),
        invariant=invariant,
    )
