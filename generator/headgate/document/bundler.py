"""Makes one document of many files, walking them by the grammar.

A reference into another file becomes `#/components/<section>/<Name>`; paths and
declarations without a name of their own are put in the place of their reference.
What is wrong is reported at the place where its author wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from headgate.document.files import BadReferenceError, Files, Target
from headgate.document.grammar import (
    DATA,
    PATH_ITEM,
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
from headgate.document.json_values import Json, JsonObject, Tokens, follow, kind_of
from headgate.document.source import Source
from headgate.document.tree import MOST_NODES
from headgate.errors import Diagnostic, Severity

Origins = dict[Tokens, tuple[Source, Tokens]]

MOST_PATH: Final = 200
_STATUS: Final = re.compile(r"[1-5](?:[0-9]{2}|XX)|default")
_DEFINITIONS: Final = frozenset({"$defs", "definitions", *SECTIONS})
_STRUCTURE: Final = frozenset(
    {"components", "paths", "properties", "content", "schema", *_DEFINITIONS}
)
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9]+")


class _Drop:
    """Stands for a value that is left out."""


DROP: Final = _Drop()


class UnboundedError(Exception):
    """The bundle grew past all bounds; the diagnostic has been reported."""


@dataclass(slots=True)
class Bundle:
    """The one document, and the file and place that each inlined part came from."""

    root: JsonObject
    origins: Origins


class Bundler:
    """Walks the root document, then everything that it refers to."""

    def __init__(self, files: Files, root: Source) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._files = files
        self._root = root
        self._source = root
        self._path: list[str] = []
        self._base: Tokens = ()
        self._base_length = 0
        self._origins: Origins = {(): (root, ())}
        self._names: dict[tuple[str, Tokens], tuple[str, str]] = {}
        self._taken: dict[tuple[str, str], tuple[str, Tokens]] = {}
        self._waiting: list[tuple[str, str, Target]] = []
        self._inlining: list[tuple[str, Tokens]] = []
        self._count = 0

    def bundle(self) -> Bundle:
        """Make the bundle; `UnboundedError` when the document unfolds without end."""
        value = self._root.value
        assert isinstance(value, dict)
        self._adopt(value)
        root = self._object(value, ROOT, "error")
        assert isinstance(root, dict)
        given = root.get("components")
        components: JsonObject = given if isinstance(given, dict) else {}
        while self._waiting:
            section, name, target = self._waiting.pop(0)
            self._hoist(components, section, name, target)
        self._link_hoisted(root)
        if components:
            root["components"] = _in_section_order(components)
        return Bundle(root, self._origins)

    def _adopt(self, root: JsonObject) -> None:
        """Give the root's own components their names before anything else."""
        components = root.get("components")
        if not isinstance(components, dict):
            return
        for section in SECTIONS:
            entries = components.get(section)
            for name in entries if isinstance(entries, dict) else ():
                self._claim(section, name, (self._root.name, _at(section, name)))
            for name, value in (entries if isinstance(entries, dict) else {}).items():
                self._adopt_target(section, name, value)

    def _adopt_target(self, section: str, name: str, value: Json) -> None:
        """Let a component that only refers to a file give its name to the target."""
        if not isinstance(value, dict) or len(value) != 1:
            return
        reference = value.get("$ref")
        if not isinstance(reference, str) or section == "pathItems":
            return
        try:
            target = self._files.resolve(reference, self._root)
        except BadReferenceError:
            return
        if target and target.key not in self._names:
            self._names[target.key] = (section, name)
            self._origins[_at(section, name)] = (target.source, target.tokens)

    def _claim(self, section: str, name: str, key: tuple[str, Tokens]) -> None:
        self._names[key] = (section, name)
        self._taken[section, name] = key

    def _hoist(
        self, components: JsonObject, section: str, name: str, target: Target
    ) -> None:
        entries = components.setdefault(section, {})
        assert isinstance(entries, dict)
        place = _at(section, name)
        self._origins[place] = (target.source, target.tokens)
        with self._inside(target, place):
            value = follow(target.source.value, target.tokens)[1]
            taken = self._take(value, SECTIONS[section], "error")
        # Something wrong has been reported; its name has to lead somewhere still.
        entries[name] = {} if isinstance(taken, _Drop) else taken

    def _link_hoisted(self, root: JsonObject) -> None:
        """Where an inline part of the root got a name, refer to it there too."""
        for (file, tokens), (section, name) in self._names.items():
            if file != self._root.name or tokens == _at(section, name) or not tokens:
                continue
            found, parent = follow(root, tokens[:-1])
            if not found or section != "schemas":
                continue
            link: JsonObject = {"$ref": f"#/components/{section}/{name}"}
            if isinstance(parent, dict) and tokens[-1] in parent:
                parent[tokens[-1]] = link
            elif isinstance(parent, list):
                parent[int(tokens[-1])] = link

    @contextmanager
    def _inside(self, target: Target, bundled: Tokens) -> Iterator[None]:
        """Walk in another place, which appears at a certain place of the bundle."""
        outer = self._source, self._path, self._base, self._base_length
        self._source, self._path = target.source, list(target.tokens)
        self._base, self._base_length = bundled, len(target.tokens)
        yield
        self._source, self._path, self._base, self._base_length = outer

    def _take(self, value: Json, kind: Kind, wrong: Severity) -> Json | _Drop:
        return _WALKS[type(kind)](self, value, kind, wrong)

    def _data(self, value: Json, _kind: Data, _wrong: Severity) -> Json:
        return value

    def _scalar(self, value: Json, kind: Scalar, wrong: Severity) -> Json | _Drop:
        if isinstance(value, kind.types) and (
            type(value) is not bool or bool in kind.types
        ):
            return value
        return self._wrong(kind.says, value, wrong)

    def _list(self, value: Json, kind: ListOf, wrong: Severity) -> Json | _Drop:
        if not isinstance(value, list):
            if kind.or_one:
                return self._take(value, kind.item, wrong)
            return self._wrong("a list", value, wrong)
        walk = _WALKS[type(kind.item)]
        result: list[Json] = []
        for index, item in enumerate(value):
            self._path.append(str(index))
            taken = walk(self, item, kind.item, wrong)
            if not isinstance(taken, _Drop):
                result.append(taken)
            self._path.pop()
        return result

    def _map(self, value: Json, kind: MapOf, wrong: Severity) -> Json | _Drop:
        if not isinstance(value, dict):
            return self._wrong("an object", value, wrong)
        reference = value.get("$ref")
        if isinstance(reference, str) and len(value) == 1:
            return self._inline(reference, kind, wrong)
        self._spend(len(value))
        walk = _WALKS[type(kind.item)]
        result: JsonObject = {}
        for key, item in value.items():
            self._path.append(key)
            taken: Json | _Drop
            if key.startswith("x-") and kind.keys != "any":
                taken = item
            else:
                self._check_key(key, kind)
                taken = walk(self, item, kind.item, wrong)
            if not isinstance(taken, _Drop):
                result[key] = taken
            self._path.pop()
        return result

    def _object(self, value: Json, kind: Object, wrong: Severity) -> Json | _Drop:
        if not isinstance(value, dict):
            if kind.or_boolean and isinstance(value, bool):
                return value
            return self._wrong("an object", value, wrong)
        if kind.section and "$ref" in value:
            return self._reference(value, kind, wrong)
        self._spend(len(value))
        return self._fields(value, kind)

    def _fields(self, value: JsonObject, kind: Object) -> JsonObject:
        result: JsonObject = {}
        for key, inner in value.items():
            field = kind.fields.get(key)
            if field is None:
                if kind.closed and not key.startswith("x-"):
                    self._unknown(key, kind)
                result[key] = inner
                continue
            self._path.append(key)
            taken = _WALKS[type(field.kind)](self, inner, field.kind, field.wrong)
            if not isinstance(taken, _Drop):
                result[key] = taken
            self._path.pop()
        if kind.closed:
            self._require(value, kind)
        if kind is SCHEMA and isinstance(result.get("discriminator"), dict):
            self._rewrite_mapping(result)
        return result

    def _linked(self, value: Json, _kind: Linked, _wrong: Severity) -> Json | _Drop:
        """Copy a declaration of ours, whose references name schemas or files."""
        reference = value.get("$ref") if isinstance(value, dict) else None
        if isinstance(reference, str):
            if _names_a_file(reference) or len(self._bundled()) <= 2:
                return self._inline(reference, _kind, "error")
            return self._reference({"$ref": reference}, SCHEMA, "error")
        return self._linked_parts(value, _kind)

    def _linked_parts(self, value: Json, kind: Linked) -> Json:
        if isinstance(value, dict):
            result: JsonObject = {}
            for key, inner in value.items():
                self._path.append(key)
                taken = self._linked(inner, kind, "error")
                if not isinstance(taken, _Drop):
                    result[key] = taken
                self._path.pop()
            return result
        if isinstance(value, list):
            items: list[Json] = []
            for index, inner in enumerate(value):
                self._path.append(str(index))
                taken = self._linked(inner, kind, "error")
                if not isinstance(taken, _Drop):
                    items.append(taken)
                self._path.pop()
            return items
        return value

    def _reference(
        self, value: JsonObject, kind: Object, wrong: Severity
    ) -> Json | _Drop:
        self._path.append("$ref")
        name = self._name_of(value["$ref"], kind.section or "")
        self._path.pop()
        siblings = {key: part for key, part in value.items() if key != "$ref"}
        if kind.inlined and isinstance(value["$ref"], str):
            return self._inline(value["$ref"], kind, wrong, siblings)
        beside = self._fields(siblings, kind) if kind is SCHEMA else siblings
        if name is None:
            return beside if kind is SCHEMA else DROP
        return {"$ref": f"#/components/{kind.section}/{name}", **beside}

    def _name_of(self, reference: Json, section: str) -> str | None:
        """Give the name that a reference's target has in the bundle."""
        target = self._resolve(reference)
        if target is None or SECTIONS[section] in _INLINED:
            return None
        known = self._names.get(target.key)
        if known and known[0] == section:
            return known[1]
        name = _name(target)
        if self._taken.get((section, name), target.key) != target.key:
            other = self._taken[section, name][0]
            self.report(
                "error",
                "name-collision",
                f"{name!r} would be the name of two different things: another one "
                f"comes from {other}",
                "rename one of them",
            )
            return None
        self._claim(section, name, target.key)
        self._waiting.append((section, name, target))
        return name

    def _resolve(self, reference: Json) -> Target | None:
        if not isinstance(reference, str):
            self._wrong("a reference (a string)", reference, "error")
            return None
        try:
            return self._files.resolve(reference, self._source)
        except BadReferenceError as error:
            self.report("error", error.code, error.message, error.hint)
            return None

    def _inline(
        self,
        reference: str,
        kind: Kind,
        wrong: Severity,
        siblings: JsonObject | None = None,
    ) -> Json | _Drop:
        """Put what a reference leads to in its place."""
        self._path.append("$ref")
        target = self._resolve(reference)
        if target and (target.key in self._inlining or self._too_long()):
            message = f"{reference!r} leads back to itself"
            self.report("error", "reference-loop", message)
            target = None
        self._path.pop()
        if target is None:
            return DROP
        bundled = self._bundled()
        self._origins[bundled] = (target.source, target.tokens)
        value = follow(target.source.value, target.tokens)[1]
        if siblings and isinstance(value, dict):
            value = {**value, **siblings}
        self._inlining.append(target.key)
        with self._inside(target, bundled):
            taken = self._take(value, kind, wrong)
        self._inlining.pop()
        return taken

    def _too_long(self) -> bool:
        return len(self._bundled()) > MOST_PATH

    def _bundled(self) -> Tokens:
        """Give the place in the bundle that is being made."""
        return (*self._base, *self._path[self._base_length :])

    def _rewrite_mapping(self, schema: JsonObject) -> None:
        """Write the targets of a discriminator's mapping as references."""
        discriminator = schema["discriminator"]
        assert isinstance(discriminator, dict)
        mapping = discriminator.get("mapping")
        if not isinstance(mapping, dict):
            return
        self._path += ["discriminator", "mapping"]
        for tag, target in mapping.items():
            assert isinstance(target, str)
            self._path.append(tag)
            mapping[tag] = self._mapped(target)
            self._path.pop()
        del self._path[-2:]

    def _mapped(self, target: str) -> str:
        named = f"#/components/schemas/{target}"
        if ("schemas", target) in self._taken:
            return named
        if "/" not in target and "#" not in target and "." not in target:
            return named
        name = self._name_of(target, "schemas")
        return target if name is None else f"#/components/schemas/{name}"

    def _spend(self, nodes: int) -> None:
        self._count += nodes + 1
        if self._count > MOST_NODES:
            message = f"the document unfolds to more than {MOST_NODES:,} values"
            self.report("error", "too-large", message)
            raise UnboundedError

    def _check_key(self, key: str, kind: MapOf) -> None:
        if kind.keys == "path" and not key.startswith("/"):
            message = f"the path {key!r} does not begin with '/'"
            self.report("warning", "bad-path", message, at_key=True)
        elif kind.keys == "status" and not _STATUS.fullmatch(key):
            message = f"{key!r} is no status: expected 200, 4XX or default"
            self.report("warning", "bad-status", message, at_key=True)

    def _unknown(self, key: str, kind: Object) -> None:
        close = get_close_matches(key, kind.fields, n=1, cutoff=0.75)
        hint = f"did you mean {close[0]!r}?" if close else ""
        self._path.append(key)
        message = f"{kind.says} has no field {key!r}"
        self.report("warning", "unknown-field", message, hint, at_key=True)
        self._path.pop()

    def _require(self, value: JsonObject, kind: Object) -> None:
        for key, field in kind.fields.items():
            if field.missing and key not in value:
                message = f"{kind.says} needs {key!r}"
                self.report(field.missing, "missing-field", message)

    def _wrong(self, expected: str, value: Json, severity: Severity) -> _Drop:
        left_out = "; it is left out" if severity == "warning" else ""
        message = f"expected {expected}, found {kind_of(value)}{left_out}"
        self.report(severity, "wrong-type", message)
        return DROP

    def report(
        self,
        severity: Severity,
        code: str,
        message: str,
        hint: str = "",
        *,
        at_key: bool = False,
    ) -> None:
        """Report something about the place where the walk is."""
        tokens = tuple(self._path)
        find = self._source.locate_key if at_key else self._source.locate
        self.diagnostics.append(Diagnostic(severity, code, message, find(tokens), hint))


_INLINED: Final = (PATH_ITEM,)
_WALKS: Final[dict[type, Callable[[Bundler, Json, Any, Severity], Json | _Drop]]] = {
    Data: Bundler._data,
    Linked: Bundler._linked,
    Scalar: Bundler._scalar,
    ListOf: Bundler._list,
    MapOf: Bundler._map,
    Object: Bundler._object,
}


def _at(section: str, name: str) -> Tokens:
    return ("components", section, name)


def _names_a_file(reference: str) -> bool:
    return bool(reference) and "#" not in reference


def _name(target: Target) -> str:
    """Name a target by the last part of its pointer, or by its file.

    A part deep inside something is named by the whole way to it: `items` alone
    would say nothing.
    """
    tokens = target.tokens
    if not tokens:
        file = target.source.name.replace("\\", "/").rsplit("/", 1)[-1]
        return file.split(".", 1)[0]
    if len(tokens) == 1 or tokens[-2] in _DEFINITIONS:
        return tokens[-1]
    telling = [token for token in tokens if token not in _STRUCTURE]
    words = (_NOT_IN_A_NAME.sub("_", token).strip("_") for token in telling)
    return "_".join(word for word in words if word) or tokens[-1]


def _in_section_order(components: JsonObject) -> JsonObject:
    ordered = {name: components[name] for name in SECTIONS if name in components}
    return {**ordered, **components}
