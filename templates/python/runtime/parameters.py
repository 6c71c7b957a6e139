# Fixed runtime of a generated SDK: the same source in every package.
"""Values outside the body as text, in every style that OpenAPI has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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

_RESERVED = ":/?[]@!$'()*,;"
"""What may stand unescaped in a query where the document allows it.

`#`, `&`, `+` and `=` may not: a server would read them as something else.
"""
_SEPARATORS: Mapping[str, str] = {"spaceDelimited": " ", "pipeDelimited": "|"}


@dataclass(frozen=True, slots=True)
class Style:
    """How a parameter is written where the usual way is not meant."""

    name: StyleName
    explode: bool = False
    allow_reserved: bool = False


FORM = Style("form", explode=True)
SIMPLE = Style("simple")


def text_of(value: Any) -> str:
    """Write a value that is neither a list nor an object."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def path_text(name: str, value: Any, style: Style = SIMPLE) -> str:
    """Write a path parameter, each piece of it percent-encoded."""
    if style.name == "json":
        return _quoted(_json(value), safe="")
    if style.name == "matrix":
        return _matrix(name, value, style)
    start = "." if style.name == "label" else ""
    separator = "." if style.name == "label" and style.explode else ","
    return start + separator.join(_pieces(value, style, quoted=True))


def query_text(values: Mapping[str, Any], styles: Mapping[str, Style]) -> str:
    """Write the query, without its question mark; None leaves a parameter out."""
    return "&".join(
        f"{_quoted(key, safe='')}={_quoted(text, safe=_safe(styles.get(name)))}"
        for name, value in values.items()
        for key, text in query_pairs(name, value, styles.get(name, FORM))
    )


def _safe(style: Style | None) -> str:
    return _RESERVED if style is not None and style.allow_reserved else ""


def query_pairs(name: str, value: Any, style: Style = FORM) -> Iterator[Pair]:
    """Spread a value over the query: none for None."""
    if value is None:
        return
    if style.name == "json":
        yield name, _json(value)
    elif style.name == "deepObject":
        yield from _deep(name, value)
    elif style.explode:
        yield from _exploded(name, value)
    elif is_list(value) or is_object(value):
        separator = _SEPARATORS.get(style.name, ",")
        yield name, separator.join(_pieces(value, style))
    else:
        yield name, text_of(value)


def header_text(value: Any, style: Style = SIMPLE) -> str:
    """Write a header's value."""
    return _json(value) if style.name == "json" else ",".join(_pieces(value, style))


def cookie_text(values: Mapping[str, Any], styles: Mapping[str, Style]) -> str:
    """Write the `Cookie` header."""
    return "; ".join(
        f"{key}={_quoted(text, safe='')}"
        for name, value in values.items()
        for key, text in query_pairs(name, value, styles.get(name, FORM))
    )


def _json(value: Any) -> str:
    try:
        return json.dumps(
            value,
            ensure_ascii=False,
            allow_nan=False,
            default=text_of,
            separators=(",", ":"),
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError("a parameter is not JSON") from error


def _quoted(text: str, *, safe: str) -> str:
    """Percent-encode a text; a lone surrogate has no bytes to write."""
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError as error:
        raise ConfigurationError("a parameter is no text") from error


def _pieces(value: Any, style: Style, *, quoted: bool = False) -> list[str]:
    """Write a list's items, an object's keys and values, or the value alone."""

    def piece(item: Any) -> str:
        text = text_of(item)
        return _quoted(text, safe="") if quoted else text

    if is_object(value):
        pairs = [(piece(key), piece(item)) for key, item in value.items()]
        if style.explode:
            return [f"{key}={item}" for key, item in pairs]
        return [each for pair in pairs for each in pair]
    return [piece(item) for item in value] if is_list(value) else [piece(value)]


def _matrix(name: str, value: Any, style: Style) -> str:
    pieces = _pieces(value, style, quoted=True)
    if not style.explode:
        return f";{name}={','.join(pieces)}"
    if is_object(value):
        return "".join(f";{piece}" for piece in pieces)
    return "".join(f";{name}={piece}" for piece in pieces)


def _exploded(name: str, value: Any) -> Iterator[Pair]:
    if value is None:
        return
    if is_object(value):
        for key, item in value.items():
            yield from _exploded(key, item)
    elif is_list(value):
        for item in value:
            yield name, text_of(item)
    else:
        yield name, text_of(value)


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
