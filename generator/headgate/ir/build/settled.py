"""What stands behind the names of a type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.types import Alias, Nullable, Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.types import Definition, TypeExpr, TypeId


def settled(type_: TypeExpr, definitions: Mapping[TypeId, Definition]) -> TypeExpr:
    """Give what a type comes to, whatever its name and whether it may be null."""
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
