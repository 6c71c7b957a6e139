"""What values hold by value: which contain themselves, and how large each is.

A type that contains itself by value is boxed where it does, and so is a variant
much larger than its fellows: an event stream would pay for it with every event.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, assert_never

from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
    Enum,
    Field,
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
from headgate.plan.cycles import Cycles, find_cycles
from headgate.plan.rust.tuples import is_tuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGE: Final = 160
"""A variant estimated larger than this many bytes is boxed."""

BOX: Final = 8
"""The bytes of a box."""

_POINTER: Final = 24
_JSON: Final = 32


@dataclass(frozen=True)
class Containment:
    """What the definitions of an API hold by value."""

    definitions: Mapping[TypeId, Definition]

    def contains(self, owner: TypeId, type_: TypeExpr) -> bool:
        """Say whether a part of `owner` holds one of `owner` without indirection."""
        return any(self._cycles.join(owner, held) for held in _by_value(type_))

    def is_recursive_alias(self, name: TypeId) -> bool:
        """Say whether a definition is an alias that leads back to itself."""
        return name in self._aliases.edges and self._aliases.holds(name)

    def size(self, type_: TypeExpr) -> int:
        """Estimate the bytes of a value."""
        return _size(type_, self._sizes)

    @cached_property
    def _cycles(self) -> Cycles[TypeId]:
        return find_cycles(
            {
                each.id: tuple(dict.fromkeys(_held(each)))
                for each in self.definitions.values()
            }
        )

    @cached_property
    def _aliases(self) -> Cycles[TypeId]:
        """Aliases that lead to aliases, also through lists and maps."""
        aliases = {
            each.id: each.type
            for each in self.definitions.values()
            if isinstance(each, Alias)
        }
        return find_cycles(
            {
                name: tuple(each for each in _mentioned(type_) if each in aliases)
                for name, type_ in aliases.items()
            }
        )

    @cached_property
    def _sizes(self) -> dict[TypeId, int]:
        """The size of each definition, those first that others hold."""
        sizes: dict[TypeId, int] = {}
        for name in self._cycles.order:
            sizes[name] = self._definition_size(self.definitions[name], sizes)
        return sizes

    def _definition_size(
        self, definition: Definition, sizes: Mapping[TypeId, int]
    ) -> int:
        match definition:
            case Struct(id=owner, fields=fields, extra=extra):
                total = sum(self._field_size(owner, each, sizes) for each in fields)
                return total + (_POINTER if extra is not None else 0)
            case Enum():
                return _POINTER
            case Union(id=owner, variants=variants):
                each = [self._part_size(owner, v.type, sizes) for v in variants]
                return max([_POINTER, *(s if s <= LARGE else BOX for s in each)]) + BOX
            case Alias(id=owner, type=type_):
                return self._part_size(owner, type_, sizes)
            case _:
                assert_never(definition)

    def _field_size(
        self, owner: TypeId, field: Field, sizes: Mapping[TypeId, int]
    ) -> int:
        if isinstance(field.type, Constant) and isinstance(field.type.value, str):
            return 0
        size = self._part_size(owner, field.type, sizes)
        return 2 * size if size == BOX and not field.required else size

    def _part_size(
        self, owner: TypeId, type_: TypeExpr, sizes: Mapping[TypeId, int]
    ) -> int:
        """Size what `owner` holds: what leads back to it is boxed."""
        return BOX if self.contains(owner, type_) else _size(type_, sizes)


def _held(definition: Definition) -> Iterator[TypeId]:
    match definition:
        case Struct(fields=fields):
            for field in fields:
                yield from _by_value(field.type)
        case Union(variants=variants):
            for variant in variants:
                yield from _by_value(variant.type)
        case Alias(type=type_):
            yield from _by_value(type_)
        case Enum():
            return
        case _:
            assert_never(definition)


def _by_value(type_: TypeExpr) -> Iterator[TypeId]:
    match type_:
        case Ref(id):
            yield id
        case Nullable(inner):
            yield from _by_value(inner)
        case TupleOf(items) if is_tuple(type_):
            for item in items:
                yield from _by_value(item)
        case TupleOf():
            return
        case Scalar() | Constant() | Json() | ListOf() | MapOf():
            return
        case _:
            assert_never(type_)


def _mentioned(type_: TypeExpr) -> Iterator[TypeId]:
    match type_:
        case Ref(id):
            yield id
        case ListOf(inner) | MapOf(inner) | Nullable(inner):
            yield from _mentioned(inner)
        case TupleOf(items, rest):
            for item in (*items, rest) if rest is not None else items:
                yield from _mentioned(item)
        case Scalar() | Constant() | Json():
            return
        case _:
            assert_never(type_)


def _size(type_: TypeExpr, sizes: Mapping[TypeId, int]) -> int:
    match type_:
        case Scalar(kind):
            return _SCALAR_SIZES.get(kind, _POINTER)
        case Constant(value):
            return _POINTER if isinstance(value, str) else BOX
        case Json():
            return _JSON
        case ListOf() | MapOf():
            return _POINTER
        case TupleOf(items, rest):
            tail = _POINTER if rest is not None else 0
            return sum(_size(item, sizes) for item in items) + tail
        case Nullable(inner):
            size = _size(inner, sizes)
            return 2 * size if size == BOX else size
        case Ref(id):
            return sizes[id]
        case _:
            assert_never(type_)


_SCALAR_SIZES: Final = {"integer": 8, "number": 8, "boolean": 1, "null": 0}
