"""Whether a part of a body is a file, a text, JSON, or what its value says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.build.settled import settled
from headgate.ir.types import (
    Constant,
    Definition,
    Enum,
    ListOf,
    Ref,
    Scalar,
    TypeExpr,
    TypeId,
    Union,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.operations import PartKind

_BINARY = frozenset({"binary", "base64"})


def part_kind(
    type_: TypeExpr,
    definitions: Mapping[TypeId, Definition],
    content_type: str | None = None,
) -> PartKind:
    """Say how a value is written as one part; of a list, say it of an item.

    A union is written as its variants, where all are written alike. One that has files
    is written by its value, and a list of files a part each.
    """
    inner = settled(type_, definitions)
    if content_type is not None and "json" in content_type:
        return "json"
    is_typed = content_type is not None and not content_type.startswith("text/")
    if is_typed and isinstance(inner, Scalar) and inner.kind == "string":
        return "file"
    kinds = _kinds(inner, definitions, frozenset())
    if "file" in kinds and len(kinds) > 1:
        return "any"
    return kinds.pop() if len(kinds) == 1 else "json"


def _kinds(
    inner: TypeExpr,
    definitions: Mapping[TypeId, Definition],
    inside: frozenset[TypeId],
) -> set[PartKind]:
    """Give how the variants of a type are written, and the items of lists of files.

    A union within itself adds nothing to what it is outside.
    """
    if isinstance(inner, Scalar):
        is_file = inner.kind == "binary" or inner.format in _BINARY
        return {"file" if is_file else "text"}
    if isinstance(inner, Constant):
        return {"text"}
    if not isinstance(inner, Ref):
        return {"json"}
    if isinstance(definitions.get(inner.id), Enum):
        return {"text"}
    if inner.id in inside:
        return set()
    if not isinstance(definitions.get(inner.id), Union):
        return {"json"}
    inside |= {inner.id}
    found: set[PartKind] = set()
    for each in variants_of(inner, definitions):
        if isinstance(each, ListOf):
            items = _kinds(settled(each.item, definitions), definitions, inside)
            found |= items if "file" in items else {"json"}
        else:
            found |= _kinds(each, definitions, inside)
    return found


def variants_of(
    type_: TypeExpr, definitions: Mapping[TypeId, Definition]
) -> list[TypeExpr]:
    """Give what a value of a type may be: of unions in unions, each once, the variants.

    A type that is no union is the one thing that its value may be.
    """
    found: list[TypeExpr] = []
    seen: set[TypeId] = set()
    to_see = [type_]
    while to_see:
        each = settled(to_see.pop(), definitions)
        definition = definitions.get(each.id) if isinstance(each, Ref) else None
        if not isinstance(definition, Union):
            found.append(each)
        elif definition.id not in seen:
            seen.add(definition.id)
            to_see += [variant.type for variant in reversed(definition.variants)]
    return found
