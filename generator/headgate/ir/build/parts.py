"""How the fields of a form or a multipart body are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.build.media import OCTETS
from headgate.ir.build.part_kinds import part_kind, variants_of
from headgate.ir.build.reader import Node, text_at
from headgate.ir.build.settled import settled
from headgate.ir.build.styles import style_at
from headgate.ir.operations import Part
from headgate.ir.types import (
    Definition,
    Field,
    ListOf,
    Ref,
    Scalar,
    Struct,
    TypeExpr,
    TypeId,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.build.reader import Reader
    from headgate.ir.operations import BodyKind, PartKind

_STYLED = frozenset({"style", "explode", "allowReserved"})
"""What makes a field of a URL-encoded form one that is written by its style, where any
of it is stated: others are written by their media type (OpenAPI 3.1.1, 4.8.15.1.2)."""
_WITHOUT_FILES: Mapping[PartKind, PartKind] = {"file": "text", "any": "json"}
"""What stands in a URL-encoded form for what would be a file."""


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
    found: dict[str, Field] = {}
    for each in variants_of(type_, definitions):
        definition = definitions.get(each.id) if isinstance(each, Ref) else None
        if isinstance(definition, Struct):
            for field in definition.fields:
                found.setdefault(field.name, field)
    return tuple(found.values())


def _part(
    reader: Reader,
    field: Field,
    node: Node,
    definitions: Mapping[TypeId, Definition],
    kind: BodyKind,
) -> Part:
    whole = settled(field.type, definitions)
    item = settled(whole.item, definitions) if isinstance(whole, ListOf) else whole
    encoding = node.value
    content_type = text_at(encoding, "contentType") or _held(item)
    style = style_at(reader, node, "query")
    own = part_kind(item, definitions, content_type)
    may_be_list = any(_is_list(each) for each in variants_of(item, definitions))
    if kind == "form":
        is_styled = not _STYLED.isdisjoint(encoding)
        own = "text" if is_styled else _WITHOUT_FILES.get(own, own)
    return Part(
        field=field.name,
        kind=own,
        many=_is_list(whole) or (own in ("file", "any") and may_be_list),
        content_type=_one_type(content_type),
        style=style,
        explode=bool(encoding.get("explode", style == "form")),
    )


def _is_list(type_: TypeExpr) -> bool:
    return isinstance(type_, ListOf)


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
