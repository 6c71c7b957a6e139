"""Type expressions: how the types of an API are written in Rust.

A type that contains itself by value is boxed where it does, and so is a variant
much larger than its fellows: an event stream would pay for it with every event.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, assert_never

from headgate.encoding.code import Code, assembled, fixed
from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
    Enum,
    Field,
    Json,
    ListOf,
    LiteralValue,
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
    from collections.abc import Iterator, Mapping

    from headgate.plan.rust.imports import Imports

LARGE: Final = 160
"""A variant estimated larger than this many bytes is boxed."""

BOX: Final = 8
"""The bytes of a box."""

STRING: Final = Scalar("string")
OWN_MODULE: Final = fixed("super")
TYPES: Final = fixed("crate::types")


@dataclass(frozen=True)
class Types:
    """The definitions of an API with their Rust names."""

    definitions: Mapping[TypeId, Definition]
    names: Mapping[TypeId, Code]
    _sizes: dict[TypeId, int] = dataclasses.field(
        default_factory=dict, repr=False, compare=False
    )

    def write(self, type_: TypeExpr, imports: Imports, home: Code) -> Code:
        """Write a type; names of definitions are taken from module `home`."""
        match type_:
            case Scalar():
                return _scalar(type_)
            case Constant(value):
                return _scalar(constant_scalar(value))
            case Json():
                return imports.use("serde_json", "Value")
            case Ref(id):
                return self.write_name(id, imports, home)
            case ListOf(item):
                return assembled("Vec<{}>", self.write(item, imports, home))
            case TupleOf():
                return self.write(ListOf(Json()), imports, home)
            case MapOf(Json()):
                imports.use("serde_json", "Map")
                imports.use("serde_json", "Value")
                return fixed("Map<String, Value>")
            case MapOf(value):
                imports.use("std::collections", "BTreeMap")
                inner = self.write(value, imports, home)
                return assembled("BTreeMap<String, {}>", inner)
            case Nullable(inner):
                return assembled("Option<{}>", self.write(inner, imports, home))
            case _:
                assert_never(type_)

    def write_name(self, name: TypeId, imports: Imports, home: Code) -> Code:
        """Write the name of a definition as it is reached in a file.

        Files of types import each name. Others name the module as well, so that
        nothing of the API collides with what they import.
        """
        if home == OWN_MODULE:
            return imports.use_code(home, self.names[name])
        imports.use("crate", "types")
        return assembled("types::{}", self.names[name])

    def resolve(self, type_: TypeExpr) -> TypeExpr:
        """Follow aliases down to what they stand for."""
        seen: set[TypeId] = set()
        while isinstance(type_, Ref) and type_.id not in seen:
            seen.add(type_.id)
            definition = self.definitions[type_.id]
            if isinstance(definition, Enum) and definition.kind == "integer":
                return Scalar("integer")
            if not isinstance(definition, Alias):
                break
            type_ = definition.type
        return _as_scalar(type_)

    def signature(self, type_: TypeExpr) -> object:
        """Give a value equal for types that Rust takes for the same."""
        type_ = self.resolve(type_)
        match type_:
            case ListOf(item):
                return ("list", self.signature(item))
            case MapOf(value):
                return ("map", self.signature(value))
            case TupleOf():
                return ("list", Json())
            case Nullable(inner):
                return ("option", self.signature(inner))
            case Scalar():
                return _scalar(type_).text
            case Constant() | Json() | Ref():
                return type_
            case _:
                assert_never(type_)

    def contains(self, owner: TypeId, type_: TypeExpr) -> bool:
        """Say whether a value of `type_` holds one of `owner` without indirection."""
        return any(
            held == owner or owner in self._held[held] for held in self._by_value(type_)
        )

    def is_recursive_alias(self, definition: Alias) -> bool:
        """Say whether an alias leads back to itself, which Rust refuses."""
        return definition.id in self._alias_reach(definition.type, frozenset())

    def is_text(self, type_: TypeExpr) -> bool:
        """Say whether values of a type are strings."""
        plain = self.resolve(type_)
        return isinstance(plain, Scalar) and plain.kind in {"string", "binary"}

    def is_copy(self, type_: TypeExpr) -> bool:
        """Say whether values of a type are copied and not cloned."""
        plain = self.resolve(type_)
        if isinstance(plain, Nullable):
            return self.is_copy(plain.inner)
        return isinstance(plain, Scalar) and plain.kind not in {"string", "binary"}

    def size(self, type_: TypeExpr) -> int:
        """Estimate the bytes of a value."""
        match type_:
            case Scalar() | Constant():
                return _SCALAR_SIZES.get(_scalar_of(type_).kind, 24)
            case Json():
                return 32
            case ListOf() | TupleOf() | MapOf():
                return 24
            case Nullable(inner):
                size = self.size(inner)
                return 2 * size if size == BOX else size
            case Ref(id):
                return self._size_of(id)
            case _:
                assert_never(type_)

    @cached_property
    def _held(self) -> dict[TypeId, frozenset[TypeId]]:
        """All definitions that a value of each definition holds by value."""
        direct = {each: frozenset(self._direct(each)) for each in self.definitions}
        return {each: _closure(each, direct) for each in self.definitions}

    def _direct(self, name: TypeId) -> Iterator[TypeId]:
        definition = self.definitions[name]
        match definition:
            case Struct(fields=fields):
                for field in fields:
                    yield from self._by_value(field.type)
            case Union(variants=variants):
                for variant in variants:
                    yield from self._by_value(variant.type)
            case Alias(type=type_):
                yield from self._by_value(type_)
            case Enum():
                return
            case _:
                assert_never(definition)

    def _by_value(self, type_: TypeExpr) -> Iterator[TypeId]:
        match type_:
            case Ref(id):
                yield id
            case Nullable(inner):
                yield from self._by_value(inner)
            case Scalar() | Constant() | Json() | ListOf() | TupleOf() | MapOf():
                return
            case _:
                assert_never(type_)

    def _alias_reach(
        self, type_: TypeExpr, seen: frozenset[TypeId]
    ) -> frozenset[TypeId]:
        match type_:
            case Ref(id) if id in seen:
                return seen
            case Ref(id):
                definition = self.definitions[id]
                if not isinstance(definition, Alias):
                    return seen
                return self._alias_reach(definition.type, seen | {id})
            case ListOf(inner) | MapOf(inner) | Nullable(inner):
                return self._alias_reach(inner, seen)
            case _:
                return seen

    def _size_of(self, name: TypeId) -> int:
        """Size a definition once: it may be held by thousands of others."""
        if name not in self._sizes:
            self._sizes[name] = BOX
            self._sizes[name] = self._definition_size(self.definitions[name])
        return self._sizes[name]

    def _definition_size(self, definition: Definition) -> int:
        match definition:
            case Struct(id=owner, fields=fields, extra=extra):
                sizes = [self._field_size(owner, field) for field in fields]
                return sum(sizes) + (24 if extra is not None else 0)
            case Enum():
                return 24
            case Union(id=owner, variants=variants):
                sizes = [self._boxed_size(owner, variant.type) for variant in variants]
                return max([24, *(s if s <= LARGE else BOX for s in sizes)]) + 8
            case Alias(id=owner, type=type_):
                return self._boxed_size(owner, type_)
            case _:
                assert_never(definition)

    def _field_size(self, owner: TypeId, field: Field) -> int:
        if isinstance(field.type, Constant) and isinstance(field.type.value, str):
            return 0
        size = self._boxed_size(owner, field.type)
        return 2 * size if size == BOX and not field.required else size

    def _boxed_size(self, owner: TypeId, type_: TypeExpr) -> int:
        """Size what `owner` holds: what leads back to it is boxed."""
        return BOX if self.contains(owner, type_) else self.size(type_)


_SCALAR_SIZES: Final = {"integer": 8, "number": 8, "boolean": 1, "null": 0}


def constant_scalar(value: LiteralValue) -> Scalar:
    """Give the scalar type of a constant."""
    match value:
        case bool():
            return Scalar("boolean")
        case int():
            return Scalar("integer")
        case float():
            return Scalar("number")
        case None:
            return Scalar("null")
        case str():
            return STRING
        case _:
            assert_never(value)


def _as_scalar(type_: TypeExpr) -> TypeExpr:
    return _scalar_of(type_) if isinstance(type_, Scalar | Constant) else type_


def _scalar_of(type_: Scalar | Constant) -> Scalar:
    return constant_scalar(type_.value) if isinstance(type_, Constant) else type_


def _scalar(scalar: Scalar) -> Code:
    match scalar.kind:
        case "string" | "binary":
            return fixed("String")
        case "integer":
            return fixed("i32") if scalar.format == "int32" else fixed("i64")
        case "number":
            return fixed("f64")
        case "boolean":
            return fixed("bool")
        case "null":
            return fixed("()")
        case _:
            assert_never(scalar.kind)


def _closure(
    start: TypeId, direct: Mapping[TypeId, frozenset[TypeId]]
) -> frozenset[TypeId]:
    reached: set[TypeId] = set()
    open_ = list(direct[start])
    while open_:
        held = open_.pop()
        if held not in reached:
            reached.add(held)
            open_ += direct[held]
    return frozenset(reached)
