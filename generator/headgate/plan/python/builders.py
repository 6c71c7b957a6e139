"""`builders.py`: calls whose bodies are put together step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import docstring, literal, string
from headgate.ir.types import Constant, Struct
from headgate.names import Scope, pascal, split_words
from headgate.plan.python.context import Context, name
from headgate.plan.python.imports import Imports
from headgate.plan.python.layout import flat, listed, parameter_line
from headgate.plan.python.methods import MethodPage, MethodPlan, options_of
from headgate.plan.python.names import KEYWORDS, SHADOWED, attribute

if TYPE_CHECKING:
    from headgate.ir.operations import Operation, Resource
    from headgate.ir.surface import Builder, Turn
    from headgate.ir.types import Field, TypeId

_OWN = frozenset(
    {"execute", "execute_with_stats", "param", "request", "self", "stream"}
)


@dataclass(frozen=True, slots=True)
class StepPage:
    """A method that gives the builder with one thing more."""

    name: Code
    parameters: tuple[Code, ...]
    docs: Code
    body: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class BuilderClass:
    """The builder for one kind of client."""

    name: Code
    resource: Code
    keyword: Code
    wait: Code
    stream: Code


@dataclass(frozen=True, slots=True)
class BuilderPage:
    """A builder: its steps, and the two classes that end them with a call."""

    steps: Code
    docs: Code
    methods: tuple[StepPage, ...]
    body: Code
    body_text: Code
    options: Code
    result: Code
    method: Code
    stream_method: Code
    streams: bool
    given: Code
    classes: tuple[BuilderClass, ...]


@dataclass(frozen=True, slots=True)
class BuildersPage:
    """The module of the builders."""

    header: Code
    imports: tuple[tuple[Code, ...], ...]
    typing_imports: tuple[tuple[Code, ...], ...]
    builders: tuple[BuilderPage, ...]


def builder_kind(builder: Builder, operation: Operation, *, is_async: bool) -> str:
    """Name a builder's class after the resource of the call that it makes."""
    start = "Async" if is_async else ""
    words = split_words("_".join((*operation.resource, builder.name)))
    return f"{start}{pascal(words)[:60]}"


def builders_page(context: Context) -> BuildersPage:
    """Plan the module."""
    imports, later = Imports(), Imports()
    pages = tuple(
        _BuilderPlan(each, context, imports, later).page()
        for each in context.api.surface.builders
    )
    for used in ("TYPE_CHECKING", "Any", "Self", "cast"):
        imports.use("typing", used)
    imports.use("collections.abc", "Mapping")
    imports.use("._runtime.stats", "CallStats")
    imports.use("._runtime.stats", "StopWatch")
    imports.use("._runtime.steps", "Steps")
    return BuildersPage(
        header=context.header,
        imports=imports.groups(),
        typing_imports=later.groups(4),
        builders=pages,
    )


def builder_methods(
    resource: Resource,
    context: Context,
    later: Imports,
    *,
    is_async: bool,
) -> list[MethodPage]:
    """Plan the methods of a resource that begin a builder."""
    return [
        _begin(each, operation, context, later, is_async=is_async)
        for each in context.api.surface.builders
        for operation in resource.operations
        if each.operation == operation.id
    ]


def _begin(
    builder: Builder,
    operation: Operation,
    context: Context,
    later: Imports,
    *,
    is_async: bool,
) -> MethodPage:
    kind = builder_kind(builder, operation, is_async=is_async)
    later.use("..builders", kind)
    own = Imports()
    own.use("..builders", kind)
    writer = context.writer(later)
    scope = Scope(KEYWORDS | {"self"})
    given = [
        (field, name(scope.claim(attribute(field.name), "value").text))
        for field in _struct(builder.body, context).fields
        if field.name in builder.given
    ]
    items = [assembled("{}: {}", string(field.name), each) for field, each in given]
    body = listed(fixed("{"), items, "}", indent=8, extra=len(kind) + 16)
    return MethodPage(
        keyword=fixed("def"),
        name=name(context.members.builders[builder.name]),
        parameters=tuple(
            parameter_line(assembled("{}: ", each), writer.expr(field.type, "sent"), 8)
            for field, each in given
        ),
        returns=assembled(") -> {}:", name(kind)),
        docs=docstring([builder.docs.text or "Begins a call step by step."], 8),
        body=(
            assembled(
                "{}\n\n        return {}(self, {})",
                own.groups(8)[0][0],
                name(kind),
                body,
            ),
        ),
    )


def _struct(id_: TypeId, context: Context) -> Struct:
    definition = context.api.definitions[id_]
    if isinstance(definition, Struct):
        return definition
    raise AssertionError("builders make structs")


class _BuilderPlan:
    """Plans one builder."""

    def __init__(
        self, builder: Builder, context: Context, imports: Imports, later: Imports
    ) -> None:
        self._builder = builder
        self._context = context
        self._later = later
        self._struct = _struct(builder.body, context)
        self._operation = self._called()
        turns = {attribute(each.name) for each in builder.turns}
        fields = {attribute(each.name) for each in self._struct.fields}
        self._scope = Scope(KEYWORDS | SHADOWED | _OWN)
        shadowed = frozenset(turns | fields | _OWN)
        self._writer = context.writer(imports, package=".", shadowed=shadowed)
        self._plan = MethodPlan(
            self._operation, context, Imports(), self._writer, is_async=False
        )

    def _called(self) -> Operation:
        wanted = self._builder.operation
        return next(each for each in self._context.api.operations if each.id == wanted)

    def page(self) -> BuilderPage:
        """Plan everything."""
        builder, operation = self._builder, self._operation
        members = self._context.members
        turns = [self._turn(each) for each in builder.turns]
        names = {each.name.text for each in turns}
        fields = [
            self._setter(each)
            for each in self._struct.fields
            if self._is_settable(each) and attribute(each.name) not in names
        ]
        body = self._writer.named(self._struct, "sent").text
        kind = builder_kind(builder, operation, is_async=False)
        stream = operation.stream
        return BuilderPage(
            steps=name(f"{kind}Steps"),
            docs=docstring([f"A call of `{operation.id}`, put together in steps."], 4),
            methods=(*turns, self._items(), *fields),
            body=body,
            body_text=string(body.text),
            options=self._later.use(*options_of(operation, self._context, ".")),
            result=self._result(),
            method=name(members.methods[operation.id]),
            stream_method=name(members.streams.get(operation.id, "stream")),
            streams=stream is not None and not operation.only_streams,
            given=fixed(
                "**self.request()" if self._plan.is_flat else "body=self.request()"
            ),
            classes=tuple(self._class(is_async=each) for each in (False, True)),
        )

    def _result(self) -> Code:
        result = self._operation.result
        if result is None:
            return fixed("None")
        return flat(self._writer.expr(result.type, "received"))

    def _class(self, *, is_async: bool) -> BuilderClass:
        resource = self._operation.resource
        kind = self._context.resources[resource]
        module = self._context.resource_modules[resource]
        own = f"Async{kind}" if is_async else kind
        return BuilderClass(
            name=name(builder_kind(self._builder, self._operation, is_async=is_async)),
            resource=self._later.use(f".resources.{module}", own),
            keyword=fixed("async def" if is_async else "def"),
            wait=fixed("await " if is_async else ""),
            stream=self._stream(is_async=is_async),
        )

    def _stream(self, *, is_async: bool) -> Code:
        call = self._operation.stream
        if call is None:
            return fixed("")
        names = self._context.streams[call.stream]
        kind = names.async_stream if is_async else names.stream
        return self._later.use(f".streams.{names.module}", kind)

    def _turn(self, turn: Turn) -> StepPage:
        struct = _struct(turn.type, self._context)
        scope = Scope(KEYWORDS | {"self"})
        fields = {field.name: field for field in struct.fields}
        given = {
            each: name(scope.claim(attribute(each), "value").text)
            for each in turn.arguments
        }
        items: list[Code] = []
        for field in struct.fields:
            if field.name in given:
                items.append(assembled("{}: {}", string(field.name), given[field.name]))
            elif field.required and isinstance(field.type, Constant):
                value = literal(field.type.value)
                items.append(assembled("{}: {}", string(field.name), value))
        item = listed(fixed("{"), items, "}", indent=8, extra=10)
        return StepPage(
            name=self._claim(turn.name),
            parameters=tuple(
                self._parameter(fields[each], given[each]) for each in turn.arguments
            ),
            docs=docstring([turn.docs.text or f"Add a `{turn.name}`."], 8),
            body=(
                assembled("item = {}", item),
                assembled("return self._added({}, [item])", self._list),
            ),
        )

    @property
    def _list(self) -> Code:
        return string(self._builder.items)

    def _items(self) -> StepPage:
        """Plan the method that adds items as they are."""
        field = next(
            each for each in self._struct.fields if each.name == self._builder.items
        )
        return StepPage(
            name=self._claim(field.name),
            parameters=(self._parameter(field, fixed("items")),),
            docs=docstring(["Add several as they are."], 8),
            body=(assembled("return self._added({}, items)", self._list),),
        )

    def _setter(self, field: Field) -> StepPage:
        return StepPage(
            name=self._claim(field.name),
            parameters=(self._parameter(field, fixed("value")),),
            docs=docstring([field.docs.text or f"Set `{field.name}`."], 8),
            body=(assembled("return self.param({}, value)", string(field.name)),),
        )

    def _is_settable(self, field: Field) -> bool:
        call = self._operation.stream
        flag = call.asked_by.property if call and call.asked_by else None
        held = {*self._builder.given, self._builder.items, flag}
        return field.name not in held and not isinstance(field.type, Constant)

    def _parameter(self, field: Field, own: Code) -> Code:
        expr = self._writer.expr(field.type, "sent")
        return parameter_line(assembled("{}: ", own), expr, 8)

    def _claim(self, wanted: str) -> Code:
        return name(self._scope.claim(attribute(wanted), "step").text)
