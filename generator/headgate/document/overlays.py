"""OpenAPI Overlays 1.0 and 1.1: changes to a document that nobody may touch."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from headgate.document.files import Files
from headgate.document.json_path import JsonPathError, select
from headgate.document.json_values import Json, JsonObject, Tokens, follow, kind_of
from headgate.document.source import Source
from headgate.errors import Diagnostic, Severity

_VERSION: Final = re.compile(r"1\.[01]\.[0-9]+")


class _Removed:
    """What a change gives where nothing is to be left."""


@dataclass(slots=True)
class Overlaid:
    """A document's value with overlays applied, and what was said on the way."""

    value: Json
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    texts: dict[str, str] = field(default_factory=dict[str, str])


def apply_overlays(value: Json, overlays: Sequence[Path]) -> Overlaid:
    """Apply overlays in their order; the value given is left as it is."""
    result = Overlaid(value)
    for path in overlays:
        files = Files(path)
        result.diagnostics += files.diagnostics
        result.texts |= files.texts
        if files.root is not None:
            _Overlay(files.root, result).apply()
    return result


@dataclass(frozen=True, slots=True)
class _Overlay:
    source: Source
    result: Overlaid

    def apply(self) -> None:
        """Carry out the actions, each on what the one before has left."""
        value = self.source.value
        if not isinstance(value, dict) or not isinstance(value.get("overlay"), str):
            self.error("bad-overlay", "this is no Overlay: it has no field 'overlay'")
            return
        version = str(value["overlay"])
        if not _VERSION.fullmatch(version):
            message = f"Overlay {version!r} is not supported: expected 1.0.0"
            self.error("bad-overlay", message, ("overlay",))
            return
        actions = value.get("actions")
        if not isinstance(actions, list):
            self.error("bad-overlay", "an Overlay needs a list of 'actions'")
            return
        for index, action in enumerate(actions):
            self._action(action, ("actions", str(index)))

    def _action(self, action: Json, at: Tokens) -> None:
        if not isinstance(action, dict) or not isinstance(action.get("target"), str):
            self.error("bad-overlay", "an action needs a 'target'", at)
            return
        try:
            places = select(str(action["target"]), self.result.value)
        except JsonPathError as error:
            self.error("overlay-target", str(error), (*at, "target"))
            return
        if not places:
            message = f"{action['target']!r} leads to nothing in the document"
            self.report("warning", "overlay-unmatched", message, (*at, "target"))
            return
        if action.get("remove") is True:
            self._remove(places, at)
        elif "update" in action:
            for place in places:
                self._update(place, action["update"], (*at, "update"))
        elif "copy" in action:
            self._copy(places, action["copy"], (*at, "copy"))
        else:
            message = "an action needs 'update', 'copy' or 'remove'"
            self.error("bad-overlay", message, at)

    def _copy(self, places: list[Tokens], path: Json, at: Tokens) -> None:
        """Merge one node of the document into others, as if it were an update."""
        try:
            sources = select(path if isinstance(path, str) else "", self.result.value)
        except JsonPathError as error:
            self.error("overlay-target", str(error), at)
            return
        if len(sources) != 1:
            message = f"{path!r} leads to {len(sources) or 'no'} nodes; one is copied"
            self.error("bad-overlay", message, at)
            return
        _, update = follow(self.result.value, sources[0])
        for place in places:
            self._update(place, update, at)

    def _remove(self, places: list[Tokens], at: Tokens) -> None:
        if () in places:
            self.error("bad-overlay", "the whole document cannot be removed", at)
            return
        # From the last to the first, so that the indexes before stay right.
        for place in reversed(places):
            self._change(place, _gone)

    def _update(self, place: Tokens, update: Json, at: Tokens) -> None:
        try:
            self._change(place, partial(_merged, update=update))
        except TypeError as error:
            self.error("bad-overlay", str(error), at)

    def _change(self, place: Tokens, change: Callable[[Json], Json | _Removed]) -> None:
        changed = _changed(self.result.value, place, change)
        if not isinstance(changed, _Removed):
            self.result.value = changed

    def error(self, code: str, message: str, at: Tokens = ()) -> None:
        """Note what makes the Overlay useless."""
        self.report("error", code, message, at)

    def report(self, severity: Severity, code: str, message: str, at: Tokens) -> None:
        """Note a fault at a place in the Overlay."""
        location = self.source.locate(at)
        found = Diagnostic(severity, code, message, location)
        self.result.diagnostics.append(found)


def _gone(_value: Json) -> _Removed:
    return _Removed()


def _changed(
    value: Json, place: Tokens, change: Callable[[Json], Json | _Removed]
) -> Json | _Removed:
    """Give a value that differs at one place; what lies beside it is shared."""
    if not place:
        return change(value)
    token, rest = place[0], place[1:]
    if isinstance(value, dict):
        inner = _changed(value[token], rest, change)
        if isinstance(inner, _Removed):
            return {key: item for key, item in value.items() if key != token}
        return {**value, token: inner}
    if not isinstance(value, list):
        return value
    index = int(token)
    inner = _changed(value[index], rest, change)
    kept = [] if isinstance(inner, _Removed) else [inner]
    return [*value[:index], *kept, *value[index + 1 :]]


def _merged(target: Json, *, update: Json) -> Json:
    """Merge objects by their keys and add to lists; anything else is replaced."""
    if isinstance(target, list):
        return [*target, update]
    if not isinstance(target, dict):
        raise TypeError(f"the target is {kind_of(target)}, which cannot be updated")
    if not isinstance(update, dict):
        raise TypeError(f"expected an object, found {kind_of(update)}")
    return _put_over(target, update)


def _put_over(target: JsonObject, update: JsonObject) -> JsonObject:
    result = dict(target)
    for key, value in update.items():
        known = result.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            result[key] = _put_over(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            result[key] = [*known, *value]
        else:
            result[key] = value
    return result
