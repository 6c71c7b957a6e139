"""Type expressions: how a type of the IR is written at one place of a module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import indent, literal
from headgate.ir.types import (
    Alias,
    Constant,
    Json,
    ListOf,
    MapOf,
    Nullable,
    Ref,
    Scalar,
    TupleOf,
    TypeExpr,
    Union,
)

if TYPE_CHECKING:
    from headgate.ir.api import Api
    from headgate.ir.types import Definition, TypeId
    from headgate.plan.typescript.imports import Imports
    from headgate.plan.typescript.names import Names


@dataclass(frozen=True, slots=True)
class Types:
    """Writes types for one module, whose imports it collects.

    `sending` says which way a binary value goes at this place, `within` which alias
    is being written: its name may not be an argument of a generic in it.
    """

    api: Api
    names: Names
    imports: Imports
    sending: bool = False
    within: TypeId | None = None

    def write(self, expression: TypeExpr) -> Code:
        """Write a type."""
        match expression:
            case Scalar(kind="binary"):
                return self._binary()
            case Scalar(kind=kind):
                return _SCALARS[kind]
            case Constant(value=value):
                return literal(value)
            case Json():
                return fixed("unknown")
            case Ref(id=type_id):
                return self.imports.type(self.names.types[type_id])
            case ListOf(item=item):
                return assembled("{}[]", self._in_list(item))
            case TupleOf(items=items, rest=rest):
                return self._tuple(items, rest)
            case MapOf(value=value) if self._leads_back(value):
                return assembled("{{ [field: string]: {} }}", self.write(value))
            case MapOf(value=value):
                return assembled("Record<string, {}>", self.write(value))
            case Nullable(inner=inner):
                return assembled("{} | null", self.write(inner))
            case _ as never:
                assert_never(never)

    def broken(self, expression: TypeExpr, depth: int) -> Code | None:
        """Write a type over several lines, if it is one that a formatter breaks.

        It breaks inside a record or its braces, whatever follows them.
        """
        blank = indent(depth)
        match expression:
            case MapOf(value=value) if self._leads_back(value):
                return assembled(
                    "{{\n{}  [field: string]: {};\n{}}}",
                    *(blank, self.write(value), blank),
                )
            case MapOf(value=value):
                return assembled(
                    "Record<\n{}  string,\n{}  {}\n{}>",
                    *(blank, blank, self.write(value), blank),
                )
            case ListOf(item=MapOf() as item):
                return self._followed(item, depth, fixed("[]"))
            case Nullable(inner=inner):
                return self._followed(inner, depth, fixed(" | null"))
            case _:
                return None

    def _leads_back(self, expression: TypeExpr) -> bool:
        """Whether a type names the alias that is being written; interfaces may."""
        if self.within is None:
            return False
        waiting = [expression]
        seen: set[TypeId] = set()
        while waiting:
            each = waiting.pop()
            if not isinstance(each, Ref):
                waiting += _inner(each)
            elif each.id == self.within:
                return True
            elif each.id not in seen:
                seen.add(each.id)
                waiting += _named(self.api.definitions[each.id])
        return False

    def _followed(self, expression: TypeExpr, depth: int, end: Code) -> Code | None:
        broken = self.broken(expression, depth)
        return None if broken is None else assembled("{}{}", broken, end)

    def _tuple(self, items: tuple[TypeExpr, ...], rest: TypeExpr | None) -> Code:
        written = [self.write(item) for item in items]
        if rest is not None:
            written.append(assembled("...{}[]", self._in_list(rest)))
        return assembled("[{}]", joined(", ", written))

    def _in_list(self, item: TypeExpr) -> Code:
        written = self.write(item)
        return assembled("({})", written) if isinstance(item, Nullable) else written

    def _binary(self) -> Code:
        if self.sending:
            return self.imports.runtime_type("request", "BinaryInput")
        return fixed("Uint8Array")

    def resolve(self, expression: TypeExpr) -> Definition | TypeExpr:
        """Follow references and aliases to a definition or a plain expression."""
        seen: set[str] = set()
        while isinstance(expression, Ref) and expression.id not in seen:
            seen.add(expression.id)
            definition = self.api.definitions[expression.id]
            if not isinstance(definition, Alias):
                return definition
            expression = definition.type
        return expression


def _inner(expression: TypeExpr) -> tuple[TypeExpr, ...]:
    match expression:
        case ListOf(item=inner) | MapOf(value=inner) | Nullable(inner=inner):
            return (inner,)
        case TupleOf(items=items, rest=rest):
            return items if rest is None else (*items, rest)
        case _:
            return ()


def _named(definition: Definition) -> tuple[TypeExpr, ...]:
    """Give the types that an alias names; an interface is named without them."""
    match definition:
        case Union(variants=variants):
            return tuple(variant.type for variant in variants)
        case Alias(type=MapOf()):
            return ()
        case Alias(type=inner):
            return (inner,)
        case _:
            return ()


_SCALARS = {
    "string": fixed("string"),
    "integer": fixed("number"),
    "number": fixed("number"),
    "boolean": fixed("boolean"),
    "null": fixed("null"),
}
