"""A second reading of how parameters are written, to check the vectors against."""

from __future__ import annotations

import json
import re
from typing import Any

_RESERVED = ":/?@!$'()*,;=[]"
_BETWEEN = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}

Vector = dict[str, Any]


def encoded(text: str, kept: str = "") -> str:
    """RFC 3986's unreserved characters, those that are kept, and `%XX`."""
    return "".join(
        chr(byte)
        if re.match(r"[A-Za-z0-9\-._~]", chr(byte)) or chr(byte) in kept
        else f"%{byte:02X}"
        for byte in text.encode()
    )


def compact(value: Any) -> str:
    """JSON without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def plain(value: Any) -> str:
    """A text as it is, null as nothing, and all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else compact(value)


def fields(value: dict[str, Any]) -> list[tuple[str, str]]:
    """The fields that are there."""
    return [(key, plain(item)) for key, item in value.items() if item is not None]


def pieces(value: Any) -> list[str]:
    """Items, names and values in turn, or the value alone."""
    if isinstance(value, dict):
        return [text for field in fields(value) for text in field]
    return [plain(item) for item in (value if isinstance(value, list) else [value])]


def paths(name: str, value: Any) -> list[tuple[str, str]]:
    """The leaves of a value by their paths in brackets."""
    if value is None:
        return []
    if not isinstance(value, dict | list):
        return [(name, plain(value))]
    members = value.items() if isinstance(value, dict) else enumerate(value)
    return [leaf for key, item in members for leaf in paths(f"{name}[{key}]", item)]


def query(vector: Vector) -> str | None:
    """Pairs of names and values, or nothing."""
    value, style = vector["value"], vector["style"]
    kept = _RESERVED if vector.get("allow_reserved") else ""
    if value is None:
        return None
    if style == "json":
        return f"c={encoded(compact(value))}"
    if isinstance(value, dict | list) and not vector["explode"]:
        items = [encoded(piece, kept) for piece in pieces(value)]
        return f"c={_BETWEEN[style].join(items)}"
    if style == "deepObject":
        pairs = paths("c", value)
    elif isinstance(value, dict):
        pairs = fields(value)
    else:
        pairs = [("c", piece) for piece in pieces(value)]
    return "&".join(f"{encoded(k)}={encoded(text, kept)}" for k, text in pairs) or None


def path(vector: Vector) -> str:
    """One segment of a path."""
    value, style, explode = vector["value"], vector["style"], vector["explode"]
    if style == "json":
        return encoded(compact(value))
    items = [encoded(piece) for piece in pieces(value)]
    if explode and isinstance(value, dict):
        items = [f"{encoded(key)}={encoded(text)}" for key, text in fields(value)]
    elif explode and style == "matrix":
        items = [f"c={item}" for item in items]
    match style, explode:
        case "label", _:
            return "." + ("." if explode else ",").join(items)
        case "matrix", True:
            return "".join(f";{item}" for item in items)
        case "matrix", False:
            return f";c={','.join(items)}"
        case _:
            return ",".join(items)


def header(vector: Vector) -> str | None:
    """Pieces between commas, or nothing."""
    value = vector["value"]
    if value is None:
        return None
    if vector["style"] == "json":
        return compact(value)
    if vector["explode"] and isinstance(value, dict):
        return ",".join(f"{key}={text}" for key, text in fields(value))
    return ",".join(pieces(value))


def cookie(vector: Vector) -> str | None:
    """A header's text under the cookie's name, percent-encoded and never exploded."""
    text = header({**vector, "explode": False})
    return None if text is None else f"c={encoded(text)}"


WRITERS = {"query": query, "path": path, "header": header, "cookie": cookie}
