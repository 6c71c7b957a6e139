"""Where the errors of a document say what is wrong, by the bodies that it declares."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.ir.api import ErrorFields
from headgate.ir.build.media import writes_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from headgate.ir.build.raw import RawOperation
    from headgate.ir.build.reader import Node, Reader

_MESSAGES = (
    "message",
    "detail",
    "error_description",
    "error_message",
    "errorMessage",
    "description",
    "msg",
    "title",
    "reason",
)
"""The names of what people are told, those that say most first."""
_USUAL = ErrorFields(
    type="type",
    code="code",
    message="message",
    param="param",
    request_id="request_id",
    retryable=None,
    retry_after=None,
    details="details",
)


def read_places(
    reader: Reader, operations: Sequence[RawOperation]
) -> tuple[str | None, ErrorFields]:
    """Give the object of a body that says what is wrong (None: the body), and how.

    It is what most bodies have. Where none says, an object `error` is looked for.
    """
    found: Counter[tuple[str | None, ErrorFields]] = Counter()
    for schema in _bodies(reader, operations):
        properties = dict(_properties(reader, schema))
        inner = properties.get("error")
        within = dict(_properties(reader, inner)) if inner is not None else {}
        if (fields := _fields(within)) is not None:
            found["error", fields] += 1
        elif (fields := _fields(properties)) is not None:
            found[None, fields] += 1
    return found.most_common(1)[0][0] if found else ("error", _USUAL)


def _fields(properties: Mapping[str, Node]) -> ErrorFields | None:
    """Give the names of an object's fields, None where it holds no message."""
    has_word = "error" in properties and "code" not in properties
    code = "error" if has_word else "code"
    named = [name for name in _MESSAGES if name in properties]
    if not named and not has_word:
        return None
    return replace(_USUAL, message=named[0] if named else "error", code=code)


def _bodies(reader: Reader, operations: Sequence[RawOperation]) -> Iterator[Node]:
    """Give the schemas of errors as JSON, one for each answer."""
    for operation in operations:
        for status, answer in operation.node.objects("responses"):
            if status[:1] not in ("4", "5", "d"):
                continue
            for media_type, media in reader.resolve(answer).objects("content"):
                if writes_json(media_type):
                    yield from media.at("schema")


def _properties(
    reader: Reader, schema: Node, inside: tuple[str, ...] = ()
) -> Iterator[tuple[str, Node]]:
    """Give the properties of an object, or of what it is put together from."""
    node = reader.resolve(schema)
    if node.pointer in inside:
        return
    yield from node.objects("properties")
    for branch in node.branches():
        yield from _properties(reader, branch, (*inside, node.pointer))
