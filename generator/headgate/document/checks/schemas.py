"""Schemas: what they require, what they count out, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from headgate.document.checks.findings import Findings, Part
from headgate.document.grammar import ROOT, SCHEMA, Kind, ListOf, MapOf, Object
from headgate.document.json_values import Json, JsonObject, Tokens, fragment_tokens

TYPES: Final = frozenset(
    {"string", "number", "integer", "boolean", "object", "array", "null"}
)
_COMPOSED: Final = frozenset(
    {"allOf", "anyOf", "oneOf", "$ref", "if", "patternProperties"}
)
_WORTH_A_LOOK: Final = frozenset({"type", "enum", "required", "discriminator"})


def check_schemas(findings: Findings) -> None:
    """Check every schema of the bundle once."""

    def check_schema(value: JsonObject, path: list[str]) -> None:
        if _WORTH_A_LOOK.isdisjoint(value):
            return
        schema = Part(value, tuple(path))
        _check_types(findings, schema)
        _check_enum(findings, schema)
        _check_required(findings, schema)
        _check_discriminator(findings, schema)

    each_schema(findings.root.value, check_schema)
    _check_loops(findings)


def each_schema(root: Json, visit: Callable[[JsonObject, list[str]], None]) -> None:
    """Visit every schema of a bundle, wherever it stands, with the way to it.

    The way is a list that changes under the walk: who keeps it copies it.
    """
    path: list[str] = []

    def into(key: str, value: Json, kind: Kind) -> None:
        if isinstance(value, dict | list):
            path.append(key)
            walk(value, kind)
            path.pop()

    def walk(value: Json, kind: Kind) -> None:
        if isinstance(kind, Object) and isinstance(value, dict):
            if kind is SCHEMA:
                visit(value, path)
            fields = kind.fields
            for key, inner in value.items():
                if field := fields.get(key):
                    into(key, inner, field.kind)
        elif isinstance(kind, MapOf) and isinstance(value, dict):
            for key, inner in value.items():
                into(key, inner, kind.item)
        elif isinstance(kind, ListOf) and isinstance(value, list):
            for index, inner in enumerate(value):
                into(str(index), inner, kind.item)

    walk(root, ROOT)


def _check_types(findings: Findings, schema: Part) -> None:
    given = schema.value.get("type")
    for name in given if isinstance(given, list) else [given]:
        if isinstance(name, str) and name not in TYPES:
            findings.warning(
                "unknown-type",
                f"{name!r} is no JSON Schema type: any value is taken",
                (*schema.tokens, "type"),
            )


def _check_enum(findings: Findings, schema: Part) -> None:
    values = schema.value.get("enum")
    if not isinstance(values, list):
        return
    place = (*schema.tokens, "enum")
    if not values:
        findings.warning("empty-enum", "an empty enum admits no value", place)
    seen: set[tuple[str, str]] = set()
    for index, value in enumerate(values):
        key = type(value).__name__, repr(value)
        if key in seen:
            message = f"{value!r} stands in the enum twice"
            findings.warning("duplicate-enum-value", message, (*place, str(index)))
        seen.add(key)


def _check_required(findings: Findings, schema: Part) -> None:
    """A required name that no property has is a slip, unless others may add it."""
    properties = schema.value.get("properties")
    if not isinstance(properties, dict) or _COMPOSED & schema.value.keys():
        return
    if schema.tokens[-2:-1] in (("allOf",), ("anyOf",), ("oneOf",)):
        return
    for index, name in enumerate(schema.strings("required")):
        if name not in properties:
            findings.warning(
                "required-without-property",
                f"{name!r} is required but is none of the properties",
                (*schema.tokens, "required", str(index)),
            )


def _check_discriminator(findings: Findings, schema: Part) -> None:
    """A mapping leads to one of the schemas that the union is made of."""
    discriminator = schema.object("discriminator")
    key = "oneOf" if "oneOf" in schema.value else "anyOf"
    members = {member.text("$ref") for member in schema.items(key)}
    if not members:
        return
    known = findings.root.object("components", "schemas").value
    for tag, target in discriminator.object("mapping").value.items():
        if not isinstance(target, str):
            continue
        name = next(iter(fragment_tokens(target)[-1:]), None)
        if name in known and target not in members:
            findings.warning(
                "mapping-outside-union",
                f"{target.rsplit('/', 1)[-1]!r} is not part of this {key}",
                (*discriminator.tokens, "mapping", tag),
            )


def _check_loops(findings: Findings) -> None:
    """A schema may contain itself, but it cannot be itself."""
    named = dict(findings.root.object("components").members("schemas"))
    targets = {
        name: [target for target in _stands_for(schema) if target in named]
        for name, schema in named.items()
    }
    for loop in loops(targets):
        findings.error(
            "reference-loop",
            f"the schema refers only to itself: {' to '.join(loop)}",
            _loop_place(named[loop[0]]),
        )


def loops(targets: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Give each way that leads back to where it began, however long, only once."""
    done: set[str] = set()
    for start in targets:
        way: dict[str, Iterator[str]] = {}
        following: str | None = start
        while following is not None or way:
            if following in way:
                names = list(way)
                yield [*names[names.index(following) :], following]
            elif following is not None and following not in done:
                way[following] = iter(targets[following])
            if not way:
                break
            last = next(reversed(way))
            following = next(way[last], None)
            if following is None:
                done.add(last)
                del way[last]


def _stands_for(schema: Part) -> Iterator[str]:
    """Give the names of the schemas that a schema is, rather than has."""
    if reference := schema.text("$ref"):
        yield fragment_tokens(reference)[-1]
    for parent in schema.items("allOf"):
        yield from _stands_for(parent)


def _loop_place(schema: Part) -> Tokens:
    return (*schema.tokens, "$ref") if "$ref" in schema.value else schema.tokens
