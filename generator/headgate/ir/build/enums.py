"""What the values of an `enum` come to: strings, integers, or a mixture."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from headgate.ir.build.reader import Node, Reader, as_list
from headgate.ir.types import Constant, Json, ListOf, MapOf, Nullable, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.document.json_values import Json as JsonValue
    from headgate.ir.types import LiteralValue, TypeExpr


def enum_kind(values: list[JsonValue]) -> str | None:
    """Say whether all values are strings, or all integers; None: neither."""
    if values and all(isinstance(value, str) for value in values):
        return "string"
    if values and all(type(value) is int for value in values):
        return "integer"
    return None


def simple_enum(values: list[JsonValue]) -> TypeExpr | None:
    """Give the plain type of an enum that needs no name; None where it needs one."""
    if any(isinstance(value, list | dict) for value in values):
        return Json()
    if all(isinstance(value, bool) for value in values):
        return Scalar("boolean")
    if all(type(value) in (int, float) for value in values):
        return Scalar("number")
    return None


def enum_groups(values: list[JsonValue]) -> list[list[JsonValue]]:
    """Sort mixed values into those of one kind each, in the order of the first."""
    groups: dict[type, list[JsonValue]] = {}
    for value in values:
        groups.setdefault(type(value), []).append(value)
    return list(groups.values())


def constant(value: object) -> TypeExpr:
    """Give the type of exactly one value; a list or an object is any JSON."""
    if value is None:
        return Scalar("null")
    if isinstance(value, str | int | float | bool):
        return Constant(cast("LiteralValue", value))
    return Json()


def distinct(types: Iterable[TypeExpr]) -> tuple[TypeExpr, ...]:
    """Give each type once; to Python the constants 1 and true are equal."""
    return tuple({(each, _is_flag(each)): each for each in types}.values())


def _is_flag(expression: TypeExpr) -> bool:
    """Whether a type is the constant true or false, or holds it."""
    match expression:
        case Constant(value=value):
            return isinstance(value, bool)
        case ListOf(item=inner) | MapOf(value=inner) | Nullable(inner=inner):
            return _is_flag(inner)
        case _:
            return False


def open_enum(reader: Reader, members: list[Node]) -> Node | None:
    """Recognise `anyOf: [string, enum]`: the way documents write an open enum."""
    if len(members) != 2:
        return None
    resolved = [reader.resolve(member) for member in members]
    enums = [m for m in resolved if enum_kind(as_list(m.value.get("enum"))) == "string"]
    plain = [
        m
        for m in resolved
        if m.value.get("type") == "string"
        and not {"enum", "const", "format", "pattern"} & m.value.keys()
    ]
    return enums[0] if len(enums) == 1 and len(plain) == 1 else None
