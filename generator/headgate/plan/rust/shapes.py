"""How a union without a tag is read: by the shape of the value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.ir.types import (
    Constant,
    Enum,
    ListOf,
    MapOf,
    Ref,
    Scalar,
    Struct,
    TupleOf,
    TypeExpr,
    Union,
)
from headgate.plan.rust import layout

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import LiteralString

    from headgate.plan.rust.members import Arm, Members

_WIDTH = 100
MOST_TELLING: Final = 12
"""Enough properties to tell an object by; more would only lengthen the file."""

_SCALARS: Final = {"string": "text", "binary": "text", "null": "null"}


def is_told_by_first_fit(members: Members, arms: Sequence[Arm]) -> bool:
    """Say whether the first variant that can be read is always the one meant."""
    kinds = [_kind(members, arm.variant.type) for arm in arms]
    if "any" in kinds or len(set(kinds)) < len(kinds):
        return False
    if {"object", "list"} <= set(kinds):
        return _reads_only_objects(members, arms)
    return (
        "number" not in kinds[: kinds.index("integer")] if "integer" in kinds else True
    )


def _reads_only_objects(members: Members, arms: Sequence[Arm]) -> bool:
    """Serde reads a struct from a list as well, unless it keeps what it lacks."""
    structs = [_struct(members, arm.variant.type) for arm in arms]
    return all(struct.extra is not None for struct in structs if struct is not None)


def choices(members: Members, arms: Sequence[Arm]) -> tuple[Code, ...]:
    """Write the statements that offer each variant of a union."""
    return tuple(_offer(members, arm, arms) for arm in arms)


def _offer(members: Members, arm: Arm, arms: Sequence[Arm]) -> Code:
    wrap = assembled("Self::{}", arm.name)
    given = arm.variant.type
    if isinstance(given, Constant) and isinstance(given.value, str):
        return _call("text", [[given.value]], wrap)
    plain = members.types.resolve(given)
    match plain:
        case ListOf() if (struct := _item(members, plain)) is not None:
            others = [_item(members, each.variant.type) for each in arms]
            return _call("objects", [_telling(struct, others)], wrap)
        case Ref(id):
            definition = members.types.definitions[id]
            if isinstance(definition, Struct):
                others = [_struct(members, each.variant.type) for each in arms]
                return _object(definition, others, wrap)
            if isinstance(definition, Enum):
                values = [str(each.value) for each in definition.values]
                return _call("text", [values], wrap)
            if isinstance(definition, Union) and definition.tag is not None:
                tags = [each.tag for each in definition.variants if each.tag]
                return _call("tagged", [tags], wrap, (definition.tag.property,))
        case MapOf():
            return _call("object", [[]], wrap)
        case _:
            pass
    match _kind(members, plain):
        case "text":
            return _call("text", [[]], wrap)
        case "integer":
            return _call("integer", [], wrap)
        case "number":
            return _call("number", [], wrap)
        case "list":
            return _call("list", [], wrap)
        case _:
            return _call("any", [], wrap)


def _object(struct: Struct, others: Sequence[Struct | None], wrap: Code) -> Code:
    telling = _telling(struct, others)
    rest = [_numbers(each) for each in others if each and each.id != struct.id]
    for name, own in _numbers(struct).items():
        if all(each.get(name) != own for each in rest):
            return _call("numbered", [telling], wrap, (name, own))
    return _call("object", [telling], wrap)


def _kind(members: Members, type_: TypeExpr) -> str:
    """Say what JSON values of a type are: `any` where that is not one kind."""
    plain = members.types.resolve(type_)
    match plain:
        case Scalar(kind):
            return _SCALARS.get(kind, kind)
        case ListOf() | TupleOf():
            return "list"
        case MapOf():
            return "object"
        case Ref(id):
            definition = members.types.definitions[id]
            if isinstance(definition, Struct):
                return "object"
            return "text" if isinstance(definition, Enum) else "any"
        case _:
            return "any"


def _struct(members: Members, type_: TypeExpr) -> Struct | None:
    plain = members.types.resolve(type_)
    if not isinstance(plain, Ref):
        return None
    definition = members.types.definitions[plain.id]
    return definition if isinstance(definition, Struct) else None


def _item(members: Members, type_: TypeExpr) -> Struct | None:
    plain = members.types.resolve(type_)
    return _struct(members, plain.item) if isinstance(plain, ListOf) else None


def _numbers(struct: Struct) -> dict[str, str]:
    """Give the properties that are one whole number; their types hold any."""
    return {
        field.name: str(field.type.value)
        for field in struct.fields
        if isinstance(field.type, Constant) and type(field.type.value) is int
    }


def _telling(struct: Struct, all_: Sequence[Struct | None]) -> list[str]:
    """Name properties that another of the objects has not."""
    others = [
        {field.name for field in each.fields}
        for each in all_
        if each is not None and each.id != struct.id
    ]
    if not others:
        return []
    shared: set[str] = set[str].intersection(*others)
    names = [field.name for field in struct.fields if field.name not in shared]
    return names[:MOST_TELLING]


def _call(
    method: LiteralString,
    lists: Sequence[Sequence[str]],
    wrap: Code,
    before: Sequence[str] = (),
) -> Code:
    """Write one statement as the formatter would."""
    head = fixed("choice." + method)
    arrays = [[rust.string(text) for text in texts] for texts in lists]
    texts = [rust.string(text) for text in before]
    inline = [assembled("&[{}]", joined(", ", items)) for items in arrays]
    line = layout.call(8, head, [*texts, *inline, wrap], fixed(";"))
    alone = assembled("        {}({});", head, wrap)
    if not texts and not inline and len(alone) <= _WIDTH:
        return alone  # the formatter's limit of a call's width is for several arguments
    if "\n" not in line.text:
        return line
    lines = [assembled("            {},", text) for text in texts]
    lines += [layout.short_list(12, fixed("&"), items, fixed(",")) for items in arrays]
    lines.append(assembled("            {},", wrap))
    return assembled("        {}(\n{}\n        );", head, joined("\n", lines))
