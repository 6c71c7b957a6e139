"""`_operations.py`: each call's method, path, credentials and media types."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.python import literal, string
from headgate.ir.operations import PathLiteral
from headgate.ir.types import Constant as ConstantType
from headgate.ir.types import Scalar
from headgate.plan.python.context import Context, name, string_tuple
from headgate.plan.python.imports import Imports
from headgate.plan.python.layout import lines, listed

if TYPE_CHECKING:
    from headgate.ir.operations import (
        BodyKind,
        Operation,
        Parameter,
        Part,
        StreamCall,
    )


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant and the arguments that make it."""

    name: Code
    arguments: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class OperationsPage:
    """The module of all operations."""

    header: Code
    imports: tuple[tuple[Code, ...], ...]
    constants: tuple[Constant, ...]


def operations_page(context: Context) -> OperationsPage:
    """Plan the module."""
    constants = tuple(
        constant
        for operation in context.api.operations
        for constant in _constants(operation, context)
    )
    imports = Imports()
    imports.use("._runtime.requests", "Operation")
    if any(_uses_styles(each, context) for each in context.api.operations):
        imports.use("._runtime.parameters", "Style")
    if any(_parts(each) for each in context.api.operations):
        imports.use("._runtime.bodies", "PartShape")
    return OperationsPage(context.header, imports.groups(), constants)


_USUAL = {"query": ("form", True), "cookie": ("form", True)}
"""The style in which a place's parameters are written unless one is given."""


def _styles(operation: Operation, context: Context) -> list[Code]:
    """Write the styles of the parameters that are not written as usual."""
    items = [
        assembled("({}, {}): {}", string(each.place), string(each.name), _style(each))
        for each in operation.parameters
        if _is_unusual(each, context)
    ]
    return [_entries(fixed("styles={"), items)] if items else []


def _uses_styles(operation: Operation, context: Context) -> bool:
    body = operation.body
    fields = body.parts if body is not None and body.kind == "form" else ()
    if any(_part_style(part) for part in fields):
        return True
    return any(_is_unusual(each, context) for each in operation.parameters)


def _is_unusual(parameter: Parameter, context: Context) -> bool:
    if parameter.content_type is not None or parameter.allow_reserved:
        return True
    usual = _USUAL.get(parameter.place, ("simple", False))
    if (parameter.style, parameter.explode) == usual:
        return False
    type_ = context.resolved(parameter.type)
    is_scalar = isinstance(type_, Scalar | ConstantType)
    return not is_scalar or parameter.style in {"label", "matrix"}


def _style(parameter: Parameter) -> Code:
    style = "json" if parameter.content_type is not None else parameter.style
    return style_code(
        style, explode=parameter.explode, allow_reserved=parameter.allow_reserved
    )


def style_code(style: str, *, explode: bool, allow_reserved: bool = False) -> Code:
    """Write a `Style`."""
    items = [string(style)]
    if explode and style not in {"json", "deepObject"}:
        items.append(fixed("explode=True"))
    if allow_reserved:
        items.append(fixed("allow_reserved=True"))
    return assembled("Style({})", joined(", ", items))


def _parts(operation: Operation) -> list[Code]:
    """Write how the fields of a form are written."""
    body = operation.body
    if body is None or not body.parts:
        return []
    items = [
        assembled("{}: {}", string(part.field), _part(part, body.kind))
        for part in body.parts
        if body.kind == "multipart" or _part_style(part) or part.kind == "json"
    ]
    return [_entries(fixed("parts={"), items)] if items else []


def _part(part: Part, kind: BodyKind) -> Code:
    items = [string(part.kind)]
    if part.many and kind == "multipart":
        items.append(fixed("many=True"))
    if part.content_type is not None:
        items.append(assembled("content_type={}", string(part.content_type)))
    if kind == "form" and (style := _part_style(part)):
        items.append(assembled("style={}", style))
    return assembled("PartShape({})", joined(", ", items))


def _part_style(part: Part) -> Code:
    """Give the style of a form's field; none where it is the usual one."""
    if part.kind == "json" or (part.style == "form" and part.explode):
        return fixed("")
    return style_code(part.style, explode=part.explode)


def _entries(start: Code, items: list[Code]) -> Code:
    inner = [assembled("        {},", item) for item in items]
    return lines([start, *inner, fixed("    }")])


def _constants(operation: Operation, context: Context) -> list[Constant]:
    call = operation.stream
    plain = context.operations[operation.id]
    if call is None:
        return [_constant(plain, operation, _accept(operation), context)]
    if operation.only_streams:
        return [_constant(plain, operation, call.media_type, context)]
    twin = context.streamed[operation.id]
    whole = _constant(plain, operation, _accept(operation), context)
    switch = _streamed_by(operation, context)
    return [
        replace(whole, arguments=(*whole.arguments, *switch)),
        _constant(twin, operation, call.media_type, context),
    ]


def _streamed_by(operation: Operation, context: Context) -> list[Code]:
    """Write what asks for the stream, and the method that gives it."""
    flag, members = operation.switch, context.members
    if flag is None:
        return []
    path = [*members.path(operation.resource), members.streams[operation.id]]
    items = [string(flag.property), literal(flag.value), string(".".join(path))]
    return [listed(fixed("streamed_by=("), items, ")", indent=5)]


def _accept(operation: Operation) -> str:
    if operation.accept is not None:
        return operation.accept
    return operation.result.media_type if operation.result else "application/json"


def _constant(
    name_: str, operation: Operation, accept: str, context: Context
) -> Constant:
    arguments = [
        assembled("method={}", string(operation.verb)),
        assembled("path={}", string(_path(operation))),
    ]
    if accept != "application/json":
        arguments.append(assembled("accept={}", string(accept)))
    if operation.base_url is not None:
        arguments.append(assembled("base_url={}", string(operation.base_url)))
    arguments += _styles(operation, context)
    if operation.body is not None and operation.body.media_type != "application/json":
        arguments.append(assembled("body={}", _kind(operation.body.kind)))
        arguments.append(
            assembled("content_type={}", string(operation.body.media_type))
        )
    arguments += _parts(operation)
    credentials = _credentials(operation, context)
    if credentials:
        items = [string_tuple(each) for each in credentials]
        arguments.append(_tuple(items))
    if operation.idempotency != "none":
        arguments.append(assembled("idempotency={}", string(operation.idempotency)))
    if operation.advisory:
        arguments.append(fixed("advisory=True"))
    arguments += _unfinished(operation.stream)
    if operation.pending:
        statuses = joined(", ", map(literal, operation.pending))
        arguments.append(assembled("pending=({},)", statuses))
    return Constant(name(name_), tuple(arguments))


def _unfinished(stream: StreamCall | None) -> list[Code]:
    if stream is None or stream.unfinished_when is None:
        return []
    flag = stream.unfinished_when
    value = literal(flag.value)
    return [assembled("unfinished=({}, {})", string(flag.parameter), value)]


def _kind(kind: BodyKind) -> Code:
    return string(kind)


def _tuple(items: list[Code]) -> Code:
    if len(items) == 1:
        return assembled("credentials=({},)", joined(", ", items))
    return listed(fixed("credentials=("), items, ")", indent=5)


def _path(operation: Operation) -> str:
    return "".join(
        part.text if isinstance(part, PathLiteral) else f"{{{part.name}}}"
        for part in operation.path
    )


def _credentials(operation: Operation, context: Context) -> list[tuple[str, ...]]:
    """Give the client options that each alternative of the security asks for."""
    options = {each.name: each.option for each in context.api.schemes}
    return [
        tuple(options[scheme] for scheme in alternative if scheme in options)
        for alternative in operation.security
        if alternative
    ]
