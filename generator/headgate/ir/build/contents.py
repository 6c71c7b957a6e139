"""Bodies and results: every kind of content that an operation takes or gives.

An operation that takes several kinds, or gives several, is called by one method a
kind. What is the same JSON under several names is one kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.ir.build.enums import distinct
from headgate.ir.build.media import (
    RANGES,
    body_kind,
    content_word,
    is_stream,
    media_type_of,
    preference,
    sent_type,
)
from headgate.ir.build.parts import read_parts
from headgate.ir.build.reader import Node, Reader, docs_of, is_object
from headgate.ir.operations import Body, Result
from headgate.ir.types import Scalar, TypeExpr, Variant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.build.raw import RawOperation
    from headgate.ir.build.schemas import SchemaReader
    from headgate.ir.operations import BodyKind


@dataclass(frozen=True, slots=True)
class Content:
    """One kind of content: its media type, and where it is described."""

    media_type: str
    media: Node
    response: Node
    status: str = ""


@dataclass(frozen=True, slots=True)
class ContentsReader:
    """Reads what operations take and give; types go through `schemas`."""

    reader: Reader
    schemas: SchemaReader
    left_out: list[str]
    """The bodies that say nothing, where HTTP has none."""

    def bodies(self, raw: RawOperation, words: tuple[str, ...]) -> list[Body]:
        """Read every kind of body, the preferred one first."""
        request = raw.node.value.get("requestBody")
        if not is_object(request):
            return []
        node = self.reader.resolve(Node(request, raw.node.child("requestBody")))
        contents = [
            Content(name, media, node) for name, media in node.objects("content")
        ]
        if raw.verb in ("GET", "HEAD") and _is_empty(node, contents):
            self.left_out.append(node.pointer)
            return []
        kinds = _kinds(contents)
        return [
            self._body(kind[0], (*words, "request", *_further(kind[0], index)))
            for index, kind in enumerate(kinds)
        ]

    def _body(self, content: Content, words: tuple[str, ...]) -> Body:
        value = content.response.value
        kind = self._kind(content.media_type, content.media)
        type_ = self.type_of(content.media_type, content.media, words)
        return Body(
            kind=kind,
            media_type=sent_type(content.media_type, kind),
            type=type_,
            required=value.get("required") is True,
            docs=docs_of(value),
            location=self.reader.locate(content.media.pointer),
            parts=read_parts(
                self.reader,
                content.media,
                type_,
                self.schemas.definitions,
                kind=kind,
            ),
            example=self.reader.example(content.media),
        )

    def results(
        self, successes: list[tuple[str, Node]], words: tuple[str, ...]
    ) -> list[Result]:
        """Read every kind of answer outside a stream, the preferred one first."""
        contents = [
            Content(name, media, response, status)
            for status, response in successes
            for name, media in response.objects("content")
            if not is_stream(name)
        ]
        empty = any(not response.value.get("content") for _, response in successes)
        return [
            self._result(kind, (*words, "response", *_further(kind[0], index)), empty)
            for index, kind in enumerate(_kinds(contents))
        ]

    def _result(
        self,
        contents: list[Content],
        words: tuple[str, ...],
        empty: bool,  # noqa: FBT001 - a fact about all the contents
    ) -> Result:
        first = contents[0]
        return Result(
            kind=self._kind(first.media_type, first.media),
            media_type=first.media_type,
            type=self._united(contents, words),
            statuses=tuple(dict.fromkeys(content.status for content in contents)),
            docs=docs_of(first.response.value),
            location=self.reader.locate(first.media.pointer),
            may_be_empty=empty,
        )

    def _united(self, contents: list[Content], words: tuple[str, ...]) -> TypeExpr:
        """Give the type of an answer; one that differs by status is a union."""
        types: list[TypeExpr] = []
        seen: list[object] = []
        for content in contents:
            schema = content.media.value.get("schema")
            if schema in seen:
                continue
            seen.append(schema)
            status = (content.status,) if types else ()
            types.append(
                self.type_of(content.media_type, content.media, (*words, *status))
            )
        kinds = distinct(types)
        if len(kinds) == 1:
            return kinds[0]
        node = Node({}, contents[0].media.pointer)
        result = (*words[:-1], "result") if words[-1] == "response" else words
        return self.schemas.union_of(node, tuple(map(Variant, kinds)), result)

    def type_of(self, media_type: str, media: Node, words: tuple[str, ...]) -> TypeExpr:
        """Give the type of a body of a media type."""
        match self._kind(media_type, media):
            case "binary":
                return Scalar("binary")
            case "text":
                return Scalar("string")
            case kind:
                with self.schemas.uploads.within(is_part=kind == "multipart"):
                    return self.schemas.expression_at(media, "schema", words)

    def _kind(self, media_type: str, media: Node) -> BodyKind:
        """Say how content is written and read.

        In a range, what is a plain text goes as it is: so do the frameworks that state
        no media type.
        """
        schema = media.value.get("schema")
        if media_type_of(media_type) not in RANGES or not is_object(schema):
            return body_kind(media_type)
        value = self.reader.resolve(Node(schema, media.child("schema"))).value
        if value.get("type") != "string" or "enum" in value:
            return "json"
        named = value.get("format")
        if named == "binary":
            return "binary"
        return "text" if named is None else "json"


def _is_empty(body: Node, contents: list[Content]) -> bool:
    """Whether a body need not be sent, and has no property to send."""
    if body.value.get("required") is True:
        return False
    schemas = [content.media.value.get("schema") for content in contents]
    return all(
        is_object(schema)
        and schema.get("type") == "object"
        and not schema.get("properties", True)
        for schema in schemas
    )


def _further(content: Content, index: int) -> tuple[str, ...]:
    """Name what is unnamed in other contents than the first after their kind."""
    return (content_word(content.media_type),) if index else ()


def _kinds(contents: Iterable[Content]) -> list[list[Content]]:
    """Sort contents into those that one method serves, the preferred one first."""
    kinds: list[list[Content]] = []
    for content in contents:
        same = next((kind for kind in kinds if _is_same(kind, content)), None)
        if same is None:
            kinds.append([content])
        else:
            same.append(content)
    return sorted(kinds, key=lambda kind: preference(kind[0].media_type))


def _is_same(kind: list[Content], other: Content) -> bool:
    if any(content.media_type == other.media_type for content in kind):
        return True
    if body_kind(other.media_type) != "json":
        return False
    return any(
        body_kind(content.media_type) == "json"
        and content.status == other.status
        and content.media.value.get("schema") == other.media.value.get("schema")
        for content in kind
    )
