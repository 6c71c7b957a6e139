"""From `x-scopes`, `x-calls`, `x-waits` and `x-builders` to a client's own methods."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headgate.ir.build.blocking import BlockingReader
from headgate.ir.build.paths import PathProblem, PathReader, field_step
from headgate.ir.build.reader import Node, Reader, as_list, as_object, docs_of, text_at
from headgate.ir.build.security import alternatives
from headgate.ir.surface import (
    Blocking,
    Builder,
    RawCalls,
    Scope,
    ScopeArgument,
    ScopeHeader,
    Surface,
    Turn,
    Wait,
)
from headgate.ir.types import Constant, ListOf, Ref, Struct, TypeId, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeVar

    from headgate.errors import Location
    from headgate.ir.api import ErrorModel
    from headgate.ir.operations import Operation
    from headgate.ir.types import Definition, TypeExpr

    T = TypeVar("T")

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PLAIN: Final = re.compile(r"[\x20-\x7e]*")
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+/?")
_PLACE: Final = re.compile(r"\{([^{}]*)\}")


def read_surface(
    reader: Reader,
    operations: Iterable[Operation],
    definitions: Mapping[TypeId, Definition],
    errors: ErrorModel,
) -> Surface:
    """Read what a client has beside its operations; what does not fit is reported."""
    by_id = {operation.id: operation for operation in operations}
    return SurfaceReader(reader, by_id, definitions, errors).surface()


@dataclass(frozen=True, slots=True)
class SurfaceReader:
    """Reads the extensions of the document's root that are about clients."""

    reader: Reader
    operations: Mapping[str, Operation]
    definitions: Mapping[TypeId, Definition]
    errors: ErrorModel

    def surface(self) -> Surface:
        """Read every extension."""
        root = self.reader.root
        calls = root.value.get("x-calls")
        found = [("x-calls", Node(as_object(calls), "#/x-calls"))] if calls else []
        return Surface(
            scopes=self._all(root.objects("x-scopes"), self._scope),
            calls=next(iter(self._all(found, self._calls)), None),
            waits=self._all(root.objects("x-waits"), self._wait),
            builders=self._all(root.objects("x-builders"), self._builder),
        )

    def _all(
        self, entries: list[tuple[str, Node]], read: Callable[[str, Node], T]
    ) -> tuple[T, ...]:
        found: list[T] = []
        for name, entry in entries:
            try:
                if not name.startswith("x-"):
                    _check(_NAME.fullmatch(name), f"'{name}' is no name_of_a_method")
                found.append(read(name, entry))
            except PathProblem as problem:
                self.reader.report("impossible-surface", str(problem), entry.pointer)
        return tuple(found)

    def _scope(self, name: str, entry: Node) -> Scope:
        arguments = tuple(
            self._argument(each, node) for each, node in entry.objects("arguments")
        )
        known = {each.name for each in arguments}
        headers = tuple(
            _header(header, str(text), known)
            for header, text in as_object(entry.value.get("headers")).items()
        )
        return Scope(name, arguments, headers, docs_of(entry.value), self._place(entry))

    def _argument(self, name: str, entry: Node) -> ScopeArgument:
        _check(_NAME.fullmatch(name), f"'{name}' is no name_of_an_argument")
        value = entry.value
        default = value.get("default")
        return ScopeArgument(
            name=name,
            docs=docs_of(value),
            required=value.get("required") is True,
            default=None if default is None else str(default),
            generated=value.get("generated") is True,
            secret=value.get("secret") is True,
            example=text_at(value, "example"),
        )

    def _calls(self, _: str, entry: Node) -> RawCalls:
        value = entry.value
        under = str(value.get("under", ""))
        direct = tuple(map(str, as_list(value.get("direct"))))
        for path in (under, *direct):
            _check(_PATH.fullmatch(path), f"'{path}' is not of the form '/v1/there'")
        own = text_at(value, "own_errors")
        pending = text_at(value, "pending")
        for header in (own, pending):
            known = header is None or _TOKEN.fullmatch(header)
            _check(known, f"'{header}' is no header's name")
        return RawCalls(
            under=under.rstrip("/"),
            direct=direct,
            own_errors=own,
            pending=pending,
            security=alternatives(self.reader, self.reader.root.value),
            docs=docs_of(value),
            location=self._place(entry),
        )

    def _wait(self, name: str, entry: Node) -> Wait:
        value = entry.value
        operation = self._operation(entry)
        found = [each.name for each in operation.parameters if each.place == "path"]
        _check(len(found) == 1, f"'{operation.id}' does not take one id in its path")
        query = str(value.get("query"))
        known = {each.name for each in operation.parameters if each.place == "query"}
        _check(query in known, f"'{operation.id}' has no query parameter '{query}'")
        result = operation.result
        type_ = None if result is None else result.type
        struct = self.definitions.get(type_.id) if isinstance(type_, Ref) else None
        if not isinstance(struct, Struct):
            raise PathProblem(f"'{operation.id}' gives no object with fields")
        return Wait(
            name=name,
            operation=operation.id,
            parameter=found[0],
            query=query,
            most=int(value.get("most", 60)),
            field=field_step(struct, str(value.get("field"))).name,
            pending=tuple(map(str, as_list(value.get("pending")))),
            docs=docs_of(value),
            location=self._place(entry),
            blocking=self._blocking(name, entry, struct),
        )

    def _blocking(self, name: str, entry: Node, struct: Struct) -> Blocking | None:
        if "call" not in entry.value:
            return None
        call = Node(as_object(entry.value["call"]), entry.child("call"))
        return BlockingReader(call, struct, self.definitions, self.errors).read(name)

    def _builder(self, name: str, entry: Node) -> Builder:
        operation = self._operation(entry)
        needed = [each.name for each in operation.parameters if each.required]
        _check(not needed, f"'{operation.id}' needs more than its body")
        body = operation.body
        type_ = None if body is None else body.type
        struct = self.definitions.get(type_.id) if isinstance(type_, Ref) else None
        if body is None or body.kind != "json" or not isinstance(struct, Struct):
            raise PathProblem(f"'{operation.id}' takes no object with fields")
        items = field_step(struct, str(entry.value.get("items")))
        paths = PathReader(self.definitions, Ref(struct.id))
        list_ = paths.settled(items.type)
        if not isinstance(list_, ListOf):
            raise PathProblem(f"'{items.name}' is no list")
        turns = tuple(self._turn(*each) for each in entry.objects("turns"))
        for turn in turns:
            fits = self._takes(paths.settled(list_.item), turn.type)
            _check(fits, f"'{items.name}' takes no '{turn.type}'")
        required = [each for each in struct.fields if each.required]
        return Builder(
            name=name,
            operation=operation.id,
            body=struct.id,
            given=tuple(each.name for each in required if each.name != items.name),
            items=items.name,
            turns=turns,
            docs=docs_of(entry.value),
            location=self._place(entry),
        )

    def _takes(self, item: TypeExpr, turn: TypeId) -> bool:
        """Say whether an item of a list may be a turn: as it is, or as a variant."""
        if not isinstance(item, Ref) or item.id == turn:
            return True
        held = self.definitions.get(item.id)
        variants = held.variants if isinstance(held, Union) else ()
        return any(each.type == Ref(turn) for each in variants)

    def _turn(self, name: str, entry: Node) -> Turn:
        _check(_NAME.fullmatch(name), f"'{name}' is no name_of_a_method")
        target = str(as_object(entry.value.get("schema")).get("$ref", ""))
        struct = self.definitions.get(TypeId(target.rpartition("/")[2]))
        if not isinstance(struct, Struct):
            raise PathProblem(f"'{target}' is no object with fields")
        arguments = tuple(
            field_step(struct, str(each)).name
            for each in as_list(entry.value.get("arguments"))
        )
        for field in struct.fields:
            is_fixed = isinstance(field.type, Constant) or field.default is not None
            if field.required and not is_fixed and field.name not in arguments:
                raise PathProblem(f"'{field.name}' of '{struct.id}' must be given")
        return Turn(name, struct.id, arguments, docs_of(entry.value))

    def _operation(self, entry: Node) -> Operation:
        id_ = str(entry.value.get("operation"))
        found = self.operations.get(id_)
        if found is None:
            raise PathProblem(f"there is no operation '{id_}'")
        return found

    def _place(self, entry: Node) -> Location:
        return self.reader.locate(entry.pointer)


def _header(name: str, template: str, known: set[str]) -> ScopeHeader:
    _check(_TOKEN.fullmatch(name), f"'{name}' is no header's name")
    _check(_PLAIN.fullmatch(template), f"'{name}' has no text of a header")
    pieces = tuple(_PLACE.split(template))
    for argument in pieces[1::2]:
        _check(argument in known, f"'{argument}' of '{name}' is no argument")
    return ScopeHeader(name, pieces)


def _check(holds: object, message: str) -> None:
    if not holds:
        raise PathProblem(message)
