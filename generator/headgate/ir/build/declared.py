"""The headers of all answers, as one client reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headgate.ir.api import DeclaredHeader
from headgate.ir.types import (
    Alias,
    Constant,
    Enum,
    ListOf,
    Nullable,
    Ref,
    Scalar,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from headgate.ir.api import HeaderKind
    from headgate.ir.operations import Operation
    from headgate.ir.types import Definition, TypeExpr, TypeId

_KINDS: Final[dict[str, HeaderKind]] = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}
_CONSTANTS: Final[dict[type, HeaderKind]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
}


def declared_headers(
    operations: Iterable[Operation],
    definitions: Mapping[TypeId, Definition],
    request_id: str | None,
) -> tuple[DeclaredHeader, ...]:
    """Give each header that an answer has once, in the order of the document."""
    found: dict[str, DeclaredHeader] = {}
    for operation in operations:
        for each in (*operation.headers, *operation.failure_headers):
            key = each.name.lower()
            kind = _kind(each.type, definitions)
            known = found.get(key)
            if known is not None and known.kind != kind:
                kind = "text"
            name, docs = (known.name, known.docs) if known else (each.name, each.docs)
            found[key] = DeclaredHeader(name, kind, docs)
    found.pop((request_id or "").lower(), None)
    return tuple(found.values())


def _kind(type_: TypeExpr, definitions: Mapping[TypeId, Definition]) -> HeaderKind:
    match _plain(type_, definitions):
        case Scalar(kind=kind):
            return _KINDS.get(kind, "text")
        case Constant(value=value):
            return _CONSTANTS.get(type(value), "text")
        case Enum(kind=kind):
            return _KINDS.get(kind, "text")
        case ListOf(item=item):
            is_text = _kind(item, definitions) == "text"
            return "texts" if is_text else "text"
        case _:
            return "text"


def _plain(
    type_: TypeExpr, definitions: Mapping[TypeId, Definition]
) -> TypeExpr | Definition | None:
    """Follow names and leave null out; a header that is null is not there."""
    found: TypeExpr | Definition | None = type_
    seen: set[TypeId] = set()
    while isinstance(found, (Nullable, Alias, Ref)):
        match found:
            case Nullable():
                found = found.inner
            case Alias():
                found = found.type
            case Ref():
                if found.id in seen:
                    return None
                seen.add(found.id)
                found = definitions.get(found.id)
    return found
