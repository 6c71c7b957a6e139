"""The methods of a resource: parameters, docs and the few statements of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, LiteralString

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import docstring, literal, string
from headgate.ir.types import ListOf, MapOf, Scalar, Struct
from headgate.names import Scope
from headgate.plan.python.context import Context, name
from headgate.plan.python.definitions import is_plain_key
from headgate.plan.python.layout import (
    Atom,
    Expr,
    Subscript,
    annotated_line,
    flat,
    listed,
    optional,
    parameter_line,
)
from headgate.plan.python.names import KEYWORDS, attribute

if TYPE_CHECKING:
    from headgate.ir.operations import (
        Body,
        BodyFlag,
        Operation,
        Parameter,
        Result,
        StreamCall,
    )
    from headgate.plan.python.imports import Imports
    from headgate.plan.python.types import Writer

_DEEP = 12


@dataclass(frozen=True, slots=True)
class MethodPage:
    """A method as the template prints it; `body` lines stand at eight columns."""

    keyword: Code
    name: Code
    parameters: tuple[Code, ...]
    returns: Code
    docs: Code
    body: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter of the operation and the Python name that it has here."""

    parameter: Parameter
    name: str


class MethodPlan:
    """Plans the methods of one operation, for the blocking or the async class."""

    def __init__(
        self,
        operation: Operation,
        context: Context,
        imports: Imports,
        writer: Writer,
        *,
        is_async: bool,
    ) -> None:
        self._operation = operation
        self._context = context
        self._imports = imports
        self._writer = writer
        self._is_async = is_async
        self._flat = self._flattened(operation.body)
        self._scope = Scope(KEYWORDS | {"self", "body", *self._keys()})
        self._options = self._scope.claim(
            "request_options" if "options" in self._keys() else "options"
        ).text
        self._arguments = tuple(self._argument(each) for each in operation.parameters)

    def _argument(self, parameter: Parameter) -> Argument:
        wanted = attribute(parameter.name)
        return Argument(parameter, self._scope.claim(wanted, "parameter").text)

    def _flattened(self, body: Body | None) -> Struct | None:
        """Give the struct whose fields are the method's own keyword arguments."""
        if body is None or body.kind not in {"json", "form", "multipart"}:
            return None
        struct = self._context.struct(body.type)
        if struct is None or not all(is_plain_key(each.name) for each in struct.fields):
            return None
        clashing = {"self"} | {
            attribute(each.name) for each in self._operation.parameters
        }
        keys = {each.name for each in struct.fields}
        return None if keys & clashing or not keys else struct

    def _keys(self) -> set[str]:
        return {each.name for each in self._flat.fields} if self._flat else set()

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The parameters of the operation, with their Python names."""
        return self._arguments

    @property
    def is_flat(self) -> bool:
        """Whether the fields of the body are the method's own keyword arguments."""
        return self._flat is not None

    # What a method looks like.

    def call(self) -> MethodPage:
        """Plan the method that gives the whole answer."""
        page = self._operation.page
        returns, body = self._page_call() if page else self._plain_call()
        waits = self._is_async and page is None
        return self._page(
            self._context.members.methods[self._operation.id],
            returns,
            body,
            keyword=fixed("async def" if waits else "def"),
        )

    def stream(self, call: StreamCall) -> MethodPage:
        """Plan the method that gives the stream."""
        names = self._context.streams[call.stream]
        module = f"..streams.{names.module}"
        stream = names.async_stream if self._is_async else names.stream
        constant = self._context.streamed[self._operation.id]
        shape = self._imports.use(module, names.shape)
        head = assembled("session = {}", fixed("self._core.session("))
        arguments = [self._constant(constant), shape, *self._places(call)]
        made = self._imports.use(module, stream)
        return self._page(
            self._stream_method(),
            Atom(made),
            (
                listed_always(head, arguments, ")"),
                assembled("return {}(session)", made),
            ),
            keyword=fixed("def"),
        )

    def _stream_method(self) -> str:
        members = self._context.members
        both = members.streams.get(self._operation.id)
        return both or members.methods[self._operation.id]

    def _page(
        self, method: str, returns: Expr, body: tuple[Code, ...], *, keyword: Code
    ) -> MethodPage:
        operation = self._operation
        docs = [_sentence(operation.summary), operation.docs.text]
        if operation.advisory:
            docs.append("A failure is told to the log, and raised with `strict` alone.")
        if operation.docs.deprecated:
            docs.append("Deprecated.")
        return MethodPage(
            keyword=keyword,
            name=name(method),
            parameters=self._parameters(),
            returns=annotated_line(fixed(") -> "), returns, 4, ":"),
            docs=docstring(docs, 8),
            body=body,
        )

    # Its parameters.

    def _parameters(self) -> tuple[Code, ...]:
        path = [each for each in self._arguments if each.parameter.place == "path"]
        others = [each for each in self._arguments if each.parameter.place != "path"]
        needed = [each for each in others if each.parameter.required]
        rest = [each for each in others if not each.parameter.required]
        body, last = self._body_parameters()
        return (
            *map(self._parameter, path),
            fixed("*,"),
            *map(self._parameter, needed),
            *body,
            *map(self._parameter, rest),
            self._options_parameter(),
            *last,
        )

    def _parameter(self, argument: Argument) -> Code:
        expr = self._writer.expr(argument.parameter.type, "sent")
        start = assembled("{}: ", name(argument.name))
        if argument.parameter.required:
            return parameter_line(start, expr, 8)
        return parameter_line(start, optional(expr), 8, " = None,")

    def _options_parameter(self) -> Code:
        kind = self._imports.use(*options_of(self._operation, self._context, ".."))
        start = assembled("{}: ", name(self._options))
        return parameter_line(start, optional(Atom(kind)), 8, " = None,")

    def _body_parameters(self) -> tuple[list[Code], list[Code]]:
        """Give the parameters of the body, those that must come last apart."""
        body = self._operation.body
        if body is None:
            return [], []
        expr = self._writer.expr(body.type, "sent")
        if self._flat is not None:
            unpack = self._imports.use("typing", "Unpack")
            start = fixed("**body: ")
            return [], [parameter_line(start, Subscript(unpack, (expr,)), 8)]
        if body.required:
            return [parameter_line(fixed("body: "), expr, 8)], []
        return [parameter_line(fixed("body: "), optional(expr), 8, " = None,")], []

    # Its statements.

    def _plain_call(self) -> tuple[Expr, tuple[Code, ...]]:
        result = self._operation.result
        constant = self._constant(self._context.operations[self._operation.id])
        places = self._places(None)
        wait: LiteralString = "await " if self._is_async else ""
        if result is None:
            head = assembled("{}self._core.send(", fixed(wait))
            done = listed_always(head, [constant, *places], ")")
            return Atom(fixed("None")), (done,)
        expr = self._result_expr()
        if self._is_class(result) and not result.may_be_empty:
            head = assembled("return {}self._core.fetch(", fixed(wait))
            return expr, (listed_always(head, [constant, flat(expr), *places], ")"),)
        returned = optional(expr) if result.may_be_empty else expr
        head = assembled("answer = {}self._core.fetch_as(", fixed(wait))
        return returned, (
            listed_always(head, [constant, self._form(result, expr), *places], ")"),
            annotated_line(fixed("found: "), returned, 8, " = answer"),
            fixed("return found"),
        )

    def _result_expr(self) -> Expr:
        result = self._operation.result
        if result is None or result.kind in {"form", "multipart", "binary"}:
            return Atom(fixed("bytes"))
        if result.kind == "text":
            return Atom(fixed("str"))
        return self._writer.expr(result.type, "received")

    def _form(self, result: Result, expr: Expr) -> Code:
        """Give what the body is read as: a JSON string is no plain text."""
        if result.kind == "json" and self._is_string(result):
            return self._imports.use(".._runtime.models", "JsonText")
        return flat(expr)

    def _is_string(self, result: Result) -> bool:
        """Say whether Python has no other type for the result than `str`."""
        type_ = self._context.resolved(result.type)
        if not isinstance(type_, Scalar) or type_.kind != "string":
            return False
        return flat(self._writer.expr(type_, "received")).text == "str"

    def _is_class(self, result: Result) -> bool:
        """Say whether type checkers take the result's type for a class."""
        if result.kind != "json":
            return True
        type_ = self._context.resolved(result.type)
        if isinstance(type_, Scalar):
            return type_.kind != "null" and not self._is_string(result)
        return (
            isinstance(type_, ListOf | MapOf) or self._context.struct(type_) is not None
        )

    def _page_call(self) -> tuple[Expr, tuple[Code, ...]]:
        operation = self._operation
        page = operation.page
        if page is None or operation.result is None:
            raise AssertionError("a page is a result")
        item = self._writer.expr(page.item, "received")
        form = flat(self._writer.expr(operation.result.type, "received"))
        kind: Literal["AsyncPages", "Page"] = "AsyncPages" if self._is_async else "Page"
        made = self._imports.use(".._runtime.pages", kind)
        constant = self._constant(self._context.operations[operation.id])
        arguments = [constant, form, name(page_constant(operation))]
        call = listed_always(
            fixed("return self._core.page("), [*arguments, *self._places(None)], ")"
        )
        return Subscript(made, (item,)), (call,)

    def _constant(self, text: str) -> Code:
        return self._imports.use(".._operations", text)

    def _places(self, call: StreamCall | None) -> list[Code]:
        """Write the arguments of a call by their place in the request."""
        found = [
            self._dict("path", "path"),
            self._dict("query", "query", self._query_flag(call)),
            self._dict("headers", "header"),
            self._dict("cookies", "cookie"),
            self._body(call),
            assembled("options={}", name(self._options)),
        ]
        return [each for each in found if each]

    def _dict(
        self,
        keyword: LiteralString,
        place: Literal["path", "query", "header", "cookie"],
        further: tuple[Code, ...] = (),
    ) -> Code:
        items = [
            self._item(each)
            for each in self._arguments
            if each.parameter.place == place
        ]
        items += further
        if not items:
            return fixed("")
        start = assembled("{}={}", fixed(keyword), fixed("{"))
        return listed(start, items, "}", indent=_DEEP, extra=1)

    def _query_flag(self, call: StreamCall | None) -> tuple[Code, ...]:
        """Write the query parameter that asks for a stream, or for none."""
        return tuple(
            assembled("{}: {}", string(name), literal(value))
            for name, value in self._operation.sent_in_query(streamed=call is not None)
        )

    def _item(self, argument: Argument) -> Code:
        return assembled("{}: {}", string(argument.parameter.name), name(argument.name))

    def _body(self, call: StreamCall | None) -> Code:
        body = self._operation.body
        if body is None:
            return fixed("")
        flag, value = self._flag(call)
        if flag is not None:
            rest = fixed("**body" if self._flat or body.required else "**(body or {})")
            pair = assembled("{}: {}", string(flag.property), value)
            # The caller's own value stays, so that one that asks otherwise is refused.
            items = (pair, rest) if call is None else (rest, pair)
            return assembled("body={{{}, {}}}", *items)
        if self._flat is not None and not body.required:
            return fixed("body=body or None")
        return fixed("body=body")

    def _flag(self, call: StreamCall | None) -> tuple[BodyFlag | None, Code]:
        """Give the property that asks for a stream, or for none, and its value."""
        if call is not None:
            flag = call.asked_by
            return flag, literal(flag.value if flag else None)
        stream = self._operation.stream
        flag = stream.asked_by if stream else None
        if flag is None or flag.otherwise is None:
            return None, fixed("")
        return flag, literal(flag.otherwise)


def listed_always(start: Code, items: list[Code], end: LiteralString) -> Code:
    """Write a call with each argument on a line of its own."""
    margin: LiteralString = " " * _DEEP
    inner = [assembled("{}{},", fixed(margin), item) for item in items]
    foot = assembled("{}{}", fixed(" " * 8), fixed(end))
    return assembled("{}\n{}\n{}", start, _joined_lines(inner), foot)


def _joined_lines(parts: list[Code]) -> Code:
    text = parts[0]
    for part in parts[1:]:
        text = assembled("{}\n{}", text, part)
    return text


def _sentence(summary: str) -> str:
    text = summary.strip()
    return f"{text}." if text and text[-1] not in ".!?" else text


def page_constant(operation: Operation) -> str:
    """Name the constant that says how a list is paged."""
    return f"_{attribute(operation.method).upper()}_PAGE"


def options_of(
    operation: Operation, context: Context, package: Literal[".", ".."]
) -> tuple[str, str]:
    """Say where the options of an operation come from; some may be waited for."""
    if operation.pending and context.api.surface.blocking is not None:
        return f"{package}_options", "AnyRequestOptions"
    return options_home(context, package)


def options_home(context: Context, package: Literal[".", ".."]) -> tuple[str, str]:
    """Say where `RequestOptions` comes from: our own form, or the runtime's."""
    if context.api.header_maps:
        return f"{package}_options", "RequestOptions"
    return f"{package}_runtime.settings", "RequestOptions"
