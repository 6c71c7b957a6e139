"""Type expressions: how the types of an API are written in Rust."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, assert_never

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
    Enum,
    Json,
    ListOf,
    LiteralValue,
    MapOf,
    Nullable,
    Ref,
    Scalar,
    TupleOf,
    TypeExpr,
    TypeId,
    Union,
)
from headgate.plan.rust.containment import Containment
from headgate.plan.rust.tuples import is_tuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.plan.rust.imports import Imports

STRING: Final = Scalar("string")
OWN_MODULE: Final = fixed("super")
TYPES: Final = fixed("crate::types")


@dataclass(frozen=True)
class Types:
    """The definitions of an API with their Rust names."""

    definitions: Mapping[TypeId, Definition]
    names: Mapping[TypeId, Code]

    @cached_property
    def containment(self) -> Containment:
        """What values hold by value."""
        return Containment(self.definitions)

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
                return self._tuple(type_, imports, home)
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

    def _tuple(self, type_: TupleOf, imports: Imports, home: Code) -> Code:
        if not is_tuple(type_):
            return self.write(ListOf(Json()), imports, home)
        written = [self.write(item, imports, home) for item in type_.items]
        if len(written) == 1:
            items = assembled("({},)", *written)
        else:
            items = assembled("({})", joined(", ", written))
        if type_.rest is None:
            return items
        rest = self.write(type_.rest, imports, home)
        return assembled("crate::OpenTuple<{}, {}>", items, rest)

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
        """Follow aliases down to what they stand for, but those Rust has as types."""
        seen: set[TypeId] = set()
        while isinstance(type_, Ref) and type_.id not in seen:
            seen.add(type_.id)
            definition = self.definitions[type_.id]
            if isinstance(definition, Enum) and definition.kind == "integer":
                return Scalar("integer")
            if not isinstance(definition, Alias):
                break
            if self.containment.is_recursive_alias(type_.id):
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
            case TupleOf(items, rest):
                if not is_tuple(type_):
                    return ("list", Json())
                further = None if rest is None else self.signature(rest)
                return ("tuple", further, *map(self.signature, items))
            case Nullable(inner):
                return ("option", self.signature(inner))
            case Scalar():
                return _scalar(type_).text
            case Constant() | Json() | Ref():
                return type_
            case _:
                assert_never(type_)

    def is_text(self, type_: TypeExpr) -> bool:
        """Say whether values of a type are strings."""
        plain = self.resolve(type_)
        return isinstance(plain, Scalar) and _scalar(plain) == _STRING

    def admits_null(self, type_: TypeExpr) -> bool:
        """Say whether null is a value of a type."""
        seen: set[TypeId] = set()
        waiting = [type_]
        while waiting:
            plain = waiting.pop()
            match plain:
                case Nullable() | Json() | Constant(None) | Scalar("null"):
                    return True
                case Ref(id) if id not in seen:
                    seen.add(id)
                    definition = self.definitions[id]
                    if isinstance(definition, Alias):
                        waiting.append(definition.type)
                    elif isinstance(definition, Union) and definition.tag is None:
                        waiting += [each.type for each in definition.variants]
                case _:
                    pass
        return False

    def is_copy(self, type_: TypeExpr) -> bool:
        """Say whether values of a type are copied and not cloned."""
        plain = self.resolve(type_)
        if isinstance(plain, Nullable):
            return self.is_copy(plain.inner)
        return isinstance(plain, Scalar) and plain.kind not in {"string", "binary"}


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


INTEGERS: Final = {
    "int32": fixed("i32"),
    "uint32": fixed("u32"),
    "uint64": fixed("u64"),
}
"""The integers of formats; any other is 64 bits wide, and what it cannot hold is an
error that is told, never another number."""

_STRING: Final = fixed("String")


def _scalar(scalar: Scalar) -> Code:
    match scalar.kind:
        case "string" if scalar.format != "binary":
            return _STRING
        case "string" | "binary":
            return fixed("crate::Upload")
        case "integer":
            return INTEGERS.get(scalar.format or "", fixed("i64"))
        case "number":
            return fixed("f64")
        case "boolean":
            return fixed("bool")
        case "null":
            return fixed("()")
        case _:
            assert_never(scalar.kind)
