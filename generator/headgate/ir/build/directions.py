"""Which definitions are sent and which received: what the operations reach."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
    Direction,
    Enum,
    Json,
    ListOf,
    MapOf,
    Nullable,
    Ref,
    Scalar,
    Struct,
    TupleOf,
    TypeExpr,
    TypeId,
    Union,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def directed(
    definitions: Mapping[TypeId, Definition],
    *,
    sent: Iterable[TypeExpr],
    received: Iterable[TypeExpr],
) -> dict[TypeId, Definition]:
    """Mark every definition; what nothing reaches counts as received, and all in it."""
    sent_ids = reachable(definitions, sent)
    received_ids = reachable(definitions, received)
    used = sent_ids | received_ids
    unused = [Ref(each) for each in definitions if each not in used]
    received_ids |= reachable(definitions, unused)
    return {
        type_id: replace(
            definition,
            direction=Direction(
                sent=type_id in sent_ids, received=type_id in received_ids
            ),
        )
        for type_id, definition in definitions.items()
    }


def reachable(
    definitions: Mapping[TypeId, Definition], roots: Iterable[TypeExpr]
) -> set[TypeId]:
    """Collect the definitions that the expressions lead to, themselves included."""
    found: set[TypeId] = set()
    waiting = [type_id for root in roots for type_id in mentioned(root)]
    while waiting:
        type_id = waiting.pop()
        if type_id in found or type_id not in definitions:
            continue
        found.add(type_id)
        waiting += leads_to(definitions[type_id])
    return found


def leads_to(definition: Definition) -> list[TypeId]:
    """Give the definitions that a definition mentions, each of them once."""
    found = [i for each in parts(definition) for i in mentioned(each)]
    return list(dict.fromkeys(found))


def parts(definition: Definition) -> list[TypeExpr]:
    """Give the type expressions that a definition is made of."""
    match definition:
        case Struct(fields=fields, extra=extra):
            further = [] if extra is None else [extra]
            return [field.type for field in fields] + further
        case Union(variants=variants):
            return [variant.type for variant in variants]
        case Alias(type=inner):
            return [inner]
        case Enum():
            return []


def mentioned(expression: TypeExpr) -> list[TypeId]:
    """Give the definitions that an expression mentions, in its order."""
    match expression:
        case Ref(id=type_id):
            return [type_id]
        case ListOf(item=inner) | MapOf(value=inner) | Nullable(inner=inner):
            return mentioned(inner)
        case TupleOf(items=items, rest=rest):
            each = items if rest is None else (*items, rest)
            return [type_id for item in each for type_id in mentioned(item)]
        case Scalar() | Constant() | Json():
            return []
