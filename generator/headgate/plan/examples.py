"""The least value of a type that an API would take, for samples.

An example that the document states gives the values, as far as it is of the type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headgate.document.json_values import Json as JsonValue
from headgate.ir.operations import Operation, Parameter
from headgate.ir.types import (
    Alias,
    Constant,
    Definition,
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

_TEXTS: Final = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "someone@example.com",
    "uri": "https://example.com",
    "url": "https://example.com",
}
_SCALARS: Final[dict[str, JsonValue]] = {
    "string": "text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
}


class File(str):
    """The text of a file, which each language gives its own form."""

    __slots__ = ()


class NoExampleError(Exception):
    """No value that a sample could show, such as one of a type without an end."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Makes values with all that is required and nothing else."""

    definitions: Mapping[TypeId, Definition]

    def value(
        self,
        expression: TypeExpr,
        inside: tuple[TypeId, ...] = (),
        *,
        stated: JsonValue = None,
    ) -> JsonValue:
        """Give a value, `stated` if that fits; raise NoExampleError without one."""
        if stated is not None:
            try:
                return Stated(self.definitions).value(expression, stated)
            except NoExampleError:
                pass
        match expression:
            case Scalar(kind="binary"):
                return File("data")
            case Scalar(kind=kind, format=form):
                return _TEXTS.get(form or "", _SCALARS[kind])
            case Constant(value=value):
                return value
            case Json():
                return {}
            case Nullable(inner=inner):
                return self.value(inner, inside)
            case ListOf(item=item):
                return self._list(item, inside)
            case TupleOf(items=items):
                return [self.value(item, inside) for item in items]
            case MapOf():
                return {}
            case Ref(id=name):
                return self._named(name, inside)

    def parameter(self, parameter: Parameter) -> JsonValue:
        """Give what a parameter takes."""
        return self.value(parameter.type, stated=parameter.example)

    def body(self, operation: Operation, *, streamed: bool) -> JsonValue:
        """Give what a method takes: what it sets itself, or refuses, is left out."""
        if operation.body is None:
            raise NoExampleError
        found = self.value(operation.body.type, stated=operation.body.example)
        call = operation.stream
        flag = call.asked_by if call is not None else None
        if isinstance(found, dict) and flag is not None:
            is_set = streamed or found.get(flag.property) == flag.value
            if is_set:
                found = {key: it for key, it in found.items() if key != flag.property}
        return found

    def _list(self, item: TypeExpr, inside: tuple[TypeId, ...]) -> JsonValue:
        try:
            return [self.value(item, inside)]
        except NoExampleError:
            return []

    def _named(self, name: TypeId, inside: tuple[TypeId, ...]) -> JsonValue:
        definition = self.definitions.get(name)
        if definition is None or name in inside:
            raise NoExampleError
        deeper = (*inside, name)
        match definition:
            case Struct(fields=fields):
                return {
                    each.name: self.value(each.type, deeper)
                    for each in fields
                    if each.required and not each.read_only
                }
            case Enum(values=values):
                if not values:
                    raise NoExampleError
                return values[0].value
            case Union(variants=variants):
                return self._first([each.type for each in variants], deeper)
            case Alias(type=inner):
                return self.value(inner, deeper)

    def _first(self, variants: list[TypeExpr], inside: tuple[TypeId, ...]) -> JsonValue:
        for variant in variants:
            try:
                return self.value(variant, inside)
            except NoExampleError:
                continue
        raise NoExampleError


_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


@dataclass(frozen=True, slots=True)
class Stated:
    """Takes an example of the document for a type: what is required of it.

    Of an object that requires nothing, all that the example has is taken.
    """

    definitions: Mapping[TypeId, Definition]

    def value(self, expression: TypeExpr, stated: JsonValue) -> JsonValue:
        """Give the value; raise NoExampleError if the example is not of the type."""
        match expression, stated:
            case Scalar(kind=kind), _ if _is_scalar(kind, stated):
                return stated
            case Constant(value=value), _ if _is_same(value, stated):
                return stated
            case Json(), _:
                return stated
            case Nullable(inner=inner), _:
                return self.value(inner, stated)
            case ListOf(item=item), list():
                return [self.value(item, each) for each in stated]
            case TupleOf(items=items), list() if len(items) == len(stated):
                pairs = zip(items, stated, strict=True)
                return [self.value(item, each) for item, each in pairs]
            case MapOf(value=inner), dict():
                return {key: self.value(inner, each) for key, each in stated.items()}
            case Ref(id=name), _ if name in self.definitions:
                return self._named(self.definitions[name], stated)
            case _:
                raise NoExampleError

    def _named(self, definition: Definition, stated: JsonValue) -> JsonValue:
        match definition, stated:
            case Struct(), dict():
                return self._struct(definition, stated)
            case Enum(values=values), _ if any(
                _is_same(each.value, stated) for each in values
            ):
                return stated
            case Union(), _:
                return self._union(definition, stated)
            case Alias(type=inner), _:
                return self.value(inner, stated)
            case _:
                raise NoExampleError

    def _struct(self, struct: Struct, stated: dict[str, JsonValue]) -> JsonValue:
        fields = {each.name: each for each in struct.fields if not each.read_only}
        needed = {name for name, each in fields.items() if each.required}
        if stated.keys() - fields.keys() or needed - stated.keys():
            raise NoExampleError
        found = {
            name: self.value(fields[name].type, each) for name, each in stated.items()
        }
        return {
            name: each for name, each in found.items() if name in needed or not needed
        }

    def _union(self, union: Union, stated: JsonValue) -> JsonValue:
        tag = union.tag
        tagged = stated.get(tag.property) if tag and isinstance(stated, dict) else None
        for variant in union.variants:
            if tag is not None and variant.tag != tagged:
                continue
            try:
                return self.value(variant.type, stated)
            except NoExampleError:
                continue
        raise NoExampleError


def _is_scalar(kind: str, stated: JsonValue) -> bool:
    is_boolean = isinstance(stated, bool)
    return isinstance(stated, _KINDS.get(kind, ())) and is_boolean == (
        kind == "boolean"
    )


def _is_same(value: JsonValue, stated: JsonValue) -> bool:
    return type(value) is type(stated) and value == stated
