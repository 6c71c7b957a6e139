"""Unions that are branches of themselves, which no language can write down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from headgate.ir.types import (
    Alias,
    Definition,
    Json,
    Ref,
    TypeExpr,
    TypeId,
    Union,
    Variant,
)

Definitions = Mapping[TypeId, Definition]


def without_circles(definitions: Definitions) -> dict[TypeId, Definition]:
    """Give each union that leads back to itself the branches found on its ways.

    A schema that is one of itself and others is one of the others.
    """
    known = {
        type_id: frozenset(_ways(type_id, definitions))
        for type_id, definition in definitions.items()
        if isinstance(definition, Union) and _may_circle(definition, definitions)
    }
    circling = {type_id for type_id, found in known.items() if type_id in found}
    found = dict(definitions)
    for type_id in circling:
        union = definitions[type_id]
        if isinstance(union, Union):
            ends = dict.fromkeys(_ends(union, definitions, circling, {type_id}))
            found[type_id] = _made_of(union, tuple(ends))
    return found


def _made_of(union: Union, ends: tuple[TypeExpr, ...]) -> Definition:
    if ends:
        return replace(union, variants=tuple(map(Variant, ends)), tag=None)
    return Alias(
        id=union.id,
        words=union.words,
        type=Json(),
        docs=union.docs,
        direction=union.direction,
        location=union.location,
    )


def _may_circle(union: Union, definitions: Definitions) -> bool:
    inner = (_definition(variant.type, definitions) for variant in union.variants)
    return any(isinstance(each, Union | Alias) for each in inner)


def _ways(start: TypeId, definitions: Definitions) -> set[TypeId]:
    """Name the unions and aliases that a union is, rather than has."""
    found: set[TypeId] = set()
    waiting = [start]
    while waiting:
        for each in _branches(definitions.get(waiting.pop())):
            if isinstance(each, Ref) and each.id not in found:
                found.add(each.id)
                waiting.append(each.id)
    return found


def _ends(
    definition: Definition,
    definitions: Definitions,
    circling: set[TypeId],
    seen: set[TypeId],
) -> Iterator[TypeExpr]:
    for each in _branches(definition):
        inner = _definition(each, definitions)
        leads_on = isinstance(inner, Alias) or (inner and inner.id in circling)
        if not isinstance(inner, Union | Alias) or not leads_on:
            yield each
        elif inner.id not in seen:
            seen.add(inner.id)
            yield from _ends(inner, definitions, circling, seen)


def _branches(definition: Definition | None) -> tuple[TypeExpr, ...]:
    match definition:
        case Union(variants=variants):
            return tuple(variant.type for variant in variants)
        case Alias(type=inner):
            return (inner,)
        case _:
            return ()


def _definition(expression: TypeExpr, definitions: Definitions) -> Definition | None:
    return definitions.get(expression.id) if isinstance(expression, Ref) else None
