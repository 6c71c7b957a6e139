"""From the `calls` of a declaration to assemblies: objects that come in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from headgate.ir.build.folds import guard_of
from headgate.ir.build.paths import PathProblem, PathReader, field_step
from headgate.ir.build.reader import Node, Reader, as_list, as_object, text_at
from headgate.ir.streams import Assembly, Moment, NarrowStep
from headgate.ir.types import Definition, Ref, Struct, TypeExpr, TypeId, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from headgate.ir.streams import EventCase, Extractor, Nested, Path, Step

_Named = TypeVar("_Named")


@dataclass(frozen=True, slots=True)
class AssemblyReader:
    """Reads the `calls` of one stream; what does not fit the types is reported."""

    reader: Reader
    definitions: Mapping[TypeId, Definition]
    cases: Mapping[str, EventCase]
    extractors: Mapping[str, Extractor]

    def assemblies(
        self, node: Node, nested: tuple[Nested, ...], inner: tuple[Assembly, ...]
    ) -> tuple[Assembly, ...]:
        """Read them all; `inner` are those of the carried stream."""
        found: list[Assembly] = []
        for name, entry in node.objects("calls"):
            try:
                found.append(self._assembly(name, entry, nested, inner))
            except PathProblem as problem:
                self.reader.report("impossible-call", str(problem), entry.pointer)
        return tuple(found)

    def _assembly(
        self,
        name: str,
        entry: Node,
        nested: tuple[Nested, ...],
        inner: tuple[Assembly, ...],
    ) -> Assembly:
        if "nested" in entry.value:
            carrier = _one(nested, lambda each: each.event, entry, "nested")
            carried = next((each for each in inner if each.name == name), None)
            if carried is None:
                raise PathProblem(f"the carried stream has no call '{name}'")
            return self._carried(carried, carrier, entry)
        return self._own(name, entry)

    def _own(self, name: str, entry: Node) -> Assembly:
        text = _one(self.extractors.values(), lambda each: each.name, entry, "text")
        begin = as_object(entry.value.get("begin"))
        case = self._case(begin)
        value = self._begun(begin, case)
        paths = PathReader(self.definitions, case.type)
        struct = self._struct(paths.settled(paths.type_at(value, case.type)))
        return Assembly(
            name=name,
            object=struct.id,
            into=field_step(struct, str(entry.value.get("into"))),
            begin=self._moment(entry, case, value),
            text=self._moment(entry, self._named(text.event), text.path),
            end=self._moment(entry, self._case(as_object(entry.value.get("end"))), ()),
            discarded_by=self._discarding(entry),
        )

    def _begun(self, begin: Mapping[str, object], case: EventCase) -> Path:
        """Lead from the first event to the object, proved to be of the variant."""
        path = PathReader(self.definitions, case.type).source(str(begin.get("at")))
        if "by" not in begin:
            return path
        by, tag = str(begin["by"]), str(begin.get("tag"))
        guard = guard_of(self.definitions, case.type, by, tag)
        proved = () if guard.narrow is None else (guard.narrow,)
        return (*path, *proved)

    def _moment(self, entry: Node, case: EventCase, value: Path) -> Moment:
        paths = PathReader(self.definitions, case.type)
        return Moment(case.name, paths.source(str(entry.value.get("key"))), value)

    def _case(self, part: Mapping[str, object]) -> EventCase:
        return self._named(str(part.get("event")))

    def _named(self, event: str) -> EventCase:
        case = self.cases.get(event)
        if case is None:
            raise PathProblem(f"'{event}' is no event of this stream")
        return case

    def _struct(self, expression: TypeExpr) -> Struct:
        found = (
            self.definitions.get(expression.id) if isinstance(expression, Ref) else None
        )
        if not isinstance(found, Struct):
            raise PathProblem("what is called must be an object")
        return found

    def _discarding(self, entry: Node) -> tuple[str, ...]:
        listed = as_list(entry.value.get("discarded_by"))
        return tuple(self._named(str(event)).name for event in listed)

    def _carried(self, carried: Assembly, carrier: Nested, entry: Node) -> Assembly:
        return Assembly(
            name=carried.name,
            object=carried.object,
            into=carried.into,
            begin=self._carried_moment(carried.begin, carrier),
            text=self._carried_moment(carried.text, carrier),
            end=self._carried_moment(carried.end, carrier),
            discarded_by=self._discarding(entry),
        )

    def _carried_moment(self, moment: Moment, carrier: Nested) -> Moment:
        paths = PathReader(self.definitions, carrier.field.type)
        union = paths.settled(carrier.field.type)
        definition = self.definitions.get(union.id) if isinstance(union, Ref) else None
        way: tuple[Step, ...] = (carrier.field,)
        if isinstance(definition, Union):
            kinds = (v.type for v in definition.variants if v.tag == moment.event)
            inner = next((kind for kind in kinds if isinstance(kind, Ref)), None)
            if inner is None:
                raise PathProblem(f"no event carries '{moment.event}'")
            way = (carrier.field, NarrowStep(definition.id, (inner.id,)))
        return Moment(carrier.event, (*way, *moment.key), (*way, *moment.value))


def _one(
    found: Iterable[_Named], name_of: Callable[[_Named], str], entry: Node, key: str
) -> _Named:
    wanted = text_at(entry.value, key)
    one = next((each for each in found if name_of(each) == wanted), None)
    if one is None:
        raise PathProblem(f"'{wanted}' names nothing that '{key}' can mean")
    return one
