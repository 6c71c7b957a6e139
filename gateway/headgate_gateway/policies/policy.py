"""A policy, compiled: which requests it looks at, and which of its rules hold."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import jsonschema_rs

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject
from headgate_gateway.policies.conditions import (
    Condition,
    compile_condition,
    compile_pattern,
    fields_of,
)
from headgate_gateway.policies.patterns import Pattern
from headgate_gateway.policies.problems import Problems
from headgate_gateway.policies.view import View

_PARAMETERS = re.compile(r";[^/]*")


@dataclass(frozen=True, slots=True)
class Action:
    """What a rule does; ``pattern`` and ``schema`` are those of it, compiled."""

    node: JsonObject
    pattern: Pattern | None = None
    schema: jsonschema_rs.Validator | None = None

    @property
    def kind(self) -> str:
        """Its type."""
        return str(self.node["type"])


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition and what is done when it holds."""

    index: int
    when: Condition
    then: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy."""

    id: str
    name: str
    enforced: bool
    phase: str
    scope: JsonObject
    rules: tuple[Rule, ...]
    reads_usage: bool = False
    """Whether a condition asks what the key has used."""

    def looks_at(self, view: View) -> bool:
        """Whether a request is in its scope."""
        keys, operations = self.scope.get("key_ids"), self.scope.get("operations")
        paths: list[str] | None = self.scope.get("paths")
        return (
            view.is_governed
            and (keys is None or view.key_id in keys)
            and (operations is None or view.operation in operations)
            and (paths is None or any(_is_at(view.path, item) for item in paths))
        )

    def holding(self, view: View) -> Iterator[Rule]:
        """The rules that hold, up to one that lets the request pass."""
        for rule in self.rules:
            if self._holds(rule, view):
                yield rule
                if any(action.kind == "allow" for action in rule.then):
                    return

    def _holds(self, rule: Rule, view: View) -> bool:
        try:
            return rule.when(view)
        except GatewayError:
            # A text could not be looked through; in shadow mode nothing is refused.
            if self.enforced:
                raise
            return False


def _is_at(path: str, wanted: str) -> bool:
    """Whether a path is one that is wanted, also without its segments' parameters.

    Some upstreams take ``admin;x=1`` for ``admin``.
    """
    plain = _PARAMETERS.sub("", path)
    return fnmatchcase(path, wanted) or fnmatchcase(plain, wanted)


def compile_rules(rules: list[JsonObject]) -> tuple[Rule, ...]:
    """The rules of a policy; 422 with every fault where they do not compile."""
    problems = Problems()
    compiled = tuple(
        Rule(
            index,
            compile_condition(rule["when"], f"/rules/{index}/when", problems),
            tuple(
                _action(node, f"/rules/{index}/then/{place}", problems)
                for place, node in enumerate(rule["then"])
            ),
        )
        for index, rule in enumerate(rules)
    )
    problems.raise_any()
    return compiled


def compile_policy(row: Mapping[Any, Any]) -> Policy:
    """The policy of a stored row, which compiled when it was stored."""
    return Policy(
        id=row["id"],
        name=row["name"],
        enforced=row["mode"] == "enforce",
        phase=row["phase"],
        scope=row["scope"],
        rules=compile_rules(row["rules"]),
        reads_usage=any(
            field.startswith("usage.")
            for rule in row["rules"]
            for field in fields_of(rule["when"])
        ),
    )


def _action(node: JsonObject, at: str, problems: Problems) -> Action:
    match node["type"]:
        case "redact" if "custom_pattern" in node:
            at = f"{at}/custom_pattern"
            return Action(node, compile_pattern(node["custom_pattern"], at, problems))
        case "transform" if "replace" in node:
            at = f"{at}/replace/pattern"
            text = node["replace"]["pattern"]
            return Action(node, compile_pattern(text, at, problems))
        case "validate_schema":
            return Action(node, schema=_validator(node["schema"], at, problems))
        case _:
            return Action(node)


def _validator(
    schema: JsonObject, at: str, problems: Problems
) -> jsonschema_rs.Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator(schema, retriever=_no_retrieval)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        problems.add(f"{at}/schema", f"This is no JSON Schema: {error}"[:300])
        return None


def _no_retrieval(uri: str) -> JsonObject:
    raise ValueError(f"{uri} is elsewhere")
