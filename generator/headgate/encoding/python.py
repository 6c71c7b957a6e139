"""Encoders for Python source: the only way for a document's text into it."""

from __future__ import annotations

import json
import re
import textwrap
import unicodedata
from keyword import iskeyword
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, encoded, remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from headgate.document.json_values import Json as JsonValue
    from headgate.names import Name

WIDTH = 88

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[ !#-\[\]-~]*")
"""Text that a literal in double quotes holds as it is."""
_PLAIN_LINES = re.compile(r"[\n -~]*")
_LINE_ENDS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_FENCE = re.compile(r"\s*(```|~~~)")
_STARTS = re.compile(r"\s*([-+*>|#]|\d+[.)])")
"""A line that begins a block of its own: a list's item, a quote, a table's row."""
_KEPT = re.compile(r"\s+\S|[|#]|```|~~~")
"""A line that must stay as it is: indented, a table's row, a heading, a fence."""
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


def identifier(name: Name) -> Code:
    """Give a name that is no keyword."""
    if iskeyword(name.text):
        raise ValueError(f"{name.text} is a keyword")
    return encoded(name.text)


def dotted(parts: Iterable[str]) -> Code:
    """Give a module path, absolute or relative (`..types.runs`)."""
    path = ".".join(parts)
    if not all(_IDENTIFIER.fullmatch(part) for part in path.split(".") if part):
        raise ValueError(f"not a module path: {path!r}")
    return encoded(path)


@remembered
def string(text: str) -> Code:
    """Give a string literal in the quotes that need fewest escapes."""
    if _PLAIN.fullmatch(text):
        return encoded(f'"{text}"')
    quote = "'" if text.count('"') > text.count("'") else '"'
    body = "".join(_string_character(character, quote) for character in text)
    return encoded(f"{quote}{body}{quote}")


def _string_character(character: str, quote: str) -> str:
    if character == quote:
        return f"\\{quote}"
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if _is_shown(character) else _escape(character)


def _is_shown(character: str) -> bool:
    """Say whether a character may stand in source as it is, and be seen there.

    Spaces other than ASCII's and what has no width or turns the direction of
    reading (Trojan Source) are written as escapes.
    """
    return character == " " or unicodedata.category(character)[0] not in "CZ"


def _escape(character: str) -> str:
    point = ord(character)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def literal(value: JsonValue) -> Code:
    """Give a scalar JSON value as Python writes it."""
    if isinstance(value, str):
        return string(value)
    if value is None or isinstance(value, bool | int | float):
        return encoded(repr(value))
    raise TypeError(f"{type(value).__name__} is no scalar")


def data(value: JsonValue) -> Code:
    """Give any JSON value on one line, for documentation."""
    return encoded(json.dumps(value, ensure_ascii=True))


def comment(text: str) -> Code:
    """Give a comment of one line."""
    return encoded(f"# {_one_line(text)}".rstrip())


def docstring(paragraphs: Iterable[str], indent: int) -> Code:
    """Give a docstring for a body at `indent` columns, its first line not indented.

    Empty when there is no text. Prose that is too wide is filled anew; a Markdown
    list, table or fenced block keeps its lines.
    """
    return _docstring("\n\n".join(filter(str.strip, paragraphs)), indent)


@remembered
def _docstring(text: str, indent: int) -> Code:
    lines = [_escaped(line) for line in _filled(_cleaned(text), WIDTH - indent)]
    if not lines:
        return encoded("")
    if len(lines) == 1:
        end = " " if lines[0].endswith('"') else ""
        return encoded(f'"""{lines[0]}{end}"""')
    margin = " " * indent
    body = "\n".join(f"{margin}{line}" if line else "" for line in lines[1:])
    return encoded(f'"""{lines[0]}\n{body}\n{margin}"""')


def _cleaned(text: str) -> list[str]:
    """Give the lines of a text without what no docstring keeps."""
    text = _LINE_ENDS.sub("\n", text).expandtabs(8)
    if not _PLAIN_LINES.fullmatch(text):
        text = "".join(map(_doc_character, text))
    text = text.strip("\n ")
    if not text:
        return []
    first, *rest = (line.rstrip() for line in text.split("\n"))
    return [first, *textwrap.dedent("\n".join(rest)).split("\n")] if rest else [first]


def _filled(lines: Sequence[str], width: int) -> list[str]:
    """Fill the paragraphs that have a line too wide; the first is behind quotes."""
    result: list[str] = []
    for block in _blocks(lines):
        room = width if result else width - 3
        only = len(block) == len(lines)
        if _is_prose(block) and _is_wide(block, room, quotes=3 * only):
            result += _wrapped(block, room, quotes=3 * only)
        else:
            result += block
    return result


def _is_wide(block: Sequence[str], room: int, *, quotes: int) -> bool:
    if len(block) == 1 and quotes:
        return len(block[0]) + quotes > room
    return any(len(line) > room for line in block)


def _wrapped(block: Sequence[str], room: int, *, quotes: int) -> list[str]:
    """Fill a paragraph; one that is all and only just too wide gets two lines."""
    text = " ".join(line.strip() for line in block)
    for width in (room, room - quotes):
        lines = textwrap.wrap(
            text, width, break_long_words=False, break_on_hyphens=False
        )
        if len(lines) > 1:
            break
    return lines


def _blocks(lines: Sequence[str]) -> list[list[str]]:
    """Part the lines into paragraphs, fenced blocks and single empty lines."""
    blocks: list[list[str]] = []
    fenced = False
    for line in lines:
        fence = _FENCE.match(line) is not None
        begins = not blocks or not line or not blocks[-1][-1] or _STARTS.match(line)
        if (fenced or not begins) and not (fence and not fenced):
            blocks[-1].append(line)
        else:
            blocks.append([line])
        fenced ^= fence
    return blocks


def _is_prose(block: Sequence[str]) -> bool:
    return not any(_KEPT.match(line) for line in block)


def _doc_character(character: str) -> str:
    if character in "\n " or (character.isascii() and character.isprintable()):
        return character
    if unicodedata.category(character).startswith("Z"):
        return " "
    return character if _is_shown(character) else ""


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _one_line(text: str) -> str:
    shown = (_doc_character(character) for character in " ".join(text.split()))
    return "".join(shown).strip()
