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
_PLACES = ("loc", "path", "pointer", "field", "param", "property")
"""The names of where one of several problems is."""
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
    lists: dict[tuple[str | None, ErrorFields], ErrorFields] = {}
    for schema in _bodies(reader, operations):
        properties = dict(_properties(reader, schema))
        inner = properties.get("error")
        within = dict(_properties(reader, inner)) if inner is not None else {}
        for at, told in (("error", within), (None, properties)):
            if (fields := _fields(told)) is not None:
                found[at, fields] += 1
                if (listing := _listing(reader, told, fields)) is not None:
                    lists.setdefault((at, fields), listing)
                break
    if not found:
        return "error", _USUAL
    most = found.most_common(1)[0][0]
    return most[0], lists.get(most, most[1])


def _fields(properties: Mapping[str, Node]) -> ErrorFields | None:
    """Give the names of an object's fields, None where it holds no message."""
    has_word = "error" in properties and "code" not in properties
    code = "error" if has_word else "code"
    named = _first(_MESSAGES, properties)
    if named is None and not has_word:
        return None
    return replace(_USUAL, message=named or "error", code=code)


def _listing(
    reader: Reader, properties: Mapping[str, Node], fields: ErrorFields
) -> ErrorFields | None:
    """Give how the problems that a message lists tell of themselves; None: it does not.

    FastAPI writes `detail` so where a request is not valid, and else as a text.
    """
    message = reader.resolve(properties[fields.message or ""])
    for node in (message, *map(reader.resolve, message.branches())):
        for items in node.at("items"):
            names = dict(_properties(reader, items))
            if (problem := _first(_MESSAGES, names)) is not None:
                place = _first(_PLACES, names)
                return replace(fields, problem=problem, place=place)
    return None


def _first(names: Sequence[str], properties: Mapping[str, Node]) -> str | None:
    return next((name for name in names if name in properties), None)


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
