"""The least value of a type that an API would take, for samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headgate.document.json_values import Json as JsonValue
from headgate.ir.operations import Operation
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


class NoExampleError(Exception):
    """No value that a sample could show: bytes, or a type without an end."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Makes values with all that is required and nothing else."""

    definitions: Mapping[TypeId, Definition]

    def value(self, expression: TypeExpr, inside: tuple[TypeId, ...] = ()) -> JsonValue:
        """Give a value; raise NoExampleError where there is none."""
        match expression:
            case Scalar(kind="binary"):
                raise NoExampleError
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

    def body(self, operation: Operation, *, streamed: bool) -> JsonValue:
        """Give what a method takes: the property that it sets itself is left out."""
        if operation.body is None:
            raise NoExampleError
        found = self.value(operation.body.type)
        call = operation.stream
        flag = call.asked_by if call is not None else None
        if isinstance(found, dict) and flag is not None and streamed:
            return {key: each for key, each in found.items() if key != flag.property}
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
