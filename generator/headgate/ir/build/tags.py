"""How the variants of each union are told apart.

A declared discriminator is believed; without one, a property that every variant
requires with a constant of its own does the same service. A tag is a text: where the
property is none, as OpenAPI wants it to be, the variants are told by their shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from headgate.ir.build.reader import as_object, text_at
from headgate.ir.build.shapes import component_of
from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
    Enum,
    Field,
    Ref,
    Scalar,
    Struct,
    Tag,
    TypeExpr,
    TypeId,
    Union,
    Variant,
)

if TYPE_CHECKING:
    from headgate.ir.build.reader import Object

Definitions: TypeAlias = Mapping[TypeId, Definition]


def tagged(
    union: Union, definitions: Definitions, discriminator: Object | None
) -> Union:
    """Settle the tags of a union; one whose variants stay alike has no tag."""
    if union.tag is not None:
        mapping = _mapping(discriminator or {})
        variants = _declared(union, definitions, mapping)
        if variants is not None:
            absent = _absent(variants, union.tag.property, definitions)
            tag = replace(union.tag, absent=absent)
            return replace(union, variants=variants, tag=tag)
    return _discovered(union, definitions)


def tag_told(discriminator: Object, target: str, branch: Object) -> Object:
    """Give the schema that tells a branch, for where it gets a name of its own.

    `branch` is what `target` leads to: constants in it go before the target's name.
    """
    name = text_at(discriminator, "propertyName")
    if name is None:
        return {}
    property_ = as_object(as_object(branch.get("properties")).get(name))
    tags = _mapping(discriminator).get(TypeId(component_of(target)))
    if tags is None:
        tags = [] if {"const", "enum"} & property_.keys() else [component_of(target)]
    return {"properties": {name: {"type": "string", "enum": tags}}} if tags else {}


def _mapping(discriminator: Object) -> dict[TypeId, list[str]]:
    found: dict[TypeId, list[str]] = {}
    for tag, target in as_object(discriminator.get("mapping")).items():
        name = component_of(str(target))
        found.setdefault(TypeId(name), []).append(tag)
    return found


def _declared(
    union: Union, definitions: Definitions, mapping: dict[TypeId, list[str]]
) -> tuple[Variant, ...] | None:
    if union.tag is None:
        return None
    tagged_variants: list[Variant] = []
    for variant in union.variants:
        tags = _tags_of(variant.type, union.tag.property, definitions, mapping)
        if not tags:
            return None
        tagged_variants += (Variant(kind, tag) for kind, tag in tags)
    return _if_distinct(tagged_variants)


def _tags_of(
    expression: TypeExpr,
    name: str,
    definitions: Definitions,
    mapping: dict[TypeId, list[str]],
) -> list[tuple[TypeExpr, str]]:
    if not isinstance(expression, Ref) or _is_no_text(expression, name, definitions):
        return []
    mapped = mapping.get(expression.id)
    if mapped:
        return [(expression, tag) for tag in mapped]
    constants = constant_tags(expression, name, definitions)
    return constants or [(expression, expression.id)]


def _is_no_text(expression: TypeExpr, name: str, definitions: Definitions) -> bool:
    """Whether a property of a variant can only be something else than a text."""
    struct = _definition(expression, definitions)
    field = _field(struct.fields, name) if isinstance(struct, Struct) else None
    match field and field.type:
        case Constant(value=value):
            return not isinstance(value, str)
        case Scalar(kind=kind):
            return kind in ("integer", "number", "boolean")
        case Ref() as ref:
            definition = _definition(ref, definitions)
            return isinstance(definition, Enum) and definition.kind != "string"
        case _:
            return False


def constant_tags(
    expression: TypeExpr,
    name: str,
    definitions: Definitions,
    seen: frozenset[TypeExpr] = frozenset(),
) -> list[tuple[TypeExpr, str]]:
    """Give the structs inside a variant with the constants their `name` may have.

    A variant that is itself a union gives those of its own variants; one that
    leads back to itself (`seen`) gives none.
    """
    if expression in seen:
        return []
    seen |= {expression}
    match _definition(expression, definitions):
        case Struct(fields=fields):
            values = _constants(_field(fields, name), definitions)
            return [(expression, value) for value in values]
        case Union(variants=variants):
            parts = [constant_tags(v.type, name, definitions, seen) for v in variants]
            return [pair for part in parts for pair in part] if all(parts) else []
        case Alias(type=inner):
            return constant_tags(inner, name, definitions, seen)
        case _:
            return []


def _constants(field: Field | None, definitions: Definitions) -> list[str]:
    if field is None:
        return []
    match field.type:
        case Constant(value=str() as value):
            return [value]
        case Ref(id=type_id):
            definition = definitions.get(type_id)
            if isinstance(definition, Enum) and definition.kind == "string":
                return [str(value.value) for value in definition.values]
            return []
        case _:
            return []


def _discovered(union: Union, definitions: Definitions) -> Union:
    for name in _shared_names(union, definitions):
        found = [constant_tags(v.type, name, definitions) for v in union.variants]
        unknown = [
            variant.type
            for variant, tags in zip(union.variants, found, strict=True)
            if not tags
        ]
        is_one_of_many = len(unknown) == 1 and len(union.variants) > 1
        if is_one_of_many and _is_unknown_arm(unknown[0], name, definitions):
            # What its author wrote for values to come: every union has an arm for them.
            known = tuple(v for v in union.variants if v.type != unknown[0])
            return _discovered(replace(union, variants=known, open=True), definitions)
        if unknown:
            continue
        pairs = [Variant(kind, tag) for part in found for kind, tag in part]
        variants = _if_distinct(pairs)
        if variants is not None:
            absent = _absent(variants, name, definitions)
            tag = Tag(name, declared=False, absent=absent)
            return replace(union, variants=variants, tag=tag)
    return replace(union, tag=None)


def _absent(
    variants: tuple[Variant, ...], name: str, definitions: Definitions
) -> str | None:
    """Find the tag of the only type that may lack the property."""
    lax = [v for v in variants if _may_lack(v.type, name, definitions)]
    return lax[0].tag if len({variant.type for variant in lax}) == 1 else None


def _may_lack(expression: TypeExpr, name: str, definitions: Definitions) -> bool:
    match _definition(expression, definitions):
        case Struct(fields=fields):
            field = _field(fields, name)
            return field is None or not field.required
        case Alias(type=inner):
            return _may_lack(inner, name, definitions)
        case _:
            return False


def _is_unknown_arm(expression: TypeExpr, name: str, definitions: Definitions) -> bool:
    """Whether a variant admits any tag, and so stands for values to come.

    One that requires anything beside the tag is a type of its own, in which the
    property of that name is text.
    """
    definition = _definition(expression, definitions)
    if not isinstance(definition, Struct):
        return False
    required = [field for field in definition.fields if field.required]
    return [field.name for field in required] == [name] and all(
        field.type == Scalar("string") for field in required
    )


def _shared_names(union: Union, definitions: Definitions) -> list[str]:
    """Name the required properties of the first variant, the likeliest tags first."""
    if not union.variants:
        return []
    first = _first_struct(union.variants[0].type, definitions)
    if first is None:
        return []
    names = [field.name for field in first.fields if field.required]
    return sorted(names, key=lambda name: name not in ("type", "kind", "object"))


def _first_struct(
    expression: TypeExpr,
    definitions: Definitions,
    seen: frozenset[TypeExpr] = frozenset(),
) -> Struct | None:
    if expression in seen:
        return None
    seen |= {expression}
    match _definition(expression, definitions):
        case Struct() as struct:
            return struct
        case Union(variants=variants):
            return _first_struct(variants[0].type, definitions, seen)
        case Alias(type=inner):
            return _first_struct(inner, definitions, seen)
        case _:
            return None


def _if_distinct(variants: list[Variant]) -> tuple[Variant, ...] | None:
    tags = [variant.tag for variant in variants]
    unique = tuple(dict.fromkeys(variants))
    return unique if len(set(tags)) == len(unique) else None


def _definition(expression: TypeExpr, definitions: Definitions) -> Definition | None:
    return definitions.get(expression.id) if isinstance(expression, Ref) else None


def _field(fields: tuple[Field, ...], name: str) -> Field | None:
    return next((field for field in fields if field.name == name), None)
