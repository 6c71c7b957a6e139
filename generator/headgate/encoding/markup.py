"""Encoders for the text formats that all packages share: Markdown, TOML, JSON."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, encoded, remembered

if TYPE_CHECKING:
    from headgate.document.json_values import Json as JsonValue

_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#|~]")
_CODE_SPAN = re.compile(r"(?<!`)(`(?! )[^`\\|]+(?<! )`)(?!`)")
"""Code in backticks that ends before anything else does, in a cell of a table too."""

_OWN_PATH = re.compile(r"[A-Za-z0-9_/.]+")
_NO_ANCHOR = re.compile(r"[^a-z0-9_-]")
_BLOCK_START = re.compile(r"^(\s*\d*)([-+=>.)])")


def json_string(text: str) -> Code:
    """Give a JSON string literal in ASCII."""
    return encoded(json.dumps(text))


def json_value(value: JsonValue) -> Code:
    """Give any JSON value on one line, in ASCII."""
    return encoded(json.dumps(value))


def toml_string(text: str) -> Code:
    """Give a TOML basic string; JSON's escapes are among TOML's.

    A character beyond the basic plane is written as one escape, where JSON has a
    pair of surrogates, which TOML refuses.
    """
    body = "".join(_toml_character(character) for character in text)
    return encoded(f'"{body}"')


def _toml_character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isascii() and character.isprintable():
        return character
    point = ord(character)
    if 0xD800 <= point <= 0xDFFF:
        return "\\uFFFD"
    return f"\\u{point:04X}" if point < 0x10000 else f"\\U{point:08X}"


@remembered
def markdown_text(text: str) -> Code:
    """Give plain text as Markdown that shows just this text, on one line."""
    escaped = _escaped(" ".join(text.split()))
    return encoded(_BLOCK_START.sub(r"\1\\\2", escaped))


@remembered
def markdown_prose(text: str) -> Code:
    """Give text as Markdown on one line, with what stands in backticks as code."""
    pieces = _CODE_SPAN.split(" ".join(text.split()))
    shown = "".join(
        _visible(piece) if at % 2 else _escaped(piece)
        for at, piece in enumerate(pieces)
    )
    return encoded(_BLOCK_START.sub(r"\1\\\2", shown))


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\g<0>", _visible(text)).replace("&", "&amp;")


@remembered
def markdown_code(text: str) -> Code:
    """Give text as inline code, whatever backticks it holds."""
    shown = _visible(" ".join(text.split()))
    if "`" not in shown:
        return encoded(f"`{shown}`")
    runs = re.findall(r"`+", shown)
    fence = "`" * (max(map(len, runs), default=0) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return encoded(f"{fence}{space}{shown}{space}{fence}")


def markdown_link(shown: Code, path: str, heading: Code | None = None) -> Code:
    """Give a link to a file of names of our own making, or to a heading in it.

    `heading` is inline code; its anchor is what GitHub makes of it.
    """
    if not _OWN_PATH.fullmatch(path):
        raise ValueError(f"not a path of our making: {path!r}")
    anchor = "" if heading is None else f"#{_NO_ANCHOR.sub('', heading.text.lower())}"
    return encoded(f"[{shown.text}]({path}{anchor})")


def plain_line(text: str) -> Code:
    """Give text as one line of a file that nothing reads as markup."""
    return encoded(_visible(" ".join(text.split())))


def _visible(text: str) -> str:
    """Drop what has no width or turns the direction of reading."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible_character, text))


@cache
def _visible_character(character: str) -> str:
    category = unicodedata.category(character)
    if category.startswith("C"):
        return ""
    return " " if category.startswith("Z") else character
