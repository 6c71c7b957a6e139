"""The pages of resources: a method for every call of the API."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.ir.operations import PathLiteral
from headgate.ir.types import (
    Direction,
    Docs,
    LiteralValue,
    Scalar,
    Struct,
    TypeId,
)
from headgate.names import Scope, pascal, split_words
from headgate.plan.rust import access, layout
from headgate.plan.rust.builders import BuilderPage, BuilderWriter, Sent
from headgate.plan.rust.docs import described
from headgate.plan.rust.flags import is_boolean, property_of, refusals, sent_flag
from headgate.plan.rust.forms import form_statements
from headgate.plan.rust.imports import Imports
from headgate.plan.rust.names import (
    RESOURCE_WORDS,
    claim_constant,
    claim_pascal,
    claim_snake,
    scope,
)
from headgate.plan.rust.paging import walk_of
from headgate.plan.rust.parameters import as_field, sent_parameter
from headgate.plan.rust.places import place_of
from headgate.plan.rust.reference import CallNames
from headgate.plan.rust.types import INTEGERS, TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headgate.ir.api import Api
    from headgate.ir.operations import (
        Body,
        BodyFlag,
        Operation,
        Parameter,
        Resource,
        StreamCall,
    )
    from headgate.ir.surface import Builder
    from headgate.plan.rust.definitions import Definitions
    from headgate.plan.rust.pages import StructPage

_CALL: Final = "crate::runtime::call"
_REQUEST: Final = "crate::runtime::request"


@dataclass(frozen=True, slots=True)
class StaticPage:
    """What is fixed about an operation."""

    name: Code
    method: Code
    path: Code
    security: Code
    idempotency: Code


@dataclass(frozen=True, slots=True)
class MethodPage:
    """A method that prepares a call."""

    docs: Code
    signature: Code
    statements: tuple[Code, ...]
    result: Code


@dataclass(frozen=True, slots=True)
class ChildPage:
    """A method that gives a part of the API."""

    docs: Code
    signature: Code
    type: Code
    name: Code


@dataclass(frozen=True, slots=True)
class ResourcePage:
    """A file of one resource."""

    header: Code
    about: Code
    imports: Code
    statics: tuple[StaticPage, ...]
    structs: tuple[StructPage, ...]
    docs: Code
    name: Code
    children: tuple[ChildPage, ...]
    methods: tuple[MethodPage, ...]
    builders: tuple[BuilderPage, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource is found: its module and its type."""

    module: Code
    name: Code

    @property
    def path(self) -> Code:
        """The module's path."""
        return assembled("crate::resources::{}", self.module)


@dataclass(slots=True)
class ResourceFile:
    """Plans the file of one resource."""

    api: Api
    definitions: Definitions
    places: dict[tuple[str, ...], Place]
    constants: dict[str, Code]
    stream_names: dict[str, Code]
    page_types: frozenset[str]
    resource: Resource
    header: Code
    called: CallNames
    imports: Imports = field(default_factory=Imports)
    _types: Scope = field(default_factory=lambda: Scope(reserved=RESOURCE_WORDS))
    _methods: Scope = field(default_factory=lambda: scope("new", "core"))

    def page(self) -> ResourcePage:
        """Plan the file."""
        place = self.places[self.resource.path]
        self._types.claim(place.name.text)
        statics: list[StaticPage] = []
        structs: list[StructPage] = []
        methods: list[MethodPage] = []
        for operation in self.resource.operations:
            params = self._params(operation, structs)
            statics.append(self._static(operation))
            methods += self._operation(operation, params)
        own = {operation.id for operation in self.resource.operations}
        builders = tuple(
            self._builder(each)
            for each in self.api.surface.builders
            if each.operation in own
        )
        self.imports.use("std::sync", "Arc")
        self.imports.use("crate::runtime::transport", "Core")
        title = ".".join(self.resource.path) or "The API"
        text = described(self.resource.docs, f"The calls of `{title}`")
        return ResourcePage(
            header=self.header,
            about=rust.doc(f"The calls of `{title}`.", marker="//!"),
            children=tuple(self._child(child) for child in self.resource.children),
            imports=self.imports.lines(),
            statics=tuple(statics),
            structs=tuple(structs),
            docs=rust.doc(text),
            name=place.name,
            methods=tuple(methods),
            builders=builders,
        )

    def _builder(self, builder: Builder) -> BuilderPage:
        place = self.places[self.resource.path]
        operation = next(
            each for each in self.resource.operations if each.id == builder.operation
        )
        method = claim_snake(self._methods, builder.name, "builder")
        words = (*place.name.text.split(), builder.name)
        name = claim_pascal(self._types, words, "Builder")
        key = (operation.resource, operation.method)
        sent: list[Sent] = []
        if not operation.only_streams:
            reply = self._answer(operation, None)
            called = self.called.methods[(*key, False)]
            measured = Sent("execute_with_stats", called, self._with_stats(operation))
            sent += [Sent("execute", called, reply), measured]
        if operation.stream is not None:
            reply = self._answer(operation, operation.stream)
            called = self.called.methods[(*key, True)]
            sent.append(Sent("stream", called, reply))
        writer = BuilderWriter(self.definitions, self.imports, place.name, self.called)
        return writer.page(builder, method, name, tuple(sent))

    def _child(self, child: Resource) -> ChildPage:
        place = self.places[child.path]
        self.imports.use_code(place.path, place.name)
        text = described(child.docs, f"The calls of `{'.'.join(child.path)}`")
        name = claim_snake(self._methods, child.path[-1], "resource")
        self.called.accessors[child.path] = name
        signature = layout.accessor(name, place.name)
        return ChildPage(rust.doc(text, 4), signature, place.name, name)

    def _static(self, operation: Operation) -> StaticPage:
        self.imports.use(_REQUEST, "Operation")
        self.imports.use(_REQUEST, "Idempotency")
        path = "".join(
            part.text if isinstance(part, PathLiteral) else f"{{{part.name}}}"
            for part in operation.path
        )
        kinds = {"key": fixed("Key"), "natural": fixed("Natural")}
        return StaticPage(
            name=self.constants[place_of(operation)],
            method=rust.string(operation.verb),
            path=layout.member(4, fixed("path"), rust.string(path)),
            security=self._security(operation),
            idempotency=kinds.get(operation.idempotency, fixed("None")),
        )

    def _security(self, operation: Operation) -> Code:
        order = [scheme.name for scheme in self.api.schemes]
        alternatives = [
            joined(", ", [rust.integer(order.index(name)) for name in names])
            for names in operation.security
            if all(name in order for name in names)
        ]
        return joined(", ", [assembled("&[{}]", each) for each in alternatives])

    def _params(
        self, operation: Operation, structs: list[StructPage]
    ) -> tuple[Struct, Code] | None:
        parameters = [p for p in operation.parameters if p.place != "path"]
        if not parameters:
            return None
        struct = Struct(
            id=TypeId(f"parameters of {place_of(operation)}"),
            words=(operation.method, "params"),
            fields=tuple(as_field(parameter) for parameter in parameters),
            extra=None,
            docs=Docs(f"The parameters of `{operation.id}`."),
            direction=Direction(sent=True),
            location=operation.location,
        )
        name = claim_pascal(self._types, struct.words, "Params")
        structs.append(self.definitions.parameters(struct, name, self.imports, TYPES))
        home = assembled("resources::{}", self.places[operation.resource].module)
        shown = assembled("{}::{}", home, name)
        self.called.parameters[operation.resource, operation.method] = shown
        self.called.structs[operation.resource, operation.method] = struct
        return struct, name

    def _operation(
        self, operation: Operation, params: tuple[Struct, Code] | None
    ) -> list[MethodPage]:
        pages: list[MethodPage] = []
        self._claim_methods(operation)
        if not operation.only_streams:
            pages.append(self._method(operation, params, None))
        if operation.stream is not None:
            pages.append(self._method(operation, params, operation.stream))
        return pages

    def _claim_methods(self, operation: Operation) -> None:
        """Name the methods of an operation, each of which may name the other."""
        named = [] if operation.only_streams else [(operation.method, False)]
        named += [(operation.stream.method, True)] if operation.stream else []
        for method, streamed in named:
            key = (operation.resource, operation.method, streamed)
            self.called.methods[key] = claim_snake(self._methods, method, "call")

    def _method(
        self,
        operation: Operation,
        params: tuple[Struct, Code] | None,
        stream: StreamCall | None,
    ) -> MethodPage:
        arguments = scope("self", "request")
        parameters: list[Code] = [fixed("&self")]
        statements = _fixed_statements(operation, stream)
        statements += self._query_flag(operation, stream)
        for parameter in operation.parameters:
            if parameter.place == "path":
                self._path_argument(parameter, arguments, parameters, statements)
        if operation.body is not None:
            argument = rust.identifier(arguments.claim("body"))
            flag = sent_flag(operation, stream)
            if stream is None:
                statements += refusals(
                    operation, argument, self.definitions, self.called
                )
            self._body(operation.body, argument, flag, parameters, statements)
        if params is not None:
            struct, type_ = params
            argument = rust.identifier(arguments.claim("params"))
            parameters.append(assembled("{}: {}", argument, type_))
            statements += self._sent(operation, struct, argument)
        if operation.page is not None and place_of(operation) in self.page_types:
            statements.append(walk_of(operation.page, self.imports))
        self.imports.use(_CALL, "Call")
        self.imports.use(_REQUEST, "Request")
        key = (operation.resource, operation.method, stream is not None)
        head = assembled("pub fn {}", self.called.methods[key])
        tail = assembled(" -> Call<{}> {{", self._answer(operation, stream))
        return MethodPage(
            docs=self._docs(operation, stream),
            signature=layout.signature(4, head, parameters, tail),
            statements=(self._request(operation, statements), *statements),
            result=self._result(operation, stream),
        )

    def _query_flag(
        self, operation: Operation, stream: StreamCall | None
    ) -> list[Code]:
        """Set the query parameter by which the method asks for a stream, or not."""
        sent = operation.sent_in_query(streamed=stream is not None)
        if sent:
            self.imports.use(_REQUEST, "Style")
        return [
            layout.call(
                8,
                fixed("request.query"),
                (rust.string(name), _literal(value), fixed("Style::Repeated")),
                fixed(";"),
            )
            for name, value in sent
        ]

    def _request(self, operation: Operation, statements: Sequence[Code]) -> Code:
        keyword = fixed("let mut request") if statements else fixed("let request")
        constant = assembled("&{}", self.constants[place_of(operation)])
        head = assembled("{} = Request::new", keyword)
        return layout.call(8, head, (constant,), fixed(";"))

    def _path_argument(
        self,
        parameter: Parameter,
        arguments: Scope,
        parameters: list[Code],
        statements: list[Code],
    ) -> None:
        name = claim_snake(arguments, parameter.name, "parameter")
        plain = self.definitions.types.resolve(parameter.type)
        value = name
        if isinstance(plain, Scalar) and plain.kind in {"string", "binary"}:
            type_ = fixed("&str")
        elif isinstance(plain, Scalar):
            type_ = _passed_scalar(plain)
            value = assembled("&{}", name)
        else:
            type_ = self.definitions.types.write(parameter.type, self.imports, TYPES)
            type_ = assembled("&{}", type_)
        parameters.append(layout.parameter(name, type_))
        statements += sent_parameter(parameter, value, self.imports)

    def _body(
        self,
        body: Body,
        name: Code,
        asked: BodyFlag | None,
        parameters: list[Code],
        statements: list[Code],
    ) -> None:
        if body.kind in {"form", "multipart"}:
            self._form(body, name, asked, parameters, statements)
            return
        if body.kind != "json":
            parameters.append(assembled("{}: impl Into<crate::Upload>", name))
            arguments = (rust.string(body.media_type), name)
            statements.append(
                layout.call(8, fixed("request.raw"), arguments, fixed(";"))
            )
            return
        type_ = self.definitions.types.write(body.type, self.imports, TYPES)
        if not body.required:
            parameters.append(layout.parameter(name, assembled("Option<{}>", type_)))
            text = assembled(
                "        if let Some(body) = &{} {{\n{}\n        }}",
                name,
                _json_body(body, 12, fixed("body")),
            )
            statements.append(text)
            return
        flag = self._flag(body, name, asked)
        if flag is not None:
            mutable = assembled("mut {}", name)
            parameters.append(layout.parameter(mutable, type_))
            statements.append(flag)
        else:
            parameters.append(layout.parameter(name, type_))
        statements.append(_json_body(body, 8, assembled("&{}", name)))

    def _form(
        self,
        body: Body,
        name: Code,
        asked: BodyFlag | None,
        parameters: list[Code],
        statements: list[Code],
    ) -> None:
        type_ = self.definitions.types.write(body.type, self.imports, TYPES)
        given = type_ if body.required else assembled("Option<{}>", type_)
        parameters.append(layout.parameter(name, given))
        statements += form_statements(body, name, self.definitions, self.imports, asked)

    def _flag(self, body: Body, name: Code, asked: BodyFlag | None) -> Code | None:
        """Set the property of the body that a method sets, if it is a boolean."""
        if asked is None or not body.required or not isinstance(asked.value, bool):
            return None
        member = property_of(body, asked, self.definitions)
        if member is None or not is_boolean(member.type):
            return None
        text = rust.boolean(value=asked.value)
        given = access.given(text, access.depth(member))
        return assembled("        {}.{} = {};", name, member.name, given)

    def _sent(self, operation: Operation, struct: Struct, argument: Code) -> list[Code]:
        statements: list[Code] = []
        members = self.definitions.members(struct)
        placed = [p for p in operation.parameters if p.place != "path"]
        for member, parameter in zip(members, placed, strict=True):
            value = assembled("&{}.{}", argument, member.name)
            statements += sent_parameter(parameter, value, self.imports)
        return [*statements, *_unfinished(operation.stream)]

    def _answer(self, operation: Operation, stream: StreamCall | None) -> Code:
        """Write what a call gives, and whether it may wait for that."""
        return self._waiting(operation, self._reply(operation, stream))

    def _with_stats(self, operation: Operation) -> Code:
        """Write the same for a call that also gives what it took."""
        kind = self.imports.use("crate::runtime::stats", "WithStats")
        reply = assembled("{}<{}>", kind, self._reply(operation, None))
        return self._waiting(operation, reply)

    def _waiting(self, operation: Operation, reply: Code) -> Code:
        if not (operation.pending and self.api.surface.blocking):
            return reply
        return assembled("{}, {}", reply, self.imports.use(_CALL, "MayWait"))

    def _reply(self, operation: Operation, stream: StreamCall | None) -> Code:
        if stream is not None:
            self.imports.use("crate::runtime::stream", "Streaming")
            kind = self.stream_names[stream.stream]
            self.imports.use_code(fixed("crate::streams"), kind)
            return assembled("Streaming<{}>", kind)
        result = operation.result
        if result is None:
            name = "Advisory" if operation.advisory else "Nothing"
            return self.imports.use(_CALL, name)
        if result.kind == "text":
            return self.imports.use(_CALL, "Text")
        if result.kind != "json":
            return self.imports.use(_CALL, "Binary")
        type_ = self.definitions.types.write(result.type, self.imports, TYPES)
        if place_of(operation) in self.page_types:
            self.imports.use("crate::runtime::page", "Paged")
            return assembled("Paged<{}>", type_)
        if result.may_be_empty:
            self.imports.use(_CALL, "Maybe")
            return assembled("Maybe<{}>", type_)
        self.imports.use(_CALL, "Json")
        return assembled("Json<{}>", type_)

    def _result(self, operation: Operation, stream: StreamCall | None) -> Code:
        call = fixed("Call::new(&self.core, request)")
        flag, body = sent_flag(operation, stream), operation.body
        if flag is None or body is None or body.kind != "json":
            return call
        if self._flag(body, fixed("body"), flag) is not None:
            return call
        arguments = (rust.string(flag.property), rust.literal(flag.value))
        head = fixed(
            "let call = Call::new(&self.core, request);\n        call.extra_body"
        )
        return layout.call(0, head, arguments, layout.EMPTY)

    def _docs(self, operation: Operation, stream: StreamCall | None) -> Code:
        text = operation.docs.text.strip()
        summary = operation.summary.strip()
        whole = f"{summary}\n\n{text}" if summary and text else summary or text
        fallback = f"`{operation.id}`"
        said = described(Docs(whole, operation.docs.deprecated), fallback)
        if stream is not None and not operation.only_streams:
            said = f"{said}\n\nThe answer comes as a stream of events."
        if operation.advisory:
            told = "A failure is told to the log, and is an error after `strict` alone."
            said = f"{said}\n\n{told}"
        return rust.doc(said, 4)


def _fixed_statements(operation: Operation, stream: StreamCall | None) -> list[Code]:
    """Write what a request says beside its operation, whatever is passed."""
    told = (
        (fixed("request.base_url"), operation.base_url),
        (fixed("request.accept"), operation.accept if stream is None else None),
    )
    statements = [
        layout.call(8, head, (rust.string(text),), fixed(";"))
        for head, text in told
        if text is not None
    ]
    if operation.pending:
        statuses = joined(", ", [rust.integer(each) for each in operation.pending])
        pending = assembled("&[{}]", statuses)
        statements.append(
            layout.call(8, fixed("request.pending"), (pending,), fixed(";"))
        )
    return statements


def _literal(value: LiteralValue) -> Code:
    text = value if isinstance(value, str) else json.dumps(value)
    return rust.string(text)


def _json_body(body: Body, indent: int, value: Code) -> Code:
    """Write the statement that sends JSON, in the media type that it has."""
    if body.media_type == "application/json":
        return layout.call(indent, fixed("request.json"), (value,), fixed(";"))
    arguments = (rust.string(body.media_type), value)
    return layout.call(indent, fixed("request.json_as"), arguments, fixed(";"))


def _passed_scalar(scalar: Scalar) -> Code:
    """Give the type by which a scalar is passed."""
    match scalar.kind:
        case "integer":
            return INTEGERS.get(scalar.format or "", fixed("i64"))
        case "number":
            return fixed("f64")
        case "boolean":
            return fixed("bool")
        case _:
            return fixed("&str")


def name_places(root: Resource, modules: Scope) -> dict[tuple[str, ...], Place]:
    """Name the module and the type of every resource."""
    types = Scope(reserved=RESOURCE_WORDS)
    places: dict[tuple[str, ...], Place] = {}

    def visit(resource: Resource) -> None:
        if resource.path or resource.operations:
            words = resource.path or ("api",)
            module = claim_snake(modules, "_".join(words), "resource")
            if pascal(split_words(" ".join(words))) in RESOURCE_WORDS:
                words = (*words, "api")
            places[resource.path] = Place(module, claim_pascal(types, words, "Api"))
        for child in resource.children:
            visit(child)

    visit(root)
    return places


def name_statics(root: Resource) -> dict[str, Code]:
    """Name the constant of every operation, unique in its resource's file."""
    found: dict[str, Code] = {}

    def visit(resource: Resource) -> None:
        names = scope()
        for operation in resource.operations:
            name = claim_constant(names, (operation.method,), "CALL")
            found[place_of(operation)] = name
        for child in resource.children:
            visit(child)

    visit(root)
    return found


def _unfinished(stream: StreamCall | None) -> list[Code]:
    """Let a stream close early where the caller asks for what there is."""
    if stream is None or stream.unfinished_when is None:
        return []
    flag = stream.unfinished_when
    value = flag.value if isinstance(flag.value, str) else json.dumps(flag.value)
    arguments = [rust.string(flag.parameter), rust.string(value)]
    return [layout.call(8, fixed("request.unfinished_when"), arguments, fixed(";"))]
