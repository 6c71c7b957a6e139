"""How unions that have files are written in a multipart body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.ir.build.part_kinds import part_kind
from headgate.ir.build.settled import settled
from headgate.ir.types import ListOf
from headgate.plan.rust import layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headgate.ir.types import Definition, TypeExpr, TypeId
    from headgate.plan.rust.members import Arm

_INDENT = 12


def has_files(type_: TypeExpr, definitions: Mapping[TypeId, Definition]) -> bool:
    """Say whether a value of a type may be a file, or a list of files."""
    return part_kind(type_, definitions) in ("file", "any")


def file_arms(
    arms: Sequence[Arm], unknown: Code, definitions: Mapping[TypeId, Definition]
) -> tuple[Code, ...]:
    """Write how each variant is added to a form, one of no known kind as JSON."""
    lines = [_arm(arm.name, arm.variant.type, definitions) for arm in arms]
    if unknown.text:
        lines.append(_line(unknown, _json(many=False)))
    return tuple(lines)


def _arm(name: Code, type_: TypeExpr, definitions: Mapping[TypeId, Definition]) -> Code:
    whole = settled(type_, definitions)
    many = isinstance(whole, ListOf)
    item = whole.item if isinstance(whole, ListOf) else whole
    match part_kind(item, definitions):
        case "file" | "any":
            return _line(name, fixed("form.files(name, value, content_type)"))
        case "text":
            return _line(name, fixed("form.text(name, value, None)"))
        case "json":
            return _line(name, _json(many=many))


def _line(name: Code, body: Code) -> Code:
    pattern = assembled("Self::{}", name)
    return layout.variant_arm(_INDENT, pattern, fixed("value"), body)


def _json(*, many: bool) -> Code:
    return assembled("form.json(name, value, None, {})", rust.boolean(value=many))
