"""How the fields of a form or a multipart body are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.build.media import OCTETS
from headgate.ir.build.reader import Node, text_at
from headgate.ir.build.styles import style_at
from headgate.ir.operations import Part
from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
    Enum,
    Field,
    ListOf,
    Nullable,
    Ref,
    Scalar,
    Struct,
    TypeExpr,
    TypeId,
    Union,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.build.reader import Reader
    from headgate.ir.operations import BodyKind, PartKind

_BINARY = frozenset({"binary", "base64"})
_STYLED = frozenset({"style", "explode", "allowReserved"})
"""What makes a field of a URL-encoded form one that is written by its style, where any
of it is stated: others are written by their media type (OpenAPI 3.1.1, 4.8.15.1.2)."""


def read_parts(
    reader: Reader,
    media: Node,
    type_: TypeExpr,
    definitions: Mapping[TypeId, Definition],
    *,
    kind: BodyKind,
) -> tuple[Part, ...]:
    """Read the parts of a body; one of another kind has none."""
    if kind not in ("form", "multipart"):
        return ()
    encodings = dict(media.objects("encoding"))
    nothing = Node({}, media.pointer)
    return tuple(
        _part(reader, field, encodings.get(field.name, nothing), definitions, kind)
        for field in _fields(type_, definitions)
    )


def _fields(
    type_: TypeExpr, definitions: Mapping[TypeId, Definition]
) -> tuple[Field, ...]:
    """Give the fields of an object, or of all the objects of a union."""
    settled = _settled(type_, definitions)
    definition = definitions.get(settled.id) if isinstance(settled, Ref) else None
    if isinstance(definition, Struct):
        return definition.fields
    found: dict[str, Field] = {}
    for inner in _variants(settled, definitions):
        for field in _fields(inner, definitions):
            found.setdefault(field.name, field)
    return tuple(found.values())


def _part(
    reader: Reader,
    field: Field,
    node: Node,
    definitions: Mapping[TypeId, Definition],
    kind: BodyKind,
) -> Part:
    settled = _settled(field.type, definitions)
    inner = settled.item if isinstance(settled, ListOf) else settled
    encoding = node.value
    item = _settled(inner, definitions)
    content_type = text_at(encoding, "contentType") or _held(item)
    style = style_at(reader, node, "query")
    own = _kind(item, content_type, definitions, kind)
    has_lists = own in ("file", "any") and bool(_lists(_variants(item, definitions)))
    is_styled = kind == "form" and not _STYLED.isdisjoint(encoding)
    return Part(
        field=field.name,
        kind="text" if is_styled else own,
        many=isinstance(settled, ListOf) or has_lists,
        content_type=_one_type(content_type),
        style=style,
        explode=bool(encoding.get("explode", style == "form")),
    )


def _kind(
    inner: TypeExpr,
    content_type: str | None,
    definitions: Mapping[TypeId, Definition],
    body: BodyKind,
) -> PartKind:
    if content_type is not None and "json" in content_type:
        return "json"
    if isinstance(inner, Scalar):
        is_file = inner.kind == "binary" or inner.format in _BINARY
        given = content_type is not None and not content_type.startswith("text/")
        holds_bytes = is_file or (given and inner.kind == "string")
        return "file" if holds_bytes and body == "multipart" else "text"
    if isinstance(inner, Constant):
        return "text"
    if isinstance(inner, Ref) and isinstance(definitions.get(inner.id), Enum):
        return "text"
    return _kind_of_union(inner, content_type, definitions, body)


def _kind_of_union(
    inner: TypeExpr,
    content_type: str | None,
    definitions: Mapping[TypeId, Definition],
    body: BodyKind,
) -> PartKind:
    """Say how a union is written: as its variants, where all are written alike.

    One that has files is written by its value, and a list of files a part each.
    """
    variants = _variants(inner, definitions)
    kinds: set[PartKind] = {
        _kind(each, content_type, definitions, body)
        for each in variants
        if not isinstance(each, ListOf)
    }
    items: set[PartKind] = {
        _kind(_settled(each.item, definitions), content_type, definitions, body)
        for each in _lists(variants)
    }
    if {"file", "any"} & (kinds | items):
        return "file" if kinds | items == {"file"} else "any"
    if items:
        kinds.add("json")
    return kinds.pop() if len(kinds) == 1 else "json"


def _variants(
    inner: TypeExpr, definitions: Mapping[TypeId, Definition]
) -> list[TypeExpr]:
    """Give the types that a union is one of, but itself; none of another type."""
    definition = definitions.get(inner.id) if isinstance(inner, Ref) else None
    if not isinstance(definition, Union):
        return []
    found = [_settled(each.type, definitions) for each in definition.variants]
    return [each for each in found if each != inner]


def _lists(variants: list[TypeExpr]) -> list[ListOf]:
    return [each for each in variants if isinstance(each, ListOf)]


def _held(inner: TypeExpr) -> str | None:
    """Give what a file holds, where its schema says more than that it is bytes."""
    match inner:
        case Scalar(kind="binary", format=media_type) if media_type != OCTETS:
            return media_type
        case _:
            return None


def _one_type(content_type: str | None) -> str | None:
    """Give the media type of a part, if there is no choice of several."""
    if content_type is None or "," in content_type or "*" in content_type:
        return None
    return content_type.strip()


def _settled(type_: TypeExpr, definitions: Mapping[TypeId, Definition]) -> TypeExpr:
    seen: set[TypeId] = set()
    while True:
        if isinstance(type_, Nullable):
            type_ = type_.inner
            continue
        if not isinstance(type_, Ref) or type_.id in seen:
            return type_
        seen.add(type_.id)
        definition = definitions.get(type_.id)
        if not isinstance(definition, Alias):
            return type_
        type_ = definition.type
