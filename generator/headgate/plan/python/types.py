"""From the IR's type expressions to Python's, as they are sent and as they come in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, assert_never

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import identifier, literal
from headgate.ir.build.directions import leads_to
from headgate.ir.build.directions import mentioned as mentioned_in
from headgate.ir.types import (
    Alias,
    Constant,
    Enum,
    Json,
    ListOf,
    MapOf,
    Nullable,
    Ref,
    Scalar,
    Struct,
    TupleOf,
    Union,
)
from headgate.names import Name
from headgate.plan.python.layout import (
    NONE,
    Atom,
    Expr,
    Subscript,
    alternatives,
    optional,
)
from headgate.plan.python.topics import named_in, relative

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.types import Definition, TypeExpr, TypeId
    from headgate.plan.python.imports import Imports
    from headgate.plan.python.names import TypeNames

Side = Literal["sent", "received"]

STR = Atom(fixed("str"))
_DATES: Mapping[str, Literal["date", "datetime"]] = {
    "date": "date",
    "date-time": "datetime",
}


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes type expressions for one module, whose imports it collects.

    `package` is the path from the module to the package's root: `..` for a module
    of `types`. `late`: the modules that import this one in turn. `shadowed`: the
    names that a class around the text hides.
    """

    definitions: Mapping[TypeId, Definition]
    names: TypeNames
    recursive: frozenset[TypeId]
    imports: Imports
    package: Literal[".", "..", "..."] = ".."
    module: str | None = None
    late: frozenset[str] = frozenset()
    shadowed: frozenset[str] = frozenset()

    def expr(self, type_: TypeExpr, side: Side) -> Expr:
        """Write a type as it is sent or as it is received."""
        match type_:
            case Scalar():
                return self._scalar(type_, side)
            case Constant():
                return self._constant(type_)
            case Json():
                return Atom(self.imports.use("typing", "Any"))
            case Nullable():
                return optional(self.expr(type_.inner, side))
            case ListOf():
                return self._list(type_, side)
            case MapOf():
                return self._map(type_, side)
            case TupleOf():
                return self._tuple(type_, side)
            case Ref():
                return self._ref(self.definitions[type_.id], side)
            case _:
                assert_never(type_)

    def _scalar(self, scalar: Scalar, side: Side) -> Expr:
        match scalar.kind:
            case "string":
                return self._string(scalar.format, side)
            case "integer":
                return Atom(fixed("int"))
            case "number":
                return Atom(fixed("float"))
            case "boolean":
                return Atom(fixed("bool"))
            case "binary":
                return self._binary(side)
            case "null":
                return NONE
            case _:
                assert_never(scalar.kind)

    def _binary(self, side: Side) -> Expr:
        if side == "received":
            return Atom(fixed("bytes"))
        home = f"{self.package}_runtime.bodies"
        return Atom(self.imports.use(home, "FileInput"))

    def _string(self, format_: str | None, side: Side) -> Expr:
        name = _DATES.get(format_ or "")
        if name is None:
            return STR
        parsed = Atom(self.imports.use("datetime", name))
        return alternatives(parsed, STR) if side == "sent" else parsed

    def _constant(self, constant: Constant) -> Expr:
        if constant.value is None:
            return NONE
        if isinstance(constant.value, float):
            return Atom(fixed("float"))
        head = self.imports.use("typing", "Literal")
        return Subscript(head, (Atom(literal(constant.value)),))

    def _list(self, type_: ListOf, side: Side) -> Expr:
        item = self.expr(type_.item, side)
        if side == "sent":
            return Subscript(self.imports.use("collections.abc", "Sequence"), (item,))
        return Subscript(self._builtin("list"), (item,))

    def _tuple(self, type_: TupleOf, side: Side) -> Expr:
        """Write the types by place; with further items, as one list of all types."""
        items = [self.expr(item, side) for item in type_.items]
        if type_.rest is None and items:
            return Subscript(self._builtin("tuple"), tuple(items))
        rest = [] if type_.rest is None else [self.expr(type_.rest, side)]
        each = alternatives(*items, *rest) if items or rest else NONE
        if side == "sent":
            return Subscript(self.imports.use("collections.abc", "Sequence"), (each,))
        return Subscript(self._builtin("list"), (each,))

    def _map(self, type_: MapOf, side: Side) -> Expr:
        value = self.expr(type_.value, side)
        if side == "sent":
            head = self.imports.use("collections.abc", "Mapping")
            return Subscript(head, (STR, value))
        return Subscript(self._builtin("dict"), (STR, value))

    def _builtin(self, name: Literal["list", "dict", "tuple"]) -> Code:
        """Name a builtin, also inside a class that has a method of that name."""
        if name not in self.shadowed:
            return fixed(name)
        return assembled("{}.{}", self.imports.use_module("builtins"), fixed(name))

    def _ref(self, definition: Definition, side: Side) -> Expr:
        if isinstance(definition, Alias) and definition.id not in self.recursive:
            return self.expr(definition.type, side)
        return self._open(definition, self.named(definition, side), side)

    def _open(self, definition: Definition, name: Expr, side: Side) -> Expr:
        """Let an enum hold what it may grow to."""
        if not isinstance(definition, Enum):
            return name
        if side == "sent" and not definition.open:
            return name
        more = STR if definition.kind == "string" else Atom(fixed("int"))
        return alternatives(name, more)

    def named(self, definition: Definition, side: Side) -> Atom:
        """Give a definition's own name, imported if it stands in another module."""
        names = self.names.sent if side == "sent" else self.names.received
        name = names[definition.id]
        module = self.names.modules[definition.id]
        if module == self.module:
            return Atom(identifier(Name(name)))
        if self.module is None:
            return Atom(self.imports.use(f"{self.package}types.{module}", name))
        home = relative(self.module, module)
        if module in self.late:
            return Atom(self.imports.use_late(home, name))
        return Atom(self.imports.use(home, name))

    def is_late(self, type_: TypeExpr) -> bool:
        """Say whether a type's text names what comes after the module's own types."""
        names = named_in(mentioned_in(type_), self.definitions, self.recursive)
        return any(self.names.modules[each] in self.late for each in names)

    def is_recursive(self, type_: TypeExpr) -> bool:
        """Say whether a type's text has a name that stands for itself."""
        named = set(mentioned_in(type_))
        reached = {each for id_ in named for each in _reached(self.definitions, id_)}
        return not self.recursive.isdisjoint(named | reached)


def recursive_aliases(
    definitions: Mapping[TypeId, Definition],
) -> frozenset[TypeId]:
    """Find the names that stand for an expression in which they occur themselves."""
    return frozenset(
        id_
        for id_, definition in definitions.items()
        if not isinstance(definition, Struct) and id_ in _reached(definitions, id_)
    )


def _reached(
    definitions: Mapping[TypeId, Definition], start: TypeId
) -> frozenset[TypeId]:
    """Find what a name's expression mentions, through other names but no class."""
    found: set[TypeId] = set()
    waiting = list(mentioned(definitions[start]))
    while waiting:
        id_ = waiting.pop()
        if id_ not in found:
            found.add(id_)
            waiting += mentioned(definitions[id_])
    return frozenset(found)


def mentioned(definition: Definition) -> list[TypeId]:
    """Give the definitions that must exist before this one's text can be run."""
    match definition:
        case Alias() | Union():
            return leads_to(definition)
        case Struct() | Enum():
            return []
        case _:
            assert_never(definition)
