"""From `x-errors` to the error tree; without one, the tree of HTTP statuses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.ir.api import Detail, ErrorClass, ErrorFields, ErrorModel
from headgate.ir.build.error_bodies import read_places
from headgate.ir.build.reader import (
    Node,
    Object,
    Reader,
    as_list,
    docs_of,
    is_object,
    text_at,
)
from headgate.ir.types import Docs, Json, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from headgate.ir.build.raw import RawOperation
    from headgate.ir.build.schemas import SchemaReader
    from headgate.ir.operations import Operation
    from headgate.ir.types import TypeExpr

_SCALARS = {
    "string": Scalar("string"),
    "integer": Scalar("integer"),
    "number": Scalar("number"),
    "boolean": Scalar("boolean"),
}

_PENDING = ("PendingError", "AnswerPendingError", "PendingAnswerError")

_BY_STATUS: tuple[tuple[str, tuple[int, ...], str], ...] = (
    ("BadRequestError", (400, 415, 422), "The request was refused as malformed."),
    ("AuthenticationError", (401,), "The credential is missing or wrong."),
    ("PermissionDeniedError", (403,), "The credential does not allow this."),
    ("NotFoundError", (404, 410), "There is no such thing, or no longer."),
    ("ConflictError", (409,), "The state of the resource does not allow this."),
    ("RequestTooLargeError", (413,), "The request is too large."),
    ("RateLimitError", (429,), "Too many requests."),
    ("InternalServerError", (500,), "The server failed."),
    ("BadGatewayError", (502,), "Something behind the server failed."),
    ("OverloadedError", (503, 529), "The server is overloaded or going down."),
    ("GatewayTimeoutError", (504,), "Something behind the server took too long."),
)


def read_errors(
    reader: Reader, schemas: SchemaReader, operations: Sequence[RawOperation]
) -> ErrorModel:
    """Read the error tree of the document."""
    value = reader.root.value.get("x-errors")
    if not is_object(value):
        at, fields = read_places(reader, operations)
        return ErrorModel(at=at, fields=fields, classes=_classes_by_status())
    node = Node(value, reader.root.child("x-errors"))
    return ErrorModel(
        at=text_at(value, "at"),
        fields=_fields(value),
        classes=tuple(_class(entry, schemas) for entry in node.items("classes")),
    )


def with_pending(errors: ErrorModel, operations: Iterable[Operation]) -> ErrorModel:
    """Add a class for answers that are not there yet, where some are and it lacks."""
    if errors.pending or not any(operation.pending for operation in operations):
        return errors
    taken = {each.name for each in errors.classes}
    name = next(each for each in _PENDING if each not in taken)
    docs = Docs("The answer is not there yet.")
    added = ErrorClass(name, None, (), (), (), (), docs, pending=True)
    return replace(errors, classes=(*errors.classes, added))


def _fields(value: Object) -> ErrorFields:
    return ErrorFields(
        type=text_at(value, "type"),
        code=text_at(value, "code"),
        message=text_at(value, "message"),
        param=text_at(value, "param"),
        request_id=text_at(value, "request_id"),
        retryable=text_at(value, "retryable"),
        retry_after=text_at(value, "retry_after"),
        details=text_at(value, "details"),
    )


def _class(node: Node, schemas: SchemaReader) -> ErrorClass:
    value = node.value
    name = str(value.get("name"))
    text = text_at(value, "doc")
    return ErrorClass(
        name=name,
        parent=text_at(value, "parent"),
        statuses=tuple(s for s in as_list(value.get("status")) if isinstance(s, int)),
        types=_texts(value, "type"),
        codes=_texts(value, "code"),
        details=_details(node, schemas, name),
        docs=Docs(text) if text else docs_of(value),
        pending=value.get("pending") is True,
    )


def _texts(value: Object, key: str) -> tuple[str, ...]:
    given = value.get(key)
    if isinstance(given, str):
        return (given,)
    return tuple(text for text in as_list(given) if isinstance(text, str))


def _details(node: Node, schemas: SchemaReader, name: str) -> tuple[Detail, ...]:
    details = node.value.get("details")
    if not is_object(details):
        return ()
    parent = Node(details, node.child("details"))
    return tuple(Detail(key, _type(parent, key, schemas, name)) for key in details)


def _type(parent: Node, key: str, schemas: SchemaReader, name: str) -> TypeExpr:
    """Read a detail's type: a schema, or the bare name of a scalar."""
    value = parent.value[key]
    if isinstance(value, str) and value in _SCALARS:
        return _SCALARS[value]
    if not is_object(value):
        return Json()
    return schemas.expression_at(parent, key, (name, key))


def _classes_by_status() -> tuple[ErrorClass, ...]:
    return tuple(
        ErrorClass(name, None, statuses, (), (), (), Docs(text))
        for name, statuses, text in _BY_STATUS
    )
