"""What in a body asks for a stream instead of the whole answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from headgate.ir.build.merge import flattened
from headgate.ir.build.reader import (
    Node,
    Object,
    Reader,
    as_list,
    as_object,
    is_object,
    text_at,
)
from headgate.ir.operations import BodyFlag, QueryFlag

if TYPE_CHECKING:
    from headgate.ir.build.raw import RawOperation
    from headgate.ir.types import LiteralValue

DONE = "[DONE]"
_MODES = ("streaming", "stream", "sse", "event-stream")


def find_flag(reader: Reader, raw: RawOperation, declared: Object) -> BodyFlag | None:
    """Find the property that asks for a stream: declared, boolean, or a mode."""
    asked = as_object(declared.get("asked_by"))
    properties, required = _properties(reader, raw)
    name = text_at(asked, "body")
    if name is not None:
        value = asked.get("value", True)
        found = _switch(reader, name, properties, required)
        otherwise = found.otherwise if found else None
        return BodyFlag(name, value, asked.get("otherwise", otherwise))
    flags = (_switch(reader, name, properties, required) for name in properties)
    return next((flag for flag in flags if flag is not None), None)


def find_query_flag(
    reader: Reader, raw: RawOperation, declared: Object
) -> QueryFlag | None:
    """Find the query parameter that asks for a stream, in the same three ways."""
    asked = as_object(declared.get("asked_by"))
    schemas, required = _query(reader, raw)
    name = text_at(asked, "query")
    if name is not None:
        found = _switch(reader, name, schemas, required)
        otherwise = found.otherwise if found else None
        value = asked.get("value", True)
        return QueryFlag(name, value, asked.get("otherwise", otherwise))
    if "body" in asked:
        return None
    flags = (_switch(reader, name, schemas, required) for name in schemas)
    flag = next((flag for flag in flags if flag is not None), None)
    if flag is None:
        return None
    return QueryFlag(flag.property, flag.value, flag.otherwise)


def _query(reader: Reader, raw: RawOperation) -> tuple[Object, list[str]]:
    """Give the schemas of the query's parameters, and the required ones."""
    nodes = [*raw.item.items("parameters"), *raw.node.items("parameters")]
    given = [reader.resolve(node).value for node in nodes]
    query = [value for value in given if value.get("in") == "query"]
    required = [str(it.get("name")) for it in query if it.get("required") is True]
    return {str(it.get("name")): as_object(it.get("schema")) for it in query}, required


def _properties(reader: Reader, raw: RawOperation) -> tuple[Object, list[str]]:
    """Give the properties of the bodies that may have any, and the required ones."""
    request = raw.node.value.get("requestBody")
    if not is_object(request):
        return {}, []
    body = reader.resolve(Node(request, raw.node.child("requestBody")))
    properties: Object = {}
    required: list[str] = []
    for _, media in body.objects("content"):
        schema = media.value.get("schema")
        if is_object(schema):
            flat = flattened(reader, Node(schema, media.child("schema")))
            properties = {**as_object(flat.get("properties")), **properties}
            required += as_list(flat.get("required"))
    return properties, required


def _switch(
    reader: Reader, name: str, properties: Object, required: list[str]
) -> BodyFlag | None:
    value = properties.get(name)
    if not is_object(value):
        return None
    schema = flattened(reader, Node(value, "#"))
    if name == "stream" and "boolean" in _kinds(schema):
        is_on = schema.get("default") is True and False in _booleans(schema)
        return BodyFlag(name, value=True, otherwise=False if is_on else None)
    values = [each for each in as_list(schema.get("enum")) if isinstance(each, str)]
    mode = next((each for each in _MODES if each in values), None)
    others = [each for each in values if each != mode]
    if mode is None or not others:
        return None
    is_needed = name in required or schema.get("default") == mode
    return BodyFlag(name, mode, others[0] if is_needed else None)


def _kinds(schema: Object) -> list[str]:
    kinds = schema.get("type")
    found = [kinds] if isinstance(kinds, str) else as_list(kinds)
    for key in ("anyOf", "oneOf"):
        for member in as_list(schema.get(key)):
            found += _kinds(as_object(member))
    return found


def _booleans(schema: Object) -> list[LiteralValue]:
    return cast("list[LiteralValue]", schema.get("enum", [True, False]))


def find_sentinel(reader: Reader, raw: RawOperation, media: Node) -> str | None:
    """Find the data of a last frame that is no event: marked, or told in prose."""
    for holder in (media.value, as_object(media.value.get("schema"))):
        marked = text_at(holder, "x-speakeasy-sse-sentinel")
        if marked is not None:
            return marked
    properties, _ = _properties(reader, raw)
    told = (raw.node.value, media.value, as_object(properties.get("stream")))
    texts = [str(part.get("description", "")) for part in told]
    return DONE if any(DONE in text for text in texts) else None
