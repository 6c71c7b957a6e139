"""What media types mean for bodies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from headgate.names import snake, split_words

if TYPE_CHECKING:
    from headgate.ir.operations import BodyKind
    from headgate.ir.streams import Framing

JSON = "application/json"
_JSON = frozenset({JSON, "application/x-json", "text/json", "text/x-json", "*/*"})
"""Names of JSON: its own, what it was called before RFC 4627, and any type at all."""
OCTETS = "application/octet-stream"
_FRAMINGS: dict[str, Framing] = {
    "text/event-stream": "sse",
    "application/x-ndjson": "jsonl",
    "application/ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/x-jsonl": "jsonl",
    "application/json-seq": "json-seq",
}
MEDIA_TYPES = {
    "sse": "text/event-stream",
    "jsonl": "application/x-ndjson",
    "json-seq": "application/json-seq",
}
_TEXT = re.compile(
    r"text/.*|.*/(.*\+)?(xml|yaml)|application/(x-yaml|javascript|graphql|sql)"
)
_PLAIN = {
    "application/json": "json",
    OCTETS: "binary",
    "text/plain": "text",
    "*/*": "any",
}
RANGES = frozenset({"*/*", "application/*"})
"""Ranges of media types that leave it to the schema what the content is."""
_SENT: dict[BodyKind, str] = {
    "json": JSON,
    "text": "text/plain",
    "binary": OCTETS,
    "multipart": "multipart/form-data",
}
_NOISE = frozenset({"vnd", "x", "json"})
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
    if media_type in _JSON or media_type.endswith("+json"):
        return "json"
    if media_type == "application/x-www-form-urlencoded":
        return "form"
    if media_type.startswith("multipart/"):
        return "multipart"
    return "text" if _TEXT.fullmatch(media_type) else "binary"


def writes_json(value: str) -> bool:
    """Whether a value of a media type is written as JSON."""
    return body_kind(value) == "json"


def sent_type(value: str, kind: BodyKind) -> str:
    """Name the media type of what is sent: a range is none."""
    return _SENT.get(kind, value) if "*" in value else value


def preference(media_type: str) -> int:
    """Rank the kinds of content: JSON before all others."""
    return _PREFERENCE.index(body_kind(media_type))


def content_word(media_type: str) -> str:
    """Name a media type in a method's name (`as_form`)."""
    kind, plain = body_kind(media_type), media_type_of(media_type)
    if kind in ("form", "multipart") or plain in _PLAIN:
        return _PLAIN.get(plain, kind)
    subtype = plain.partition("/")[2].replace("*", "any")
    words = [word for word in split_words(subtype) if word not in _NOISE]
    return snake(words) or kind
