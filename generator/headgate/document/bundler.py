"""Makes one document of many files, walking them by the grammar.

A reference into another file becomes `#/components/<section>/<Name>`; paths and
declarations without a name of their own are put in the place of their reference.
What is wrong is reported at the place where its author wrote it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, TypeAlias

from headgate.document.component_names import (
    ComponentNames,
    NameTakenError,
    in_section_order,
)
from headgate.document.files import BadReferenceError, Files, Target
from headgate.document.grammar import (
    ROOT,
    SCHEMA,
    SECTIONS,
    Data,
    Kind,
    Linked,
    ListOf,
    MapOf,
    Object,
    Scalar,
)
from headgate.document.json_values import (
    Json,
    JsonObject,
    Tokens,
    component,
    follow,
    kind_of,
)
from headgate.document.source import Source
from headgate.document.trail import Origins, Trail
from headgate.document.tree import MOST_NODES
from headgate.errors import Diagnostic, Severity

_MOST_PATH: Final = 50
_BARE_NAME: Final = re.compile(r"[^/#.]*")
_STATUS: Final = re.compile(r"[1-5](?:[0-9]{2}|XX)|default")


class _Nothing:
    """Stands for a value that is left out."""


_NOTHING: Final = _Nothing()
_Taken: TypeAlias = "Json | _Nothing"


_EMPTY: Final[dict[type, Callable[[], Json]]] = {
    Object: dict,
    MapOf: dict,
    ListOf: list,
}
"""What a name without a value stands for: `Pet:` alone says nothing of it."""


class UnboundedError(Exception):
    """The bundle grew past all bounds; a diagnostic says so."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The one document, and the file and place that each of its parts came from."""

    root: JsonObject
    origins: Origins


class Bundler:
    """Walks the root document, then everything that it refers to."""

    def __init__(self, files: Files, root: Source) -> None:
        self._files = files
        self._root = root
        self._trail = Trail(root)
        self._names = ComponentNames(files, root)
        self._inlining: list[tuple[str, Tokens]] = []
        self._count = 0
        self._dynamic: Counter[str] | None = None
        self._walks: dict[type, Callable[[Json, Any, Severity], _Taken]] = {
            Data: self._data,
            Linked: self._linked,
            Scalar: self._scalar,
            ListOf: self._list,
            MapOf: self._map,
            Object: self._object,
        }

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Give what was found wrong so far."""
        return self._trail.collector.diagnostics

    def bundle(self) -> Bundle:
        """Make the bundle; `UnboundedError` when the document unfolds without end."""
        root = self._object(self._root.value, ROOT, "error")
        assert isinstance(root, dict)
        given = root.get("components")
        components: JsonObject = given if isinstance(given, dict) else {}
        waiting = self._names.waiting
        while waiting:
            self._write_component(components, *waiting.popleft())
        self._link_named_parts(root)
        if components:
            root["components"] = in_section_order(components)
        return Bundle(root, self._trail.origins)

    def _write_component(
        self, components: JsonObject, section: str, name: str, target: Target
    ) -> None:
        entries = components.setdefault(section, {})
        assert isinstance(entries, dict)
        with self._trail.inside(target, ("components", section, name)):
            value = follow(target.source.value, target.tokens)[1]
            taken = self._take(value, SECTIONS[section], "error")
        # Something wrong has been reported; its name has to lead somewhere still.
        entries[name] = {} if isinstance(taken, _Nothing) else taken

    def _link_named_parts(self, root: JsonObject) -> None:
        """Where an inline part of the root got a name, refer to it there too."""
        for tokens, name in self._names.named_parts_of_root():
            link: JsonObject = {"$ref": component("schemas", name)}
            found, parent = follow(root, tokens[:-1])
            if found and isinstance(parent, dict) and tokens[-1] in parent:
                parent[tokens[-1]] = link
            elif isinstance(parent, list):
                parent[int(tokens[-1])] = link

    def _take(self, value: Json, kind: Kind, wrong: Severity) -> _Taken:
        return self._walks[type(kind)](value, kind, wrong)

    def _data(self, value: Json, _kind: Data, _wrong: Severity) -> Json:
        return value

    def _scalar(self, value: Json, kind: Scalar, wrong: Severity) -> _Taken:
        # A boolean is an int to Python; to JSON it is no number.
        if type(value) in kind.types:
            return value
        return self._wrong_type(kind.says, value, wrong)

    def _list(self, value: Json, kind: ListOf, wrong: Severity) -> _Taken:
        if not isinstance(value, list):
            if kind.or_one:
                return self._take(value, kind.item, wrong)
            return self._wrong_type("a list", value, wrong)
        return self._items(value, kind.item, wrong)

    def _items(self, value: list[Json], kind: Kind, wrong: Severity) -> list[Json]:
        walk = self._walks[type(kind)]
        path = self._trail.path
        result: list[Json] = []
        for index, item in enumerate(value):
            path.append(str(index))
            taken = walk(item, kind, "warning" if item is None else wrong)
            if not isinstance(taken, _Nothing):
                result.append(taken)
            path.pop()
        return result

    def _map(self, value: Json, kind: MapOf, wrong: Severity) -> _Taken:
        if not isinstance(value, dict):
            return self._wrong_type("an object", value, wrong)
        reference = value.get("$ref")
        if isinstance(reference, str) and len(value) == 1:
            return self._inline(reference, kind, wrong)
        self._spend(len(value))
        walk = self._walks[type(kind.item)]
        path = self._trail.path
        result: JsonObject = {}
        for key, item in value.items():
            path.append(key)
            taken: _Taken = item
            if kind.keys == "any" or not key.startswith("x-"):
                self._check_key(key, kind)
                if item is None and type(kind.item) in _EMPTY:
                    taken = self._empty(kind.item)
                else:
                    taken = walk(item, kind.item, wrong)
            if not isinstance(taken, _Nothing):
                result[key] = taken
            path.pop()
        return result

    def _empty(self, kind: Kind) -> Json:
        message = "nothing stands here; it is taken for an empty one"
        self._trail.report("warning", "wrong-type", message)
        return _EMPTY[type(kind)]()

    def _object(self, value: Json, kind: Object, wrong: Severity) -> _Taken:
        if not isinstance(value, dict):
            if kind.or_boolean and isinstance(value, bool):
                return value
            if kind is SCHEMA and value is not None:
                message = f"{kind_of(value)} is no schema: any value is taken"
                self._trail.report("warning", "wrong-type", message)
                return {}
            return self._wrong_type("an object", value, wrong)
        if kind is SCHEMA and "$dynamicRef" in value and "$ref" not in value:
            # Without dynamic scope, which a generated type cannot have.
            self._note_dynamic(value["$dynamicRef"])
            value = {**value, "$ref": value["$dynamicRef"]}
        if kind.section and "$ref" in value:
            return self._reference(value, kind, kind.section, wrong)
        return self._fields(value, kind)

    def _note_dynamic(self, reference: Json) -> None:
        """Say so where a reference means another schema by the way that leads to it."""
        if self._dynamic is None:
            self._dynamic = _anchors(self._root.value)
        name = str(reference).rpartition("#")[2]
        if self._dynamic[name] > 1:
            message = f"{self._dynamic[name]} schemas are called {name!r} by the scope"
            hint = "the type is always that of the one the reference itself leads to"
            where = "$dynamicRef"
            self._trail.report("warning", "dynamic-scope", message, hint, at=where)

    def _fields(self, value: JsonObject, kind: Object) -> JsonObject:
        self._spend(len(value))
        fields = kind.fields
        walks = self._walks
        path = self._trail.path
        result: JsonObject = {}
        for key, inner in value.items():
            field = fields.get(key)
            if field is None:
                if kind.closed and not key.startswith("x-"):
                    self._unknown(key, kind)
                result[key] = inner
                continue
            path.append(key)
            wrong = field.wrong
            if inner is None and field.missing != "error":
                wrong = "warning"
            taken = walks[type(field.kind)](inner, field.kind, wrong)
            if not isinstance(taken, _Nothing):
                result[key] = taken
            path.pop()
        if kind.closed:
            self._require(value, kind)
        if kind is SCHEMA and "discriminator" in result:
            self._rewrite_mapping(result["discriminator"])
        return result

    def _linked(self, value: Json, kind: Linked, wrong: Severity) -> _Taken:
        """Copy a declaration of ours, where `{$ref: ...}` names a schema.

        A declaration itself (`x-streams.<name>`, `x-errors`) may be in a file.
        """
        if isinstance(value, dict):
            reference = value.get("$ref")
            if not isinstance(reference, str):
                return self._map(value, _LINKED_MAP, wrong)
            if _is_declaration(self._trail.bundled):
                return self._inline(reference, kind, wrong)
            return self._reference(value, SCHEMA, "schemas", wrong)
        if isinstance(value, list):
            return self._items(value, kind, wrong)
        return value

    def _reference(
        self, value: JsonObject, kind: Object, section: str, wrong: Severity
    ) -> _Taken:
        """Refer to the name that the target has in the bundle."""
        reference = value["$ref"]
        siblings = {key: part for key, part in value.items() if key != "$ref"}
        if kind.inlined:
            return self._inline(reference, kind, wrong, siblings)
        beside = self._fields(siblings, kind) if kind is SCHEMA else siblings
        self._trail.path.append("$ref")
        name = self._name_of(reference, section, wrong)
        self._trail.path.pop()
        if name is None:
            return beside if kind is SCHEMA else _NOTHING
        return {"$ref": component(section, name), **beside}

    def _name_of(self, reference: Json, section: str, wrong: Severity) -> str | None:
        return self._given_name(self._resolve(reference, wrong), section)

    def _given_name(
        self, target: Target | None, section: str = "schemas"
    ) -> str | None:
        if target is None:
            return None
        try:
            return self._names.give(section, target)
        except NameTakenError as taken:
            self._trail.report(
                "error",
                "name-collision",
                f"{taken.name!r} is already the name of something in {taken.file}",
                "rename one of the two",
            )
            return None

    def _resolve(self, reference: Json, wrong: Severity) -> Target | None:
        if not isinstance(reference, str):
            self._wrong_type("a reference", reference, wrong)
            return None
        try:
            return self._files.resolve(reference, self._trail.source)
        except BadReferenceError as error:
            left_out = "; it is left out" if wrong == "warning" else ""
            message = f"{error.message}{left_out}"
            self._trail.report(wrong, error.code, message, error.hint)
            return None

    def _inline(
        self,
        reference: Json,
        kind: Kind,
        wrong: Severity,
        siblings: JsonObject | None = None,
    ) -> _Taken:
        """Put what a reference leads to in its place."""
        bundled = self._trail.bundled
        self._trail.path.append("$ref")
        target = self._resolve(reference, wrong)
        if target and (target.key in self._inlining or len(bundled) > _MOST_PATH):
            message = f"{reference!r} leads back to itself"
            self._trail.report("error", "reference-loop", message)
            target = None
        self._trail.path.pop()
        if target is None:
            return _NOTHING
        value = follow(target.source.value, target.tokens)[1]
        if siblings and isinstance(value, dict):
            value = {**value, **siblings}
        self._inlining.append(target.key)
        with self._trail.inside(target, bundled):
            taken = self._take(value, kind, wrong)
        self._inlining.pop()
        return taken

    def _rewrite_mapping(self, discriminator: Json) -> None:
        """Write the targets of a discriminator's mapping as references."""
        mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else 0
        if not isinstance(mapping, dict):
            return
        path = self._trail.path
        path += ["discriminator", "mapping"]
        for tag, target in tuple(mapping.items()):
            path.append(tag)
            name = self._mapped(target) if isinstance(target, str) else None
            if name is None:
                del mapping[tag]
            else:
                mapping[tag] = component("schemas", name)
            path.pop()
        del path[-2:]

    def _mapped(self, target: str) -> str | None:
        """Give the name of a mapping's target; None, and a warning, if it has none.

        A value of that tag is one of an unknown variant then, as of any other tag
        that the document does not tell.
        """
        if self._names.has("schemas", target):
            return target
        message = f"there is no schema {target!r}"
        if not _BARE_NAME.fullmatch(target):
            try:
                return self._given_name(self._files.resolve(target, self._trail.source))
            except BadReferenceError as error:
                message = error.message
        message += "; its tag is left out"
        self._trail.report("warning", "mapping-left-out", message)
        return None

    def _spend(self, nodes: int) -> None:
        self._count += nodes + 1
        if self._count > MOST_NODES:
            message = f"the document unfolds to more than {MOST_NODES:,} values"
            self._trail.report("error", "too-large", message)
            raise UnboundedError

    def _check_key(self, key: str, kind: MapOf) -> None:
        if kind.keys == "path" and not key.startswith("/"):
            message = f"the path {key!r} does not begin with '/'"
            self._trail.report("warning", "bad-path", message, at_key=True)
        elif kind.keys == "status" and not _STATUS.fullmatch(key):
            message = f"{key!r} is no status: expected 200, 4XX or default"
            self._trail.report("warning", "bad-status", message, at_key=True)

    def _unknown(self, key: str, kind: Object) -> None:
        # A long key is no slip, and comparing it would take long.
        close = get_close_matches(key[:40], kind.fields, n=1, cutoff=0.75)
        hint = f"did you mean {close[0]!r}?" if close else ""
        message = f"{kind.says} has no field {key!r}"
        self._trail.report(
            "warning", "unknown-field", message, hint, at=key, at_key=True
        )

    def _require(self, value: JsonObject, kind: Object) -> None:
        for key, field in kind.fields.items():
            if field.missing and key not in value:
                message = f"{kind.says} needs {key!r}"
                self._trail.report(field.missing, "missing-field", message)

    def _wrong_type(self, expected: str, value: Json, severity: Severity) -> _Nothing:
        left_out = "; it is left out" if severity == "warning" else ""
        message = f"expected {expected}, found {kind_of(value)}{left_out}"
        self._trail.report(severity, "wrong-type", message)
        return _NOTHING


def _anchors(value: Json) -> Counter[str]:
    """Count the schemas that each dynamic anchor names."""
    found: Counter[str] = Counter()
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            name = each.get("$dynamicAnchor")
            found.update([name] if isinstance(name, str) else [])
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found


_LINKED_MAP: Final = MapOf(Linked())


def _is_declaration(tokens: Tokens) -> bool:
    return len(tokens) == 1 or (len(tokens) == 2 and tokens[0] == "x-streams")
