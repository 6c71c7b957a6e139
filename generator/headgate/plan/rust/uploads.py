"""How unions that have files are written in a multipart body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
    Enum,
    ListOf,
    Nullable,
    Ref,
    Scalar,
    TypeExpr,
    TypeId,
    Union,
)
from headgate.plan.rust import layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headgate.plan.rust.members import Arm

_INDENT = 12


def has_files(
    type_: TypeExpr,
    definitions: Mapping[TypeId, Definition],
    inside: frozenset[TypeId] = frozenset(),
) -> bool:
    """Say whether a value of a type may be a file, or a list of files."""
    match type_:
        case Scalar(kind="binary"):
            return True
        case ListOf(item=inner) | Nullable(inner=inner):
            return has_files(inner, definitions, inside)
        case Ref(id=type_id) if type_id not in inside:
            inside |= {type_id}
            match definitions[type_id]:
                case Alias(type=inner):
                    return has_files(inner, definitions, inside)
                case Union(variants=variants):
                    types = [each.type for each in variants]
                    return any(has_files(each, definitions, inside) for each in types)
                case _:
                    return False
        case _:
            return False


def file_arms(
    arms: Sequence[Arm], unknown: Code, definitions: Mapping[TypeId, Definition]
) -> tuple[Code, ...]:
    """Write how each variant is added to a form, one of no known kind as JSON."""
    lines = [_arm(arm.name, arm.variant.type, definitions) for arm in arms]
    if unknown.text:
        lines.append(_line(unknown, _json(many=False)))
    return tuple(lines)


def _arm(name: Code, type_: TypeExpr, definitions: Mapping[TypeId, Definition]) -> Code:
    if has_files(type_, definitions):
        return _line(name, fixed("form.files(name, value, content_type)"))
    item = type_.item if isinstance(type_, ListOf) else type_
    if _is_text(item, definitions):
        return _line(name, fixed("form.text(name, value, None)"))
    return _line(name, _json(many=isinstance(type_, ListOf)))


def _line(name: Code, body: Code) -> Code:
    pattern = assembled("Self::{}", name)
    return layout.variant_arm(_INDENT, pattern, fixed("value"), body)


def _json(*, many: bool) -> Code:
    return assembled("form.json(name, value, None, {})", rust.boolean(value=many))


def _is_text(type_: TypeExpr, definitions: Mapping[TypeId, Definition]) -> bool:
    match type_:
        case Scalar() | Constant():
            return True
        case Ref(id=type_id):
            match definitions[type_id]:
                case Enum():
                    return True
                case Alias(type=inner):
                    return _is_text(inner, definitions)
                case _:
                    return False
        case _:
            return False
