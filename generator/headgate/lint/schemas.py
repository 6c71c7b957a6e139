"""Schemas: unions that have to be guessed, branches with gaps, types nobody uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from headgate.document.checks.findings import Findings, Part
from headgate.document.checks.schemas import each_schema
from headgate.document.json_values import Json, JsonObject, fragment_tokens
from headgate.ir.api import Api
from headgate.ir.types import Struct

_SCHEMAS: Final = ("components", "schemas")
_FEWEST: Final = 2
_MOST_LOST: Final = 5
"""So many schemas that nothing leads to are each shown; more are told of at once."""


def lint_schemas(findings: Findings, api: Api) -> None:
    """Look at every schema of the bundle."""

    def lint_schema(value: JsonObject, path: list[str]) -> None:
        for key in ("oneOf", "anyOf"):
            if key in value:
                _lint_union(findings, Part(value, tuple(path)), key)

    each_schema(findings.root.value, lint_schema)
    _lint_reach(findings)
    _lint_closed(findings, api)


def _lint_union(findings: Findings, schema: Part, key: str) -> None:
    branches = [findings.resolve(branch) for branch in schema.items(key)]
    tags = {
        name: values
        for name in _shared_names(findings, branches)
        if (values := _constants(findings, branches, name))
    }
    for name, values in tags.items():
        catch_alls = [b for b in branches if _tag(findings, b, name) is None]
        if len(values) < _FEWEST or len(values) + len(catch_alls) < len(branches):
            continue
        if "discriminator" not in schema.value and len(catch_alls) <= 1:
            findings.warning(
                "bare-union",
                f"nothing says that {name!r} tells these {key} branches apart",
                (*schema.tokens, key),
                f"add `discriminator: {{propertyName: {name}}}`",
            )
        for branch in catch_alls:
            _lint_catch_all(findings, branch, name, values, key)
        return


def _shared_names(findings: Findings, branches: list[Part]) -> list[str]:
    """Give the names that all branches that are objects have in common."""
    known = [findings.properties(branch) for branch in branches]
    if not known or any(properties is None for properties in known):
        return []
    names = [properties.keys() for properties in known if properties is not None]
    return [name for name in names[0] if all(name in other for other in names)]


def _constants(findings: Findings, branches: list[Part], name: str) -> list[str]:
    found = [_tag(findings, branch, name) for branch in branches]
    values = [value for value in found if value is not None]
    return values if len(set(values)) == len(values) else []


def _tag(findings: Findings, branch: Part, name: str) -> str | None:
    """Give the one value that a property of a branch has, None if it has any."""
    schema = (findings.properties(branch) or {}).get(name)
    if schema is None:
        return None
    resolved = findings.resolve(schema)
    only = resolved.strings("enum")
    value = resolved.value.get("const", only[0] if len(only) == 1 else None)
    return value if isinstance(value, str) else None


def _lint_catch_all(
    findings: Findings, branch: Part, name: str, values: list[str], key: str
) -> None:
    """A branch for what is unknown has to count out all that is known."""
    excluded = branch.object("not", "properties", name)
    counted_out = {*excluded.strings("enum"), excluded.text("const") or ""} - {""}
    title = branch.tokens[-1]
    missing = [value for value in values if value not in counted_out]
    strange = sorted(counted_out - set(values))
    if missing and key == "oneOf":
        findings.warning(
            "unknown-branch-overlap",
            f"{title!r} does not exclude {', '.join(map(repr, missing))}:"
            " such a value fits two branches of the oneOf",
            excluded.tokens if counted_out else branch.tokens,
            "count out every known value with `not`, or use a discriminator",
        )
    if strange:
        findings.warning(
            "unknown-branch-gap",
            f"{title!r} excludes {', '.join(map(repr, strange))},"
            f" which no branch of the {key} admits",
            excluded.tokens,
        )


def _lint_reach(findings: Findings) -> None:
    """A schema that nothing leads to is a type that no call gives or takes."""
    root = findings.root.value
    schemas = findings.root.object(*_SCHEMAS).value
    outside = {key: value for key, value in root.items() if key != "components"}
    components = findings.root.object("components").value
    others = {key: value for key, value in components.items() if key != "schemas"}
    waiting = [*_targets(outside), *_targets(others)]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in schemas and name not in reached:
            reached.add(name)
            waiting += _targets(schemas[name])
    lost = [name for name in schemas if name not in reached]
    if len(lost) > _MOST_LOST:
        named = ", ".join(map(repr, lost[:_MOST_LOST]))
        rest = f"{len(lost) - _MOST_LOST} more schemas"
        message = f"nothing refers to {named} and {rest}"
        findings.warning("unreachable-schema", message, (*_SCHEMAS, lost[0]))
        return
    for name in lost:
        message = f"nothing refers to the schema {name!r}"
        findings.warning("unreachable-schema", message, (*_SCHEMAS, name))


def _targets(value: Json) -> Iterator[str]:
    """Give the names of the schemas that a part of the bundle refers to."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, list):
            waiting += found
        elif isinstance(found, dict):
            reference = found.get("$ref")
            if isinstance(reference, str):
                yield fragment_tokens(reference)[-1]
            mapping = found.get("mapping")
            for target in mapping.values() if isinstance(mapping, dict) else ():
                yield str(target).rpartition("/")[2]
            waiting += found.values()


def _lint_closed(findings: Findings, api: Api) -> None:
    """An answer that may have no further property can never get one."""
    schemas = findings.root.object(*_SCHEMAS)
    for name in schemas.value:
        definition = next((d for i, d in api.definitions.items() if i == name), None)
        if not isinstance(definition, Struct) or definition.extra is not None:
            continue
        if definition.direction.received and not definition.direction.sent:
            findings.warning(
                "closed-answer",
                f"{name!r} is received, and admits no property that it gains later",
                (*schemas.tokens, name, "additionalProperties"),
                "strict clients break when it grows; close what is sent only",
            )
