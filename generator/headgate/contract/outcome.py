"""The parts of a declaration that SDKs carry out: fold, deltas and resume."""

from __future__ import annotations

from headgate.contract.declaration import (
    Action,
    ActionKind,
    Answer,
    Call,
    Delta,
    Fold,
    FoldRule,
    Resume,
)
from headgate.contract.paths import source_path, target_path
from headgate.contract.problems import Notes
from headgate.document.json_values import Json, Tokens
from headgate.ir.streams import Accumulation

_ACTIONS: dict[str, ActionKind] = {
    "set": "set",
    "merge": "merge",
    "append": "append",
    "append_json": "append_json",
}
_ANSWERS: tuple[Answer, ...] = ("finished", "unknown", "expired")
_NOT_EVENTS = frozenset({"into", "accumulate"})
_ACCUMULATE_KEYS = frozenset({"by", "append", "rename", "put", "nulls", "drop"})
_RESUME_KEYS = frozenset({"operation", "parameters", "cursor", "statuses"})
_CALL_KEYS = frozenset(
    {"begin", "key", "text", "end", "into", "nested", "discarded_by"}
)
_MOMENT_KEYS = frozenset({"event", "by", "tag", "at"})
_DELTA_KEYS = frozenset({"event", "by", "tag", "at", "nested"})


def read_fold(value: Json, notes: Notes) -> Fold | None:
    """Read how events build the final object."""
    if value is None:
        return None
    data = notes.object_at(value, ("fold",))
    into = notes.object_at(data.get("into"), ("fold", "into"))
    rules: list[FoldRule] = []
    for event, part in data.items():
        if event not in _NOT_EVENTS:
            rules.extend(_fold_rules(event, part, ("fold", event), notes))
    return Fold(
        into=notes.text_at(into.get("$ref"), ("fold", "into", "$ref")),
        rules=tuple(rules),
        accumulation=_accumulation(data.get("accumulate"), notes),
    )


def _accumulation(value: Json, notes: Notes) -> Accumulation | None:
    if value is None:
        return None
    at = ("fold", "accumulate")
    data = notes.object_at(value, at)
    notes.known_keys(data, at, _ACCUMULATE_KEYS)
    return Accumulation(
        by=notes.text_at(data.get("by"), (*at, "by")),
        append=notes.texts_at(data.get("append"), (*at, "append")),
        rename=_texts_by_name(data.get("rename"), (*at, "rename"), notes),
        put=_texts_by_name(data.get("put"), (*at, "put"), notes),
        nulls=_places(data.get("nulls"), (*at, "nulls"), notes),
        drop=_places(data.get("drop"), (*at, "drop"), notes),
    )


def _texts_by_name(
    value: Json, at: Tokens, notes: Notes
) -> tuple[tuple[str, str], ...]:
    texts = {
        name: notes.text_at(text, (*at, name))
        for name, text in notes.object_at(value, at).items()
    }
    return tuple((name, text) for name, text in texts.items() if text is not None)


def _places(value: Json, at: Tokens, notes: Notes) -> tuple[tuple[str, ...], ...]:
    return tuple(
        _source(text, (*at, str(number)), notes)
        for number, text in enumerate(notes.texts_at(value, at))
    )


def _fold_rules(event: str, value: Json, at: Tokens, notes: Notes) -> list[FoldRule]:
    if isinstance(value, list):
        return [FoldRule(event, (), None, _actions(value, at, notes))]
    data = notes.object_at(value, at)
    by = _source(data.get("by"), (*at, "by"), notes)
    if not by:
        notes.add("stream-shape", at, "expected a list of actions, or 'by'")
    return [
        FoldRule(event, by, tag, _actions(part, (*at, tag), notes))
        for tag, part in data.items()
        if tag != "by"
    ]


def _actions(value: Json, at: Tokens, notes: Notes) -> tuple[Action, ...]:
    actions: list[Action] = []
    for number, part in enumerate(notes.list_at(value, at)):
        action = _action(part, (*at, str(number)), notes)
        if action is not None:
            actions.append(action)
    return tuple(actions)


def _action(value: Json, at: Tokens, notes: Notes) -> Action | None:
    data = notes.object_at(value, at)
    kinds = [key for key in data if key != "from"]
    if len(kinds) != 1 or kinds[0] not in _ACTIONS:
        known = ", ".join(_ACTIONS)
        notes.add("stream-shape", at, f"expected 'from' and one of: {known}")
        return None
    kind = kinds[0]
    text = notes.text_at(data[kind], (*at, kind))
    target = None if text is None else target_path(text)
    if target is None:
        notes.add("stream-path", (*at, kind), f"{text!r} is not a path")
        return None
    source = _source(data.get("from"), (*at, "from"), notes)
    return Action(_ACTIONS[kind], target, source)


def _source(value: Json, at: Tokens, notes: Notes) -> tuple[str, ...]:
    text = notes.text_at(value, at)
    path = source_path(text or "")
    if path is None:
        notes.add("stream-path", at, f"{text!r} is not a path in an event")
    return path or ()


def read_deltas(value: Json, notes: Notes) -> dict[str, Delta]:
    """Read the named texts inside events."""
    deltas: dict[str, Delta] = {}
    for name, part in notes.object_at(value, ("deltas",)).items():
        at = ("deltas", name)
        data = notes.object_at(part, at)
        notes.known_keys(data, at, _DELTA_KEYS)
        if ("event" in data) == ("nested" in data):
            notes.add("stream-shape", at, "expected either 'event' or 'nested'")
        deltas[name] = Delta(
            event=notes.text_at(data.get("event"), (*at, "event")),
            by=_source(data.get("by"), (*at, "by"), notes),
            tag=notes.text_at(data.get("tag"), (*at, "tag")),
            at=_source(data.get("at"), (*at, "at"), notes),
            nested=notes.text_at(data.get("nested"), (*at, "nested")),
        )
    return deltas


def read_calls(value: Json, notes: Notes) -> dict[str, Call]:
    """Read the objects that come in pieces."""
    calls: dict[str, Call] = {}
    for name, part in notes.object_at(value, ("calls",)).items():
        at = ("calls", name)
        data = notes.object_at(part, at)
        notes.known_keys(data, at, _CALL_KEYS)
        if "nested" not in data:
            for key in ("begin", "key", "text", "end", "into"):
                if key not in data:
                    notes.add("stream-shape", at, f"a call needs {key!r}")
        _source(data.get("key"), (*at, "key"), notes)
        calls[name] = Call(
            begin=_moment(data.get("begin"), (*at, "begin"), notes),
            text=notes.text_at(data.get("text"), (*at, "text")),
            end=_moment(data.get("end"), (*at, "end"), notes),
            nested=notes.text_at(data.get("nested"), (*at, "nested")),
            discarded_by=tuple(
                notes.texts_at(data.get("discarded_by"), (*at, "discarded_by"))
            ),
        )
    return calls


def _moment(value: Json, at: Tokens, notes: Notes) -> str | None:
    data = notes.object_at(value, at)
    notes.known_keys(data, at, _MOMENT_KEYS)
    for key in ("by", "at"):
        _source(data.get(key), (*at, key), notes)
    return notes.text_at(data.get("event"), (*at, "event"))


def read_resume(value: Json, notes: Notes) -> Resume | None:
    """Read how a cut stream goes on."""
    if value is None:
        return None
    data = notes.object_at(value, ("resume",))
    notes.known_keys(data, ("resume",), _RESUME_KEYS)
    cursor = notes.object_at(data.get("cursor"), ("resume", "cursor"))
    operation = notes.text_at(data.get("operation"), ("resume", "operation"))
    if operation is None:
        notes.add("stream-shape", ("resume",), "expected an 'operation'")
    parameters = notes.object_at(data.get("parameters"), ("resume", "parameters"))
    texts = {
        name: notes.text_at(field, ("resume", "parameters", name))
        for name, field in parameters.items()
    }
    return Resume(
        operation=operation or "",
        parameters={name: text for name, text in texts.items() if text},
        query=notes.text_at(cursor.get("query"), ("resume", "cursor", "query")),
        header=notes.text_at(cursor.get("header"), ("resume", "cursor", "header")),
        statuses=_statuses(data.get("statuses"), notes),
    )


def _statuses(value: Json, notes: Notes) -> dict[int, Answer]:
    at = ("resume", "statuses")
    statuses: dict[int, Answer] = {}
    # A YAML key `204:` is a number until the document layer makes it text.
    for status, meaning in notes.object_at(value, at).items():
        here = (*at, str(status))
        if not str(status).isdecimal():
            notes.add("stream-shape", here, f"{status!r} is not a status")
            continue
        statuses[int(status)] = notes.choice_at(meaning, here, _ANSWERS)
    return statuses
