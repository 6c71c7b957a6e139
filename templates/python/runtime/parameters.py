# Fixed runtime of a generated SDK: the same source in every package.
"""Values outside the body as text, in every style that OpenAPI has."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from .errors import ConfigurationError
from .json_values import is_list, is_object

StyleName: TypeAlias = Literal[
    "form",
    "simple",
    "label",
    "matrix",
    "spaceDelimited",
    "pipeDelimited",
    "deepObject",
    "json",
]
Pair: TypeAlias = tuple[str, str]

_RESERVED = ":/?[]@!$'()*,;="
"""What may stand unescaped in a query where the document allows it.

`#`, `&` and `+` may not: a server would read them as something else.
"""
_SEPARATORS: Mapping[str, str] = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}
"""What stands between the pieces of a query's parameter, where that is no comma."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a parameter is written where the usual way is not meant."""

    name: StyleName
    explode: bool = False
    allow_reserved: bool = False


FORM = Style("form", explode=True)
SIMPLE = Style("simple")


def text_of(value: Any) -> str:
    """Write a value: what has parts as JSON, None as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return _json(value) if is_list(value) or is_object(value) else str(value)


def path_text(name: str, value: Any, style: Style = SIMPLE) -> str:
    """Write a path parameter, each piece of it percent-encoded."""
    if style.name == "json":
        return _segment(_json(value))
    if style.name == "matrix":
        return _matrix(name, value, style)
    start = "." if style.name == "label" else ""
    separator = "." if style.name == "label" and style.explode else ","
    if style.explode:
        return start + separator.join(_named(value, _segment))
    return start + separator.join(map(_segment, _pieces(value)))


def query_text(values: Mapping[str, Any], styles: Mapping[str, Style]) -> str:
    """Write the query, without its question mark; None leaves a parameter out."""
    return "&".join(
        pair
        for name, value in values.items()
        if value is not None
        for pair in _query_pairs(name, value, styles.get(name, FORM))
    )


def _query_pairs(name: str, value: Any, style: Style) -> Iterator[str]:
    """Spread a value over the query, each name and value percent-encoded."""
    safe = _RESERVED if style.allow_reserved else ""
    has_parts = is_list(value) or is_object(value)
    if has_parts and not style.explode and style.name not in {"json", "deepObject"}:
        pieces = [_quoted(piece, safe=safe) for piece in _pieces(value)]
        joined = _SEPARATORS.get(style.name, ",").join(pieces)
        yield f"{_quoted(name, safe='')}={joined}"
        return
    for key, text in _spread(name, value, style):
        yield f"{_quoted(key, safe='')}={_quoted(text, safe=safe)}"


def _spread(name: str, value: Any, style: Style) -> Iterator[Pair]:
    if style.name == "json":
        yield name, _json(value)
    elif style.name == "deepObject":
        yield from _deep(name, value)
    elif is_object(value):
        yield from ((key, text_of(item)) for key, item in _fields(value))
    elif is_list(value):
        yield from ((name, text_of(item)) for item in value)
    else:
        yield name, text_of(value)


def header_text(value: Any, style: Style = SIMPLE) -> str:
    """Write a header's value."""
    if style.name == "json":
        return _json(value)
    return ",".join(_named(value) if style.explode else _pieces(value))


def cookie_text(values: Mapping[str, Any], styles: Mapping[str, Style]) -> str:
    """Write the `Cookie` header; None leaves a cookie out.

    A cookie of a name is there once, so that items are joined, exploded or not.
    """
    return "; ".join(
        f"{name}={_quoted(header_text(value, _joined(styles.get(name))), safe='')}"
        for name, value in values.items()
        if value is not None
    )


def _joined(style: Style | None) -> Style:
    return style if style is not None and style.name == "json" else SIMPLE


def _json(value: Any) -> str:
    try:
        return json.dumps(
            value,
            ensure_ascii=False,
            allow_nan=False,
            default=_plain,
            separators=(",", ":"),
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError("a parameter is not JSON") from error


def _plain(value: Any) -> Any:
    """Give what JSON has for a value that it does not know."""
    if is_object(value):
        return dict(value)
    return list(value) if is_list(value) else text_of(value)


def _quoted(text: str, *, safe: str) -> str:
    """Percent-encode a text; a lone surrogate has no bytes to write."""
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError as error:
        raise ConfigurationError("a parameter is no text") from error


def _fields(value: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Give what an object has; a field that is None is not there."""
    return ((str(key), item) for key, item in value.items() if item is not None)


def _pieces(value: Any) -> list[str]:
    """Write a list's items, an object's names and values, or the value alone."""
    if is_object(value):
        return [text_of(each) for field in _fields(value) for each in field]
    return [text_of(item) for item in value] if is_list(value) else [text_of(value)]


def _named(value: Any, write: Callable[[str], str] = str) -> list[str]:
    """Write an object's fields as `name=value`, or the pieces of another value."""
    if is_object(value):
        pairs = ((key, text_of(item)) for key, item in _fields(value))
        return [f"{write(key)}={write(text)}" for key, text in pairs]
    return [write(piece) for piece in _pieces(value)]


def _segment(text: str) -> str:
    return _quoted(text, safe="")


def _matrix(name: str, value: Any, style: Style) -> str:
    if not style.explode:
        return f";{name}={','.join(map(_segment, _pieces(value)))}"
    pieces = _named(value, _segment)
    if is_object(value):
        return "".join(f";{piece}" for piece in pieces)
    return "".join(f";{name}={piece}" for piece in pieces)


def _deep(name: str, value: Any) -> Iterator[Pair]:
    if value is None:
        return
    if is_object(value):
        members = list(value.items())
    elif is_list(value):
        members = [(str(place), item) for place, item in enumerate(value)]
    else:
        yield name, text_of(value)
        return
    for key, item in members:
        yield from _deep(f"{name}[{key}]", item)
