"""The modules of types: an interface or an alias for each definition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.typescript import (
    doc_comment,
    identifier,
    literal,
    type_key,
)
from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
    Enum,
    Field,
    MapOf,
    Nullable,
    Struct,
    Union,
    Variant,
)
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import WIDTH, union_alias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.api import Api
    from headgate.ir.types import Direction, TypeExpr
    from headgate.plan.typescript.names import Names


@dataclass(frozen=True, slots=True)
class Member:
    """A property of an interface: its comment (if any) and its line."""

    docs: Code
    line: Code


@dataclass(frozen=True, slots=True)
class TypeItem:
    """A definition: an interface with members, or the whole text of an alias."""

    docs: Code
    alias: Code | None
    name: Code
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class TypesPage:
    """A module of types."""

    header: Code
    imports: tuple[Code, ...]
    types: tuple[TypeItem, ...]


def plan_types(
    api: Api,
    names: Names,
    module: str,
    definitions: Iterable[Definition],
    header: Code,
) -> TypesPage:
    """Plan the module that holds these definitions."""
    types = Types(api, names, Imports(module))
    items = tuple(_item(types, definition) for definition in definitions)
    return TypesPage(header, types.imports.lines(), items)


def _item(types: Types, definition: Definition) -> TypeItem:
    types = replace(types, sending=definition.direction.sent)
    name = identifier(types.names.types[definition.id].name)
    docs = doc_comment(definition.docs.text, deprecated=definition.docs.deprecated)
    match definition:
        case Struct():
            return TypeItem(docs, None, name, _members(types, definition))
        case Alias(type=MapOf(value=value)):
            return TypeItem(docs, None, name, (_further(types, value),))
        case Enum():
            return _alias(docs, name, union_alias(name, _enum_members(definition)))
        case Union():
            own = replace(types, within=definition.id)
            members = _union_members(own, definition)
            return _alias(docs, name, union_alias(name, members))
        case Alias(type=inner):
            own = replace(types, within=definition.id)
            return _alias(docs, name, _named(own, name, inner))
        case _ as never:
            assert_never(never)


def _alias(docs: Code, name: Code, text: Code) -> TypeItem:
    return TypeItem(docs, text, name, ())


def _named(types: Types, name: Code, inner: TypeExpr) -> Code:
    """Name a type; the formatter never splits a name from its `| null`."""
    written = types.write(inner)
    line = assembled("export type {} = {};", name, written)
    broken = types.broken(inner, 0)
    if len(line) <= WIDTH or (broken is None and isinstance(inner, Nullable)):
        return line
    if broken is not None:
        return assembled("export type {} = {};", name, broken)
    return assembled("export type {} =\n  {};", name, written)


def _enum_members(enum: Enum) -> list[Code]:
    """Received values are never refused: a value unknown today keeps its text."""
    members = [literal(value.value) for value in enum.values]
    if enum.open or enum.direction.received:
        of_kind = fixed("string") if enum.kind == "string" else fixed("number")
        members.append(assembled("({} & {{}})", of_kind))
    return members


def _union_members(types: Types, union: Union) -> list[Code]:
    members = [
        member
        for variant in union.variants
        for member in _variant(types, union, variant)
    ]
    if union.tag is not None and (union.open or union.direction.received):
        generic = types.imports.runtime_type("json", "UnknownVariant")
        members.append(assembled("{}<{}>", generic, literal(union.tag.property)))
    return list(dict.fromkeys(members))


def _variant(types: Types, union: Union, variant: Variant) -> tuple[Code, ...]:
    """Write a variant; one whose own type leaves the tag open gets it here."""
    if isinstance(variant.type, Nullable):
        return types.write(variant.type.inner), fixed("null")
    written = types.write(variant.type)
    if union.tag is None or variant.tag is None:
        return (written,)
    if _states_tag(types, variant, union.tag.property):
        return (written,)
    key = type_key(union.tag.property)
    if variant.tag == union.tag.absent:
        key = assembled("{}?", key)
    return (assembled("({} & {{ {}: {} }})", written, key, literal(variant.tag)),)


def _states_tag(types: Types, variant: Variant, tag: str) -> bool:
    resolved = types.resolve(variant.type)
    if isinstance(resolved, Union):
        return True
    if not isinstance(resolved, Struct):
        return False
    return any(
        field.name == tag and isinstance(types.resolve(field.type), Constant)
        for field in resolved.fields
    )


def _members(types: Types, struct: Struct) -> tuple[Member, ...]:
    members = [_member(types, field, struct.direction) for field in struct.fields]
    extra = _extra(types, struct)
    return tuple(members if extra is None else [*members, extra])


def _member(types: Types, field: Field, direction: Direction) -> Member:
    hidden = (field.read_only and direction.sent) or (
        field.write_only and direction.received
    )
    return field_member(
        types,
        field,
        optional=hidden or not field.required,
        frozen=field.read_only,
    )


def field_member(
    types: Types, field: Field, *, optional: bool, frozen: bool = False
) -> Member:
    """Write a property with its comment, two blanks deep."""
    docs = doc_comment(_with_default(field), deprecated=field.docs.deprecated, depth=2)
    start = assembled(
        "  {}{}{}",
        fixed("readonly ") if frozen else fixed(""),
        type_key(field.name),
        fixed("?") if optional else fixed(""),
    )
    return Member(docs, _member_line(types, start, field.type))


def _member_line(types: Types, start: Code, expression: TypeExpr) -> Code:
    line = assembled("{}: {};", start, types.write(expression))
    broken = types.broken(expression, 2)
    if len(line) <= WIDTH or broken is None:
        return line
    return assembled("{}: {};", start, broken)


def _with_default(field: Field) -> str:
    """A default that is a scalar is told in the comment: the server applies it."""
    if field.default is None or isinstance(field.default.value, (list, dict)):
        return field.docs.text
    shown = literal(field.default.value).text
    told = f"The server's default is `{shown}`."
    return f"{field.docs.text.rstrip()}\n\n{told}" if field.docs.text else told


def _extra(types: Types, struct: Struct) -> Member | None:
    """Further fields beside known ones are left open: they need not be of one type."""
    if struct.extra is None or (struct.fields and _is_any(types, struct)):
        return None
    if struct.fields:
        return Member(fixed(""), fixed("  [field: string]: unknown;"))
    return _further(types, struct.extra)


def _further(types: Types, value: TypeExpr) -> Member:
    """An interface, unlike an alias of a record, may lead back to itself."""
    return Member(fixed(""), _member_line(types, fixed("  [field: string]"), value))


def _is_any(types: Types, struct: Struct) -> bool:
    return struct.extra is not None and types.write(struct.extra) == fixed("unknown")
