"""Folds a stream's events into one object, on plain JSON.

This is the reading of `fold` that the compiled accumulators of the SDKs are held to.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable

from headgate.contract.accumulation import accumulate
from headgate.contract.declaration import (
    Action,
    Declaration,
    Fold,
    FoldRule,
    Key,
    PathStep,
)
from headgate.contract.paths import write_source, write_target
from headgate.document.json_values import Json, JsonObject


class FoldError(ValueError):
    """An event that has no place in the object built so far."""


class Folding:
    """An object in the making."""

    def __init__(self, fold: Fold, discriminator: str) -> None:
        self._fold = fold
        self._discriminator = discriminator
        # The object hangs in a box, so that its root is set like any other part.
        self._box: JsonObject = {}
        self._partial: dict[tuple[str | int, ...], list[str]] = {}

    def add(self, event: JsonObject) -> None:
        """Fold one event in."""
        for rule in self._fold.rules:
            if rule.event == event.get(self._discriminator) and _holds(rule, event):
                for action in rule.actions:
                    self._act(action, event)

    def result(self) -> Json:
        """Give the object as it is now; None if nothing was set yet.

        Partial JSON that parses by now stands parsed, other stands as it was.
        """
        box = copy.deepcopy(self._box)
        for place, pieces in self._partial.items():
            complete, value = _parsed("".join(pieces))
            if complete:
                _put(box, place, value)
        return box.get("")

    def _act(self, action: Action, event: JsonObject) -> None:
        present, source = _read(event, action.source)
        if not present:
            return
        place = ("", *(_step(step, event) for step in action.target))
        here = f"{write_target(action.target)!r}"
        match action.kind:
            case "set":
                self._forget(place)
                _put(self._box, place, copy.deepcopy(source))
            case "merge":
                target = _get(self._box, place)
                if not isinstance(source, dict) or not isinstance(target, dict):
                    raise FoldError(f"cannot merge into {here}")
                target.update(copy.deepcopy(source))
            case "append":
                _put(self._box, place, _joined(_find(self._box, place), source, here))
            case "append_json":
                _get(self._box, place[:-1])
                if not isinstance(source, str):
                    raise FoldError(f"partial JSON for {here} is not text")
                self._partial.setdefault(place, []).append(source)

    def _forget(self, place: tuple[str | int, ...]) -> None:
        for other in [p for p in self._partial if p[: len(place)] == place]:
            del self._partial[other]


def fold_events(declaration: Declaration, events: Iterable[JsonObject]) -> Json:
    """Fold a whole stream; `FoldError` if it has no fold or an event no place."""
    if declaration.fold is not None and declaration.fold.accumulation is not None:
        return accumulate(declaration.fold.accumulation, events)
    if declaration.fold is None or declaration.discriminator is None:
        raise FoldError(f"the stream {declaration.name!r} folds to nothing")
    folding = Folding(declaration.fold, declaration.discriminator)
    for event in events:
        folding.add(event)
    return folding.result()


def _holds(rule: FoldRule, event: JsonObject) -> bool:
    if rule.tag is None:
        return True
    present, value = _read(event, rule.by)
    return present and value == rule.tag


def _read(event: JsonObject, path: tuple[str, ...]) -> tuple[bool, Json]:
    value: Json = event
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return False, None
        value = value[name]
    return True, value


def _step(step: PathStep, event: JsonObject) -> str | int:
    if isinstance(step, Key):
        return step.name
    _, index = _read(event, step.by)
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise FoldError(f"{write_source(step.by)!r} is not an index: {index!r}")
    return index


def _get(value: Json, place: tuple[str | int, ...]) -> Json:
    for step in place:
        present, value = _child(value, step)
        if not present:
            raise FoldError(f"there is no {step!r} to go on from")
    return value


def _child(value: Json, step: str | int) -> tuple[bool, Json]:
    if isinstance(value, dict) and isinstance(step, str) and step in value:
        return True, value[step]
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return True, value[step]
    return False, None


def _find(value: Json, place: tuple[str | int, ...]) -> Json:
    parent = _get(value, place[:-1])
    last = place[-1]
    if isinstance(parent, dict) and isinstance(last, str):
        return parent.get(last)
    return _get(parent, (last,))


def _put(value: Json, place: tuple[str | int, ...], new: Json) -> None:
    parent = _get(value, place[:-1])
    last = place[-1]
    if isinstance(parent, dict) and isinstance(last, str):
        parent[last] = new
    elif isinstance(parent, list) and isinstance(last, int) and last <= len(parent):
        parent[last:] = [new, *parent[last + 1 :]]
    else:
        raise FoldError(f"there is no {last!r} to set")


def _joined(old: Json, new: Json, here: str) -> Json:
    if old is None:
        return copy.deepcopy(new)
    if isinstance(old, str) and isinstance(new, str):
        return old + new
    if isinstance(old, list) and isinstance(new, list):
        return old + copy.deepcopy(new)
    raise FoldError(f"cannot append to {here}")


def _parsed(text: str) -> tuple[bool, Json]:
    if not text:
        return True, {}
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return False, None
    return True, value
