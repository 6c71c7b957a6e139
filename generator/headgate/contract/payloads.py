"""The schemas of a stream's events: which there are, what is valid, what lies where."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema_rs

from headgate.contract.declaration import (
    Action,
    Declaration,
    Key,
    PathStep,
)
from headgate.contract.paths import write_source, write_target
from headgate.contract.problems import Problem
from headgate.document.json_values import (
    Json,
    JsonObject,
    follow,
    fragment_tokens,
    pointer,
)

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DEEPEST = 64


class Payloads:
    """The events of one stream, by the value of its discriminator.

    A stream without `event` has none, and validates nothing.
    """

    def __init__(self, bundle: JsonObject, declaration: Declaration) -> None:
        self._bundle = bundle
        self._declaration = declaration
        self.schemas = self._find_kinds()
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def __contains__(self, kind: str) -> bool:
        return kind in self.schemas

    def fault(self, kind: str, payload: JsonObject) -> str | None:
        """Say why a payload is not a valid event of its kind; None if it is one."""
        schema = self.schemas.get(kind)
        if schema is None:
            return None
        validator = self._validators.get(kind)
        if validator is None:
            validator = self._validators[kind] = self._validator(schema)
        if validator.is_valid(payload):
            return None
        error = next(iter(validator.iter_errors(payload)))
        place = ".".join(str(part) for part in error.instance_path)
        return f"{place}: {error.message}" if place else error.message

    def resolve(self, schema: Json) -> JsonObject:
        """Follow a schema's references; an empty schema where they lead nowhere."""
        for _ in range(_DEEPEST):
            if not isinstance(schema, dict):
                return {}
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            _, schema = follow(self._bundle, fragment_tokens(reference))
        return {}

    def branches(self, schema: Json) -> Iterator[JsonObject]:
        """Give the alternatives of a schema, unions within unions flattened."""
        yield from self._branches(schema, 0)

    def problems(self) -> list[Problem]:
        """Say which events and fold paths of the declaration the schemas deny."""
        return [*self._event_problems(), *self._fold_problems()]

    def _branches(self, schema: Json, depth: int) -> Iterator[JsonObject]:
        resolved = self.resolve(schema)
        alternatives = resolved.get("oneOf", resolved.get("anyOf"))
        if isinstance(alternatives, list) and depth < _DEEPEST:
            for alternative in alternatives:
                yield from self._branches(alternative, depth + 1)
        else:
            yield resolved

    def _find_kinds(self) -> dict[str, JsonObject]:
        declaration = self._declaration
        if declaration.event is None:
            return {}
        union: JsonObject = {"$ref": declaration.event}
        tag = declaration.discriminator
        if tag is None:
            return dict.fromkeys(declaration.kinds, union) | self._error_kind()
        kinds: dict[str, JsonObject] = {}
        for branch in self.branches(union):
            for value in self._tags(branch, tag):
                kinds[value] = branch
        return kinds

    def _error_kind(self) -> dict[str, JsonObject]:
        """Give the schema of an error that is none of the events, if it has one."""
        error = self._declaration.data.get("error")
        schema = error.get("schema") if isinstance(error, dict) else None
        if self._declaration.error is None or not isinstance(schema, dict):
            return {}
        return {self._declaration.error[0]: schema}

    def _tags(self, branch: JsonObject, tag: str) -> list[str]:
        found: list[str] = []
        for schema in self.property_schemas(branch, tag):
            constant = schema.get("const")
            values = schema.get("enum", [constant])
            if isinstance(values, list):
                found += [value for value in values if isinstance(value, str)]
        return found

    def property_schemas(self, schema: Json, name: str) -> list[JsonObject]:
        """Give what a schema and the parts of its `allOf` say of a property."""
        found: list[JsonObject] = []
        for part in self._parts(schema, 0):
            properties = part.get("properties")
            if isinstance(properties, dict) and name in properties:
                found += self.branches(properties[name])
        return found

    def fields(self, schema: Json) -> tuple[frozenset[str], dict[str, Json]]:
        """Give an object's required names and the schemas of its properties."""
        required: set[str] = set()
        properties: dict[str, Json] = {}
        for part in self._parts(schema, 0):
            names, found = part.get("required"), part.get("properties")
            required |= {name for name in _as_list(names) if isinstance(name, str)}
            properties |= found if isinstance(found, dict) else {}
        return frozenset(required), properties

    def _parts(self, schema: Json, depth: int) -> Iterator[JsonObject]:
        resolved = self.resolve(schema)
        yield resolved
        parts = resolved.get("allOf")
        if isinstance(parts, list) and depth < _DEEPEST:
            for part in parts:
                yield from self._parts(part, depth + 1)

    def _validator(self, schema: JsonObject) -> jsonschema_rs.Validator:
        whole: JsonObject = {
            "$schema": _DIALECT,
            "allOf": [schema],
            "components": self._bundle.get("components", {}),
        }
        return jsonschema_rs.validator_for(whole)

    def _event_problems(self) -> Iterator[Problem]:
        declaration = self._declaration
        if declaration.discriminator is None:
            return
        known = declaration.events() - {declaration.sentinel}
        for kind in sorted(known - self.schemas.keys()):
            at = _place_of(declaration, kind)
            yield self._problem("stream-event", at, f"no schema describes {kind!r}")
        for kind in sorted(self.schemas.keys() - known):
            message = f"no state admits the event {kind!r}"
            yield self._problem("stream-event", ("event",), message)

    def _fold_problems(self) -> Iterator[Problem]:
        fold = self._declaration.fold
        if fold is None:
            return
        for rule in fold.rules:
            event = self.schemas.get(rule.event)
            if event is None:
                continue
            at = ("fold", rule.event, *(() if rule.tag is None else (rule.tag,)))
            if rule.by and not self._leads(event, rule.by):
                message = f"{rule.event} has no {write_source(rule.by)!r}"
                yield self._problem("stream-fold", ("fold", rule.event, "by"), message)
            for number, action in enumerate(rule.actions):
                here = (*at, str(number))
                yield from self._action_problems(rule.event, event, action, here)

    def _action_problems(
        self, name: str, event: JsonObject, action: Action, at: tuple[str, ...]
    ) -> Iterator[Problem]:
        assert self._declaration.fold is not None
        if not self._leads(event, action.source):
            message = f"{name} has no {write_source(action.source)!r}"
            yield self._problem("stream-fold", (*at, "from"), message)
        into = self._declaration.fold.into
        if into is not None and not self._fits({"$ref": into}, action.target):
            message = f"the folded object has no {write_target(action.target)!r}"
            yield self._problem("stream-fold", (*at, action.kind), message)
        for step in action.target:
            if not isinstance(step, Key) and not self._leads(event, step.by):
                message = f"{name} has no {write_source(step.by)!r} to index with"
                yield self._problem("stream-fold", (*at, action.kind), message)

    def _leads(self, schema: JsonObject, path: tuple[str, ...]) -> bool:
        return self._fits(schema, tuple(Key(name) for name in path))

    def _fits(self, schema: Json, path: tuple[PathStep, ...]) -> bool:
        here = list(self.branches(schema))
        for step in path:
            here = [found for part in here for found in self._below(part, step)]
        return bool(here)

    def _below(self, schema: JsonObject, step: PathStep) -> list[JsonObject]:
        if isinstance(step, Key):
            found = self.property_schemas(schema, step.name)
            return found or ([{}] if self._is_free(schema) else [])
        items = schema.get("items")
        return [] if items is None else list(self.branches(items))

    def _is_free(self, schema: JsonObject) -> bool:
        """Say whether any field may lie in a value: free JSON, or a map."""
        parts = list(self._parts(schema, 0))
        named = any("properties" in part for part in parts)
        typed = schema.get("type", "object")
        return not named and (typed == "object" or "object" in _as_list(typed))

    def _problem(self, code: str, at: tuple[str, ...], message: str) -> Problem:
        root = ("x-streams", self._declaration.name)
        return Problem(code, pointer((*root, *at)), message)


def _as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _place_of(declaration: Declaration, kind: str) -> tuple[str, ...]:
    for state, events in declaration.states.items():
        if kind in events:
            return ("states", state, kind)
    if kind in declaration.from_any:
        return ("from_any", kind)
    return ("heartbeats",) if kind in declaration.heartbeats else ("anywhere", kind)
