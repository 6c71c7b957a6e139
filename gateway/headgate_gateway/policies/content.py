"""Bodies that pass through the gateway, as policies see them.

What others might read otherwise than policies do is refused: an encoded body, and JSON
that not all readers take for the same, or for JSON.
"""

import codecs
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from headgate_gateway.errors import GatewayError
from headgate_gateway.headers import are_encoded
from headgate_gateway.json import JSONDecodeError, dumps, loads

_DEEPEST = 200
"""Levels of nesting: what changes JSON calls itself once a level."""
_UTF_8 = frozenset({"", "utf-8", "utf8", "us-ascii"})
_WIDE = frozenset({"utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be"})
_TEXTS = ("application/xml", "application/x-www-form-urlencoded")
_LENIENT = json.JSONDecoder(strict=False, parse_int=float)
_JSON = "json"


class _Unreadable(Exception):
    """Why policies cannot look at a body."""


@dataclass(frozen=True, slots=True)
class Content:
    """A body, and what policies see of it."""

    data: bytes
    value: Any
    """Its JSON or its text; of what is neither, what can be read of it."""
    form: str | None
    """``json``, or the charset of its text; None: it is never written anew."""

    def changed(self, value: Any) -> bytes:
        """The body with what policies made of its value, as it came where they did not.

        What a text's charset has not is written as a character reference.
        """
        if self.form is None or value == self.value:
            return self.data
        if self.form == _JSON:
            return dumps(value)
        return str(value).encode(self.form, "xmlcharrefreplace")


def read_request(
    data: bytes, *, types: Sequence[str], encodings: Iterable[str]
) -> Content:
    """What a caller sent, by all of its headers; 415 or 400 where nobody can tell."""
    if data and are_encoded(encodings):
        raise GatewayError(
            "unsupported_media_type",
            "The body has to be sent unencoded: policies look at it.",
        )
    try:
        content = _read(data, types)
    except _Unreadable as problem:
        raise _invalid(str(problem)) from None
    if data and content.form != _JSON and _say_json(types):
        raise _invalid("it says that it is JSON and is none")
    return content


def read_answer(
    data: bytes, *, types: Sequence[str], encodings: Iterable[str]
) -> Content:
    """What an upstream answered; 502 where policies cannot look at it."""
    if data and are_encoded(encodings):
        raise _unseen("it is encoded, which was not asked for")
    try:
        return _read(data, types)
    except _Unreadable as problem:
        raise _unseen(str(problem)) from None


def made(data: bytes) -> Content:
    """What the gateway answers itself, which is JSON of its own making."""
    return Content(data, loads(data) if data else None, _JSON)


def _read(data: bytes, types: Sequence[str]) -> Content:
    if not data:
        return Content(data, None, None)
    charset = _charset(types)
    if _say_json(types) and charset not in _UTF_8:
        raise _Unreadable("JSON is UTF-8")
    try:
        loads(data)
    except JSONDecodeError:
        if _is_json_to_some(data):
            raise _Unreadable(
                "it has to be UTF-8 JSON without a byte order mark, NaN or control "
                "characters, and not too deep"
            ) from None
        return _text(data, types, charset)
    return Content(data, _same_to_all(data), _JSON)


def _same_to_all(data: bytes) -> Any:
    """The JSON of a body, with integers exact; the same to whoever reads it."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_with_unique_keys)
    except (RecursionError, ValueError):
        raise _Unreadable("it is too deep, or has a number too long") from None
    if _is_deeper(value, _DEEPEST):
        raise _Unreadable(f"it is deeper than {_DEEPEST} levels")
    return value


def _with_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Unreadable("an object has the same key twice")
    return found


def _is_deeper(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()  # pyright: ignore[reportUnknownVariableType]
    return node if isinstance(node, list) else ()  # pyright: ignore[reportUnknownVariableType]


def _is_json_to_some(data: bytes) -> bool:
    """Whether a lenient reader takes for an object or a list what is no strict JSON."""
    text = data.decode(json.detect_encoding(data), "replace").removeprefix("\ufeff")
    try:
        return isinstance(_LENIENT.decode(text), dict | list)
    except RecursionError:
        return True
    except ValueError:
        return False


def _text(data: bytes, types: Sequence[str], charset: str) -> Content:
    """The body as text; of one that is none, what can be read of it."""
    is_text = any(_essence(each).startswith(("text/", *_TEXTS)) for each in types)
    if is_text and data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        charset = "utf-16"
    try:
        form = charset if charset in _WIDE else "utf-8"
        return Content(data, data.decode(form), form)
    except UnicodeDecodeError:
        # Of other charsets the letters of ASCII are the same, and no byte is lost.
        if is_text or charset:
            return Content(data, data.decode("latin-1"), "latin-1")
        return Content(data, data.decode("utf-8", "replace"), None)


def _invalid(problem: str) -> GatewayError:
    message = f"Policies cannot look at the body: {problem}."
    return GatewayError("validation_failed", message)


def _unseen(problem: str) -> GatewayError:
    message = f"Policies cannot look at the upstream's answer: {problem}."
    return GatewayError("upstream_failed", message, retryable=False)


def _say_json(types: Iterable[str]) -> bool:
    return any(
        _essence(each) in ("application/json", "text/json")
        or _essence(each).endswith("+json")
        for named in types
        for each in named.split(",")
    )


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _charset(types: Iterable[str]) -> str:
    """The charset that a media type names, in lower case; nothing if none does."""
    for media_type in types:
        for parameter in media_type.lower().split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip() == "charset":
                return value.strip().strip("\"'")
    return ""
