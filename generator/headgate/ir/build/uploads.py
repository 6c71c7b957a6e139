"""Which strings of schemas are files: those that are parts of a multipart body.

OpenAPI 3.0 says so with `format: binary`, OpenAPI 3.1 with a `contentMediaType` alone,
as FastAPI does. In JSON the same words are about what a text holds.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.document.json_values import fragment_tokens
from headgate.ir.build.media import body_kind
from headgate.ir.build.reader import COMPONENT, Node, text_at
from headgate.ir.types import Scalar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from headgate.ir.build.raw import RawOperation
    from headgate.ir.build.reader import Object, Reader


@dataclass(slots=True)
class Uploads:
    """Knows while schemas are read whether what is read is a part of a body."""

    components: frozenset[str]
    """The names of the schemas that multipart bodies are made of."""
    _is_part: bool = False

    @contextmanager
    def within(self, *, is_part: bool) -> Generator[None]:
        """Read what is a part, or is none."""
        before, self._is_part = self._is_part, is_part
        try:
            yield
        finally:
            self._is_part = before

    def file(self, value: Object) -> Scalar | None:
        """Give the type of a string that is a file; None of any other."""
        media_type = text_at(value, "contentMediaType")
        is_coded = "contentEncoding" in value
        holds_bytes = media_type is not None and body_kind(media_type) == "binary"
        is_file = value.get("format") == "binary" or (holds_bytes and not is_coded)
        return Scalar("binary", media_type) if self._is_part and is_file else None


def read_uploads(reader: Reader, operations: Sequence[RawOperation]) -> Uploads:
    """Find the schemas that multipart bodies are made of."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [body for each in operations for body in _bodies(reader, each)]
    while waiting:
        node = waiting.pop()
        target = str(node.value.get("$ref", ""))
        if target.startswith(COMPONENT):
            found.add(fragment_tokens(target)[2])
        for each in (node, reader.resolve(node)):
            if each.pointer not in seen:
                seen.add(each.pointer)
                waiting += _inner(each)
    return Uploads(frozenset(found))


def _bodies(reader: Reader, operation: RawOperation) -> Iterator[Node]:
    """Give the schemas of the multipart bodies that an operation sends."""
    for body in operation.node.at("requestBody"):
        for media_type, media in reader.resolve(body).objects("content"):
            if body_kind(media_type) == "multipart":
                yield from media.at("schema")


def _inner(node: Node) -> list[Node]:
    """Give the schemas that say what parts there are, or what is in them."""
    named = [each for _, each in node.objects("properties")]
    further = [
        each for key in ("items", "additionalProperties") for each in node.at(key)
    ]
    return [*node.branches(), *named, *further]
