"""Counts tokens without a tokenizer: about four bytes of UTF-8 a token."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

_PER_MESSAGE = 3
_BYTES_PER_TOKEN = 4
_COUNTED_AS_ONE = 85
"""What an image, a recording or a document counts for."""
_MEDIA = frozenset({"image", "audio", "document"})


def count_text(text: str) -> int:
    """Tokens of a text; none for an empty one."""
    size = len(text) if text.isascii() else len(text.encode())
    return -(-size // _BYTES_PER_TOKEN)


def count_request(
    request: Mapping[str, Any], messages: Sequence[Mapping[str, Any]]
) -> int:
    """Input tokens of a request with these messages."""
    total = sum(_PER_MESSAGE + _count(message["content"]) for message in messages)
    return total + _count(request.get("system")) + _count(request.get("tools"))


def _count(value: object) -> int:
    """Tokens of all strings in a JSON value, keys included."""
    match value:
        case str():
            return count_text(value)
        case dict():
            return _count_object(cast("dict[str, object]", value))
        case list():
            return sum(map(_count, cast("Iterable[object]", value)))
        case _:
            return 0


def _count_object(value: dict[str, object]) -> int:
    if value.get("type") in _MEDIA:
        return _COUNTED_AS_ONE
    return sum(
        count_text(key) + _count(item) for key, item in value.items() if key != "type"
    )
