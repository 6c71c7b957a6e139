"""Writes a document as one OpenAPI file of a chosen version, for other tools."""

from __future__ import annotations

from typing import Final, Literal

from headgate.document.document import Document
from headgate.document.grammar import (
    ANNOTATIONS,
    MEDIA_TYPE,
    ROOT,
    SCHEMA,
    Data,
    Kind,
    Linked,
    ListOf,
    MapOf,
    Object,
    Scalar,
)
from headgate.document.json_values import Json, JsonObject, follow, fragment_tokens

PublishedVersion = Literal["3.1", "3.2"]

_OLD_WORDS: Final = frozenset({"nullable", "exclusiveMinimum", "exclusiveMaximum"})
_COMPOSED: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
_FRAME_FIELDS: Final = frozenset({"data", "event", "id", "retry"})


def bundle(document: Document, version: PublishedVersion = "3.1") -> JsonObject:
    """Give the bundle as a document of a version, fit to be written as JSON.

    3.2 says `itemSchema` where 3.1 has to say `schema` for one frame of an event
    stream. What a schema says in OpenAPI 3.0's own words (`nullable`), in whichever
    version, is put into those of JSON Schema 2020-12.
    """
    root = _Writer(document.root, version).write(document.root, ROOT)
    assert isinstance(root, dict)
    return {**root, "openapi": f"{version}.0"}


class _Writer:
    def __init__(self, root: JsonObject, version: PublishedVersion) -> None:
        self._root = root
        self._with_items = version == "3.2"

    def write(self, value: Json, kind: Kind) -> Json:
        """Copy a value as the version has it."""
        match kind:
            case Object() if isinstance(value, dict):
                return self._object(value, kind)
            case MapOf() if isinstance(value, dict):
                if kind.item is MEDIA_TYPE:
                    value = {name: self._media(name, it) for name, it in value.items()}
                return {name: self.write(it, kind.item) for name, it in value.items()}
            case ListOf() if isinstance(value, list):
                return [self.write(item, kind.item) for item in value]
            case Object() | MapOf() | ListOf() | Data() | Linked() | Scalar():
                return value

    def _object(self, value: JsonObject, kind: Object) -> JsonObject:
        if kind is SCHEMA and not _OLD_WORDS.isdisjoint(value):
            value = _as_2020_12(value)
        fields = kind.fields
        return {
            key: self.write(inner, field.kind) if (field := fields.get(key)) else inner
            for key, inner in value.items()
        }

    def _media(self, name: str, value: Json) -> Json:
        """Put the schema of a stream's frame where the version has it."""
        if not isinstance(value, dict):
            return value
        if self._with_items:
            is_stream = name.partition(";")[0].strip().lower() == "text/event-stream"
            move = is_stream and self._is_frame(value.get("schema"), 0)
            old, new = "schema", "itemSchema"
        else:
            move = True
            old, new = "itemSchema", "schema"
        if not move or old not in value or new in value:
            return value
        return {(new if key == old else key): it for key, it in value.items()}

    def _is_frame(self, schema: Json, depth: int) -> bool:
        """Tell a frame (`event`, `id`, `data`) from the bare payload of an event."""
        if not isinstance(schema, dict) or depth > 20:
            return False
        if isinstance(reference := schema.get("$ref"), str):
            target = follow(self._root, fragment_tokens(reference))[1]
            return self._is_frame(target, depth + 1)
        branches = schema.get("oneOf", schema.get("anyOf"))
        if isinstance(branches, list) and branches:
            return all(self._is_frame(branch, depth + 1) for branch in branches)
        properties = schema.get("properties")
        return (
            isinstance(properties, dict)
            and "data" in properties
            and properties.keys() <= _FRAME_FIELDS
        )


def _as_2020_12(schema: JsonObject) -> JsonObject:
    """Put what OpenAPI 3.0 says in its own words into those of JSON Schema."""
    result = {key: value for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable") is True:
        result = _or_null(result)
    for exclusive, bound in (
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ):
        if isinstance(flag := schema.get(exclusive), bool):
            del result[exclusive]
            if flag and bound in result:
                result[exclusive] = result.pop(bound)
    return result


def _or_null(schema: JsonObject) -> JsonObject:
    """Let a schema allow null; what is said about it stays where it is."""
    kind, values = schema.get("type"), schema.get("enum")
    if not _COMPOSED.isdisjoint(schema):
        about = {key: it for key, it in schema.items() if _is_about(key)}
        rest: JsonObject = {k: it for k, it in schema.items() if k not in about}
        return {"anyOf": [rest, {"type": "null"}], **about}
    result = dict(schema)
    if isinstance(kind, str) and kind != "null":
        result["type"] = [kind, "null"]
    elif isinstance(kind, list) and "null" not in kind:
        result["type"] = [*kind, "null"]
    if isinstance(values, list) and None not in values:
        result["enum"] = [*values, None]
    return result


def _is_about(key: str) -> bool:
    return key in ANNOTATIONS or key.startswith("x-")
