"""What media types mean for bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.ir.build.reader import Node
    from headgate.ir.operations import BodyKind
    from headgate.ir.streams import Framing

JSON = "application/json"
_FRAMINGS: dict[str, Framing] = {
    "text/event-stream": "sse",
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/x-jsonl": "jsonl",
    "application/json-seq": "json-seq",
}
_PREFERENCE: tuple[BodyKind, ...] = ("json", "multipart", "form", "text", "binary")


def media_type_of(value: str) -> str:
    """Drop the parameters of a media type and its case."""
    return value.partition(";")[0].strip().lower()


def framing_of(value: str) -> Framing | None:
    """Say how a media type frames events, if it does."""
    return _FRAMINGS.get(media_type_of(value))


def is_stream(value: str) -> bool:
    """Whether a media type carries a sequence of events."""
    return framing_of(value) is not None


def body_kind(value: str) -> BodyKind:
    """Say how a body of a media type is written and read."""
    media_type = media_type_of(value)
    if media_type == JSON or media_type.endswith("+json") or media_type == "*/*":
        return "json"
    if media_type == "application/x-www-form-urlencoded":
        return "form"
    if media_type.startswith("multipart/"):
        return "multipart"
    return "text" if media_type.startswith("text/") else "binary"


def preferred_body(contents: list[tuple[str, Node]]) -> tuple[str, Node]:
    """Choose the content that an SDK sends or asks for: JSON before all others."""
    return min(contents, key=lambda pair: _PREFERENCE.index(body_kind(pair[0])))
