"""JSON values that a schema of a document allows, made by chance from a seed.

A draft is made by walking the schema, then judged by a validator that knows nothing of
how it was made; what the validator refuses is thrown away. What a walk cannot satisfy
(a pattern, `not`) therefore costs values and never gives wrong ones.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument, NoSuchExample

DEEPEST = 6
ATTEMPTS = 12
FORMATS = {
    "date": "2026-11-21",
    "date-time": "2026-11-21T05:12:12Z",
    "time": "05:12:12Z",
    "duration": "P1DT2H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/a?b=c",
    "url": "https://example.com/a?b=c",
    "uuid": "0b0e7a8e-6c2f-4a0b-9d0a-0123456789ab",
    "byte": "aGVhZGdhdGU=",
    "base64url": "aGVhZGdhdGU",
}
BRIEF = settings(
    database=None,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
LETTERS = string.ascii_letters + string.digits + ' _-äß漢😀"\\/\n\u2028'


Judge = jsonschema_rs.Draft202012Validator


class UntaggedError(Exception):
    """A draft of a tagged union has no tag, which JSON Schema cannot forbid."""


class Values:
    """Makes values for the component schemas of one bundled document."""

    def __init__(self, root: Mapping[str, Any], seed: int = 0) -> None:
        self._components = {"schemas": plain(root.get("components", {})).get("schemas")}
        self._chance = random.Random(seed)

    @property
    def schemas(self) -> dict[str, Any]:
        """The component schemas by name, in JSON Schema's own words."""
        return self._components["schemas"] or {}

    def valid(self, name: str, count: int) -> Iterator[Any]:
        """At most `count` different values that the named schema allows."""
        yield from self.allowed({"$ref": f"#/components/schemas/{name}"}, count)

    def allowed(self, schema: Mapping[str, Any], count: int) -> Iterator[Any]:
        """At most `count` different values that a schema allows."""
        judge = self.judge(schema)
        if judge is None:
            return
        found: list[Any] = []
        for _ in range(count * ATTEMPTS):
            if len(found) == count:
                return
            try:
                value = self.draft(schema)
            except UntaggedError:
                continue
            if value not in found and judge.is_valid(value):
                found.append(value)
                yield value

    def judge(self, schema: Mapping[str, Any]) -> Judge | None:
        """A validator that may follow references; None for what is no schema."""
        try:
            return jsonschema_rs.Draft202012Validator(
                {**schema, "components": self._components}, validate_formats=True
            )
        except jsonschema_rs.ValidationError:
            return None

    def draft(self, schema: Any, depth: int = 0) -> Any:
        """A value that the schema probably allows."""
        if not isinstance(schema, dict):
            return self._anything()
        if "$ref" in schema:
            return self.draft(self._follow(schema["$ref"]), depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._chance.choice(schema["enum"])
        branches = schema.get("oneOf") or schema.get("anyOf")
        parts = list(schema.get("allOf") or [])
        if branches:
            branch = self._branch(branches, depth)
            if not branch and not _says_a_type(schema.keys() - {"oneOf", "anyOf"}):
                return self._anything()
            parts.append(branch)
        own = self._typed(schema, depth)
        drafts = [self.draft(part, depth + 1) for part in parts if _says_a_type(part)]
        made = own
        if drafts and all(isinstance(each, dict) for each in drafts):
            made = own if isinstance(own, dict) else {}
            for each in drafts:
                made = {**made, **each}
        elif drafts:
            made = drafts[-1]
        tag = (schema.get("discriminator") or {}).get("propertyName")
        if tag is not None and isinstance(made, dict) and tag not in made:
            raise UntaggedError(tag)
        return made

    def _follow(self, reference: str) -> Any:
        name = reference.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")
        return self.schemas.get(name, {})

    def _branch(self, branches: list[Any], depth: int) -> Any:
        """One branch; past the depth, the one that says least."""
        if depth < DEEPEST:
            return self._chance.choice(branches)
        return min(branches, key=lambda branch: "$ref" in branch or len(str(branch)))

    def _typed(self, schema: dict[str, Any], depth: int) -> Any:
        kinds = schema.get("type")
        if isinstance(kinds, list):
            kinds = self._chance.choice(kinds) if depth < DEEPEST else kinds[-1]
        if kinds is None:
            kinds = _implied(schema)
        match kinds:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "string":
                return self._text(schema)
            case "integer":
                return self._whole(schema)
            case "number":
                return self._whole(schema) + self._chance.choice([0.5, 0.25, 0.125])
            case "boolean":
                return self._chance.random() < 0.5
            case "null":
                return None
            case _:
                return {} if _has_parts(schema) else self._anything()

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        required = set(schema.get("required") or [])
        made = {
            name: self.draft(part, depth + 1)
            for name, part in (schema.get("properties") or {}).items()
            if name in required or (depth < DEEPEST and self._chance.random() < 0.5)
        }
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict) and depth < DEEPEST:
            for _ in range(self._chance.randint(0, 2)):
                made.setdefault(self._word(), self.draft(extra, depth + 1))
        return made

    def _array(self, schema: dict[str, Any], depth: int) -> list[Any]:
        first = [self.draft(each, depth + 1) for each in schema.get("prefixItems", [])]
        least = max(schema.get("minItems", 0) - len(first), 0)
        most = schema.get("maxItems", least + 2) - len(first)
        items = schema.get("items", {})
        if items is False:
            return first
        size = least
        if depth < DEEPEST:
            size = self._chance.randint(least, max(least, min(most, least + 2)))
        return [*first, *(self.draft(items, depth + 1) for _ in range(size))]

    def _text(self, schema: dict[str, Any]) -> str:
        known = FORMATS.get(schema.get("format", ""))
        if known is not None:
            return known
        if "pattern" in schema:
            return _matching(schema["pattern"], schema.get("minLength", 0))
        least = schema.get("minLength", 0)
        most = min(schema.get("maxLength", least + 12), least + 12)
        size = self._chance.randint(least, max(least, most))
        return "".join(self._chance.choice(LETTERS) for _ in range(size))

    def _whole(self, schema: dict[str, Any]) -> int:
        least = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        most = schema.get("maximum", schema.get("exclusiveMaximum", least + 1001) - 1)
        step = schema.get("multipleOf", 1)
        number = self._chance.randint(int(least), max(int(least), int(most)))
        return int(number // step * step) if step >= 1 else number

    def _word(self) -> str:
        return "".join(self._chance.choice(string.ascii_lowercase) for _ in range(6))

    def _anything(self) -> Any:
        return self._chance.choice([self._word(), 7, True, {"any": [1, "two"]}, []])


@cache
def _matching(pattern: str, least: int) -> str:
    """The simplest text that has a pattern; one without it if there is none.

    An empty one is the last choice: it cannot stand in a path.
    """
    texts = st.from_regex(re.compile(pattern, re.ASCII))
    try:
        wanted = max(least, 1)
        return find(texts, lambda text: len(text.strip()) >= wanted, settings=BRIEF)
    except (NoSuchExample, InvalidArgument):
        return ""


def _says_a_type(words: Collection[str]) -> bool:
    """Whether a schema of these words is more than a description of others."""
    known = {"$ref", "const", "enum", "type", "properties", "items", "prefixItems"}
    return not known.isdisjoint(words) or _has_parts(words)


def _has_parts(words: Collection[str]) -> bool:
    return any(word in words for word in ("allOf", "anyOf", "oneOf"))


def _implied(schema: dict[str, Any]) -> str | None:
    """The type that a schema without `type` speaks of."""
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return None


def plain(schema: Any) -> Any:
    """A schema with OpenAPI 3.0's own words said in JSON Schema's."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    said = {name: plain(value) for name, value in schema.items()}
    for exclusive, limit in (
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ):
        if said.get(exclusive) is True:
            said[exclusive] = said.pop(limit)
        elif said.get(exclusive) is False:
            del said[exclusive]
    if said.get("nullable") is not True:
        return said
    del said["nullable"]
    return {"anyOf": [said, {"type": "null"}]}
