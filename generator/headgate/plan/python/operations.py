"""`_operations.py`: each call's method, path, credentials and media types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.python import literal, string
from headgate.ir.operations import PathLiteral
from headgate.plan.python.context import Context, name, string_tuple
from headgate.plan.python.layout import listed

if TYPE_CHECKING:
    from headgate.ir.operations import BodyKind, Operation, StreamCall


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant and the arguments that make it."""

    name: Code
    arguments: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class OperationsPage:
    """The module of all operations."""

    header: Code
    constants: tuple[Constant, ...]


def operations_page(context: Context) -> OperationsPage:
    """Plan the module."""
    return OperationsPage(
        header=context.header,
        constants=tuple(
            constant
            for operation in context.api.operations
            for constant in _constants(operation, context)
        ),
    )


def _constants(operation: Operation, context: Context) -> list[Constant]:
    call = operation.stream
    plain = context.operations[operation.id]
    if call is None:
        return [_constant(plain, operation, _accept(operation), context)]
    if operation.only_streams:
        return [_constant(plain, operation, call.media_type, context)]
    twin = context.streamed[operation.id]
    return [
        _constant(plain, operation, _accept(operation), context),
        _constant(twin, operation, call.media_type, context),
    ]


def _accept(operation: Operation) -> str:
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
    if operation.body is not None and operation.body.media_type != "application/json":
        arguments.append(assembled("body={}", _kind(operation.body.kind)))
        arguments.append(
            assembled("content_type={}", string(operation.body.media_type))
        )
    credentials = _credentials(operation, context)
    if credentials:
        items = [string_tuple(each) for each in credentials]
        arguments.append(_tuple(items))
    if operation.idempotency != "none":
        arguments.append(assembled("idempotency={}", string(operation.idempotency)))
    arguments += _unfinished(operation.stream)
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
