"""From the `fold` and `deltas` of a declaration to typed rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.ir.build.paths import PathProblem, PathReader, field_step
from headgate.ir.build.reader import (
    Node,
    Object,
    Reader,
    as_list,
    as_object,
    is_object,
    text_at,
)
from headgate.ir.streams import (
    Accumulation,
    AppendJson,
    AppendText,
    Extractor,
    Fold,
    FoldRule,
    Guard,
    MergeField,
    MergeFields,
    NarrowStep,
    SetValue,
)
from headgate.ir.types import Definition, Ref, Struct, TypeExpr, TypeId, Union

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.streams import EventCase, FoldAction, Nested, Path, Step

_NOT_EVENTS = frozenset({"into", "accumulate"})


@dataclass(frozen=True, slots=True)
class FoldReader:
    """Reads the folds of one stream; what does not fit the types is reported."""

    reader: Reader
    definitions: Mapping[TypeId, Definition]
    cases: Mapping[str, EventCase]

    def fold(self, node: Node, into: TypeExpr) -> Fold:
        """Read a whole `fold`."""
        rules: list[FoldRule] = []
        for event in node.value:
            if event in _NOT_EVENTS:
                continue
            case = self.cases.get(event)
            if case is None:
                message = f"'{event}' is no event of this stream"
                self.reader.report("unknown-event", message, node.child(event))
                continue
            rules += self._rules(node, case, into)
        declared = node.value.get("accumulate")
        added = _accumulation(declared) if is_object(declared) else None
        # A rule that changes nothing would be a method without a body.
        return Fold(into, tuple(each for each in rules if each.actions), added)

    def _rules(self, node: Node, case: EventCase, into: TypeExpr) -> list[FoldRule]:
        value = node.value[case.name]
        if not is_object(value):
            return [self._rule(node, case.name, case, None, into)]
        inner = Node(value, node.child(case.name))
        by = str(value.get("by", ""))
        found: list[FoldRule] = []
        for tag in value:
            if tag != "by":
                guard = self._guard(case.type, by, tag, inner.child(tag))
                found.append(self._rule(inner, tag, case, guard, into))
        return found

    def _rule(
        self,
        node: Node,
        key: str,
        case: EventCase,
        guard: Guard | None,
        into: TypeExpr,
    ) -> FoldRule:
        paths = PathReader(self.definitions, case.type)
        if guard is not None and guard.narrow is not None:
            paths.narrowed[_owner(str(node.value.get("by", "")))] = guard.narrow
        actions: list[FoldAction] = []
        for index, action in enumerate(as_list(node.value[key])):
            try:
                actions.append(_action(as_object(action), paths, into))
            except PathProblem as problem:
                pointer = node.child(key, index)
                self.reader.report("impossible-fold", str(problem), pointer)
        return FoldRule(case.name, guard, tuple(actions))

    def _guard(self, event: TypeExpr, by: str, tag: str, pointer: str) -> Guard | None:
        try:
            return guard_of(self.definitions, event, by, tag)
        except PathProblem as problem:
            self.reader.report("impossible-fold", str(problem), pointer)
            return None

    def extractors(
        self, node: Node, nested: tuple[Nested, ...], inner: tuple[Extractor, ...]
    ) -> tuple[Extractor, ...]:
        """Read `deltas`; `inner` are those of the carried stream."""
        found: list[Extractor] = []
        for name, entry in node.objects("deltas"):
            try:
                found.append(self._extractor(name, entry, nested, inner))
            except (PathProblem, KeyError, StopIteration) as problem:
                self.reader.report("impossible-delta", str(problem), entry.pointer)
        return tuple(found)

    def _extractor(
        self,
        name: str,
        entry: Node,
        nested: tuple[Nested, ...],
        inner: tuple[Extractor, ...],
    ) -> Extractor:
        if "nested" in entry.value:
            carrier = next(n for n in nested if n.event == entry.value["nested"])
            carried = next(e for e in inner if e.name == name)
            return _carried(carrier, carried, self.definitions)
        case = self.cases[str(entry.value.get("event"))]
        paths = PathReader(self.definitions, case.type)
        by = str(entry.value.get("by", ""))
        if by:
            tag = str(entry.value.get("tag"))
            guard = guard_of(self.definitions, case.type, by, tag)
            if guard.narrow is not None:
                paths.narrowed[_owner(by)] = guard.narrow
        return Extractor(name, case.name, paths.source(str(entry.value.get("at"))))


def _accumulation(declared: Object) -> Accumulation:
    return Accumulation(
        by=text_at(declared, "by"),
        append=tuple(map(str, as_list(declared.get("append")))),
        rename=_pairs(declared.get("rename")),
        put=_pairs(declared.get("put")),
        nulls=_places(declared.get("nulls")),
        drop=_places(declared.get("drop")),
    )


def _pairs(value: object) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(text)) for name, text in as_object(value).items())


def _places(value: object) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(str(path).split(".")) for path in as_list(value))


def guard_of(
    definitions: Mapping[TypeId, Definition], event: TypeExpr, by: str, tag: str
) -> Guard:
    """Read `by: delta.type` and one of its tags."""
    paths = PathReader(definitions, event)
    owner = _owner(by)
    path = paths.source(owner)
    name = by.removeprefix(owner).removeprefix(".")
    union = paths.settled(paths.type_at(path, event))
    definition = definitions.get(union.id) if isinstance(union, Ref) else None
    if not isinstance(definition, Union):
        return Guard(path, name, tag, None)
    variants = [v for v in definition.variants if v.tag == tag]
    if not variants or not isinstance(variants[0].type, Ref):
        raise PathProblem(f"no variant of '{definition.id}' is called '{tag}'")
    narrow = NarrowStep(definition.id, (variants[0].type.id,))
    return Guard(path, name, tag, narrow)


def _owner(by: str) -> str:
    return by.rpartition(".")[0]


def _carried(
    carrier: Nested, carried: Extractor, definitions: Mapping[TypeId, Definition]
) -> Extractor:
    """Lead an extractor through the event that carries the other stream's event."""
    paths = PathReader(definitions, carrier.field.type)
    union = paths.settled(carrier.field.type)
    definition = definitions.get(union.id) if isinstance(union, Ref) else None
    narrow: tuple[Step, ...] = ()
    if isinstance(definition, Union):
        variants = (v.type for v in definition.variants if v.tag == carried.event)
        inner = next(v for v in variants if isinstance(v, Ref))
        narrow = (NarrowStep(definition.id, (inner.id,)),)
    path = (carrier.field, *narrow, *carried.path)
    return Extractor(carried.name, carrier.event, path)


def _action(
    action: Mapping[str, object], paths: PathReader, into: TypeExpr
) -> FoldAction:
    source = paths.source(str(action.get("from", "")))
    if "append" in action:
        return AppendText(paths.target(str(action["append"]), into), source)
    if "append_json" in action:
        return AppendJson(paths.target(str(action["append_json"]), into), source)
    if "merge" in action:
        target = paths.target(str(action["merge"]), into)
        return MergeFields(target, source, _common(paths, into, target, source))
    target = paths.target(str(action.get("set", "")), into)
    _same_type(paths, paths.type_at(target, into), paths.type_at(source, paths.event))
    return SetValue(target, source)


def _same_type(paths: PathReader, target: TypeExpr, source: TypeExpr) -> None:
    if paths.settled(target) != paths.settled(source):
        raise PathProblem(f"{_shown(source)} is put where {_shown(target)} belongs")


def _shown(expression: TypeExpr) -> str:
    return f"'{expression.id}'" if isinstance(expression, Ref) else repr(expression)


def _common(
    paths: PathReader, into: TypeExpr, target: Path, source: Path
) -> tuple[MergeField, ...]:
    to = _struct(paths, paths.type_at(target, into))
    given = _struct(paths, paths.type_at(source, paths.event))
    known = {field.name for field in to.fields}
    return tuple(
        MergeField(
            field.name, field_step(given, field.name), field_step(to, field.name)
        )
        for field in given.fields
        if field.name in known
    )


def _struct(paths: PathReader, expression: TypeExpr) -> Struct:
    settled = paths.settled(expression)
    found = paths.definitions.get(settled.id) if isinstance(settled, Ref) else None
    if not isinstance(found, Struct):
        raise PathProblem("only objects can be merged")
    return found
