"""Calls whose bodies are put together step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import (
    doc_comment,
    identifier,
    literal,
    string,
    value_key,
)
from headgate.ir.types import Constant, Struct
from headgate.names import Name, Scope, camel, split_words
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import WIDTH, Entry, call_lines, open_object
from headgate.plan.typescript.names import RESERVED_WORDS, TAKEN_MEMBERS
from headgate.plan.typescript.page import Extra
from headgate.plan.typescript.waits import options_of

if TYPE_CHECKING:
    from headgate.ir.api import Api
    from headgate.ir.operations import Operation
    from headgate.ir.surface import Builder, Turn
    from headgate.ir.types import Field, TypeId
    from headgate.plan.typescript.names import Names

BUILDERS = "builders"
_OWN = {"added", "execute", "executeWithStats", "param", "request", "stream", "with"}


@dataclass(frozen=True, slots=True)
class BuilderPlan:
    """A builder's class."""

    docs: Code
    name: Code
    body: Code
    resource: Code
    methods: tuple[Extra, ...]


@dataclass(frozen=True, slots=True)
class BuildersPage:
    """The module of the builders."""

    header: Code
    imports: tuple[Code, ...]
    builders: tuple[BuilderPlan, ...]


def plan_builders(api: Api, names: Names, header: Code) -> BuildersPage:
    """Plan the module."""
    imports = Imports(BUILDERS)
    imports.runtime("steps", "Steps")
    types = Types(api, names, imports, sending=True)
    builders = tuple(_Planner(types, each).plan() for each in api.surface.builders)
    return BuildersPage(header, imports.lines(), builders)


def _struct(api: Api, type_id: TypeId) -> Struct:
    definition = api.definitions[type_id]
    if isinstance(definition, Struct):
        return definition
    raise AssertionError("builders make structs")


class _Planner:
    """Plans one builder."""

    def __init__(self, types: Types, builder: Builder) -> None:
        self._types = types
        self._builder = builder
        self._struct = _struct(types.api, builder.body)
        self._scope = Scope(reserved=TAKEN_MEMBERS | _OWN)
        self._operation = self._called()

    def _called(self) -> Operation:
        wanted = self._builder.operation
        return next(each for each in self._types.api.operations if each.id == wanted)

    def plan(self) -> BuilderPlan:
        """Plan everything: turns, what adds items as they are, setters, the calls."""
        builder, names = self._builder, self._types.names
        turns = [self._turn(each) for each in builder.turns]
        taken = {camel(split_words(each.name)) for each in builder.turns}
        setters = [
            self._setter(each)
            for each in self._struct.fields
            if self._is_settable(each) and camel(split_words(each.name)) not in taken
        ]
        resource = names.resources[self._operation.resource].exported
        return BuilderPlan(
            docs=doc_comment(
                f"A call of `{builder.operation}`, put together in steps."
            ),
            name=identifier(names.builders[builder.name].name),
            body=self._types.imports.type(names.types[builder.body]),
            resource=self._types.imports.type(resource),
            methods=(*turns, self._items(), *setters, *self._calls()),
        )

    def _turn(self, turn: Turn) -> Extra:
        struct = _struct(self._types.api, turn.type)
        scope = Scope(reserved=RESERVED_WORDS)
        fields = {field.name: field for field in struct.fields}
        given = {
            each: identifier(scope.claim(camel(split_words(each)), "value"))
            for each in turn.arguments
        }
        entries: list[Entry] = []
        for field in struct.fields:
            key = value_key(field.name)
            if field.name in given:
                entries.append(Entry(key, given[field.name]))
            elif field.required and isinstance(field.type, Constant):
                entries.append(Entry(key, literal(field.type.value)))
        parameters = [
            assembled("{}: {}", given[each], self._types.write(fields[each].type))
            for each in turn.arguments
        ]
        docs = turn.docs.text or f"Adds a `{turn.name}`."
        return self._step(turn.name, docs, parameters, self._add(entries))

    def _add(self, entries: list[Entry]) -> tuple[Code, ...]:
        parts = [
            each.key if each.key == each.value else _colon(each) for each in entries
        ]
        item = assembled("{{ {} }}", joined(", ", parts))
        start = assembled("    return this.added({}, [", string(self._builder.items))
        line = assembled("{}{}]);", start, item)
        if len(line) <= WIDTH:
            return (line,)
        return (assembled("{}{}]);", start, open_object(entries, 4)),)

    def _items(self) -> Extra:
        field = next(f for f in self._struct.fields if f.name == self._builder.items)
        written = self._types.write(field.type)
        call = assembled(
            "    return this.added({}, items);", string(self._builder.items)
        )
        return self._step(
            field.name,
            "Adds several as they are.",
            [assembled("items: {}", written)],
            (call,),
        )

    def _setter(self, field: Field) -> Extra:
        call = assembled("    return this.param({}, value);", string(field.name))
        return self._step(
            field.name,
            field.docs.text or f"Sets `{field.name}`.",
            [assembled("value: {}", self._types.write(field.type))],
            (call,),
        )

    def _step(
        self, name: str, docs: str, parameters: list[Code], lines: tuple[Code, ...]
    ) -> Extra:
        own = identifier(self._scope.claim(camel(split_words(name)), "step"))
        head = call_lines(own, parameters, fixed(": this {"), 2)
        return Extra(doc_comment(docs, depth=2), head, lines)

    def _is_settable(self, field: Field) -> bool:
        call = self._operation.stream
        flag = call.asked_by.property if call and call.asked_by else None
        held = {*self._builder.given, self._builder.items, flag}
        return field.name not in held and not isinstance(field.type, Constant)

    def _calls(self) -> list[Extra]:
        """Plan what makes the call, and the same call as a stream."""
        operation, names = self._operation, self._types.names
        imports, found = self._types.imports, list[Extra]()
        methods = names.resources[operation.resource].methods
        given = imports.type(options_of(self._types.api, operation))
        options = [assembled("options?: {}", given)]

        def calling(docs: str, name: Code, returned: Code, *lines: Code) -> None:
            head = call_lines(name, options, assembled(": {} {{", returned), 2)
            found.append(Extra(doc_comment(docs, depth=2), head, lines))

        if operation.result is not None and not operation.only_streams:
            receiving = replace(self._types, sending=False)
            result = receiving.write(operation.result.type)
            method = methods[operation.id, operation.method]
            promise = imports.runtime_type("responses", "ResponsePromise")
            whole = assembled("{}<{}>", promise, result)
            calling("Makes the call.", fixed("execute"), whole, _passed(method))
            imports.runtime("stats", "measured")
            stats = imports.runtime_type("stats", "CallStats")
            calling(
                "Makes the call, and says what it took.",
                fixed("executeWithStats"),
                assembled("Promise<[{}, {}]>", result, stats),
                *_measured(method),
            )
        if operation.stream is not None:
            kind = imports.type(names.streams[operation.stream.stream])
            streaming = _passed(methods[operation.id, operation.stream.method])
            calling("Makes the call as a stream.", fixed("stream"), kind, streaming)
        return found


def _passed(method: Name) -> Code:
    return assembled(
        "    return this.#resource.{}(this.request(), options);", identifier(method)
    )


def _measured(method: Name) -> tuple[Code, ...]:
    call = assembled("this.#resource.{}(this.request(), own)", identifier(method))
    line = assembled("    return measured((own) => {}, options);", call)
    if len(line) <= WIDTH:
        return (line,)
    return (
        fixed("    return measured("),
        assembled("      (own) => {},", call),
        fixed("      options,"),
        fixed("    );"),
    )


def _colon(entry: Entry) -> Code:
    return (
        assembled("{}: {}", entry.key, entry.value)
        if isinstance(entry.value, Code)
        else entry.key
    )
