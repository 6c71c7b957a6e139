"""Encoders for Python source: the only way for a document's text into it."""

from __future__ import annotations

import json
import re
import textwrap
import unicodedata
from keyword import iskeyword
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, encoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from headgate.document.json_values import JsonValue
    from headgate.names import Name

WIDTH = 88

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE_ENDS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_FENCE = re.compile(r"\s*(```|~~~)")
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


def string(text: str) -> Code:
    """Give a string literal in the quotes that need fewest escapes."""
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

    Empty when there is no text. Lines are wrapped where they are prose; a
    Markdown table or a fenced block is left alone.
    """
    lines = _documented("\n\n".join(filter(str.strip, paragraphs)), indent)
    if not lines:
        return encoded("")
    margin = " " * indent
    if len(lines) == 1 and indent + len(lines[0]) + 6 <= WIDTH:
        end = " " if lines[0].endswith('"') else ""
        return encoded(f'"""{lines[0]}{end}"""')
    first, *rest = lines
    if len(rest) == 0:
        return encoded(f'"""{first}\n{margin}"""')
    body = "\n".join(f"{margin}{line}" if line else "" for line in rest)
    return encoded(f'"""{first}\n{body}\n{margin}"""')


def _documented(text: str, indent: int) -> Sequence[str]:
    text = _LINE_ENDS.sub("\n", text).expandtabs(8)
    text = "".join(_doc_character(character) for character in text)
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return []
    first, *rest = lines
    rest = textwrap.dedent("\n".join(rest)).split("\n") if rest else []
    wrapped = _wrapped([first.strip(), *rest], WIDTH - indent)
    return [_escaped(line) for line in wrapped]


def _wrapped(lines: Sequence[str], width: int) -> list[str]:
    result: list[str] = []
    fenced = False
    for number, line in enumerate(lines):
        fenced ^= _FENCE.match(line) is not None
        if fenced or line.lstrip().startswith("|") or not line:
            result.append(line)
            continue
        margin = line[: len(line) - len(line.lstrip())]
        result += textwrap.wrap(
            line,
            width=width - 3 * (number == 0),
            initial_indent="",
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=True,
        )
    return result


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
