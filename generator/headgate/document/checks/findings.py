"""A bundle under examination: ways to look around in it, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeAlias

from headgate.document.collector import Collector
from headgate.document.grammar import METHODS
from headgate.document.json_values import (
    Json,
    JsonObject,
    Tokens,
    follow,
    fragment_tokens,
)
from headgate.errors import Diagnostic, Location

Locator: TypeAlias = Callable[[Tokens], Location]
"""Finds where a place in the bundle was written."""


@dataclass(frozen=True, slots=True)
class Part:
    """An object of the bundle and its place there."""

    value: JsonObject
    tokens: Tokens

    def text(self, key: str) -> str | None:
        """Give a text, None when there is none."""
        found = self.value.get(key)
        return found if isinstance(found, str) else None

    def object(self, *keys: str) -> Part:
        """Give the object that keys lead to; an empty one when there is none."""
        found, value = follow(self.value, keys)
        tokens = (*self.tokens, *keys)
        return Part(value if found and isinstance(value, dict) else {}, tokens)

    def members(self, key: str) -> Iterator[tuple[str, Part]]:
        """Give the objects in the object at a key."""
        inside = self.object(key)
        for name, value in inside.value.items():
            if isinstance(value, dict):
                yield name, Part(value, (*inside.tokens, name))

    def items(self, key: str) -> Iterator[Part]:
        """Give the objects in the list at a key."""
        values = self.value.get(key)
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(value, dict):
                yield Part(value, (*self.tokens, key, str(index)))

    def strings(self, key: str) -> list[str]:
        """Give the texts in the list at a key."""
        values = self.value.get(key)
        given = values if isinstance(values, list) else []
        return [value for value in given if isinstance(value, str)]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation with the path that it belongs to (None: a webhook)."""

    part: Part
    item: Part
    method: str
    path: str | None

    @property
    def shown(self) -> str:
        """Name the operation in a message."""
        name = self.path or f"webhook {self.item.tokens[-1]}"
        return f"{self.method.upper()} {name}"


class Lookup:
    """Ways to look around in a bundle."""

    def __init__(self, root: JsonObject) -> None:
        self.root = Part(root, ())

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation under `paths` and `webhooks`, in the order of the text."""
        return tuple(self._operations())

    def _operations(self) -> Iterator[Operation]:
        for section in ("paths", "webhooks"):
            for path, item in self.root.members(section):
                shown = path if section == "paths" else None
                for method in METHODS:
                    if method in item.value:
                        yield Operation(item.object(method), item, method, shown)
                for method, part in item.members("additionalOperations"):
                    yield Operation(part, item, method, shown)

    @cached_property
    def operations_by_id(self) -> dict[str, Operation]:
        """Operations by their id; the first of those that share one."""
        found: dict[str, Operation] = {}
        for operation in self.operations:
            name = operation.part.text("operationId")
            if name is not None:
                found.setdefault(name, operation)
        return found

    def parameters(self, operation: Operation) -> list[Part]:
        """Give an operation's parameters with those of its path, resolved.

        A parameter of the operation takes the place of the path's with its name.
        """
        found: dict[tuple[Json, Json], Part] = {}
        for owner in (operation.item, operation.part):
            for part in owner.items("parameters"):
                parameter = self.resolve(part)
                found[parameter.value.get("in"), parameter.value.get("name")] = part
        return [self.resolve(part) for part in found.values()]

    def resolve(self, part: Part) -> Part:
        """Follow references to the object that they mean."""
        seen: set[str] = set()
        while isinstance(target := part.value.get("$ref"), str) and target not in seen:
            seen.add(target)
            tokens = fragment_tokens(target)
            found, value = follow(self.root.value, tokens)
            if not found or not isinstance(value, dict):
                return Part({}, tokens)
            part = Part(value, tokens)
        return part

    def properties(self, schema: Part) -> dict[str, Part] | None:
        """Give an object schema's properties, those of its allOf included.

        None when it is no plain object: then nobody can say what it has.
        """
        return self._properties(schema, 0)

    def _properties(self, schema: Part, depth: int) -> dict[str, Part] | None:
        schema = self.resolve(schema)
        if depth > 20 or "anyOf" in schema.value or "oneOf" in schema.value:
            return None
        found = dict(schema.members("properties"))
        parents = list(schema.items("allOf"))
        for parent in parents:
            inherited = self._properties(parent, depth + 1)
            if inherited is None:
                return None
            found |= inherited
        if "properties" not in schema.value and not parents:
            return None
        return found


class Findings(Lookup):
    """Looks around in a bundle and collects what is wrong with it."""

    def __init__(self, root: JsonObject, locator: Locator) -> None:
        super().__init__(root)
        self._collector = Collector()
        self._locator = locator

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Give what was found."""
        return self._collector.diagnostics

    def error(self, code: str, message: str, tokens: Tokens, hint: str = "") -> None:
        """Report what makes generation impossible."""
        find = partial(self._locator, tokens)
        self._collector.add("error", code, message, find, hint)

    def warning(self, code: str, message: str, tokens: Tokens, hint: str = "") -> None:
        """Report what can be worked around."""
        find = partial(self._locator, tokens)
        self._collector.add("warning", code, message, find, hint)

    def line(self, tokens: Tokens) -> str:
        """Name the line of a place, for a message about another one."""
        place = self._locator(tokens)
        return f"{place.file}:{place.line}"
