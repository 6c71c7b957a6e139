"""Encoders for TypeScript and its JSON manifests: the only makers of its text.

Literals are ASCII: what a formatter counts as wide stays out of the layout, and no
look-alike character can hide in code.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, encoded, remembered
from headgate.encoding.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.document.json_values import Json as JsonValue
    from headgate.ir.types import LiteralValue
    from headgate.names import Name

_PLAIN = re.compile(r"[ !#-\[\]-~]*")
"""Text that stands in a literal as it is."""

_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def identifier(name: Name) -> Code:
    """Encode a name that was claimed in a scope."""
    return encoded(name.text)


def private_member(name: Name) -> Code:
    """Encode a name as a member that only its class sees."""
    return encoded(f"#{name.text}")


@remembered
def string(text: str) -> Code:
    """Encode a string literal, in the quotes that need fewer escapes."""
    if _PLAIN.fullmatch(text):
        return encoded(f'"{text}"')
    quote = "'" if text.count('"') > text.count("'") else '"'
    return encoded(quote + "".join(_escaped(c, quote) for c in text) + quote)


def template(parts: Iterable[str | Code]) -> Code:
    """Encode a template literal: text as it is, code as what is filled in."""
    written = (
        f"${{{part.text}}}"
        if isinstance(part, Code)
        else "".join("\\$" if c == "$" else _escaped(c, "`") for c in part)
        for part in parts
    )
    return encoded(f"`{''.join(written)}`")


def _escaped(character: str, quote: str) -> str:
    if character == quote:
        return f"\\{character}"
    if character in _ESCAPES:
        return _ESCAPES[character]
    if " " <= character <= "~":
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\u{{{code:x}}}"


def number(value: float) -> Code:
    """Encode an integer or a number."""
    return encoded(repr(value))


def literal(value: LiteralValue) -> Code:
    """Encode a JSON scalar as the literal, and the literal type, of its value."""
    match value:
        case None:
            return encoded("null")
        case bool():
            return encoded("true" if value else "false")
        case str():
            return string(value)
        case int() | float():
            return number(value)


def type_key(name: str) -> Code:
    """Encode a property's name in an interface: quoted only where it must be."""
    return encoded(name) if _PLAIN_KEY.fullmatch(name) else string(name)


def value_key(name: str) -> Code:
    """Encode a property's name in an object literal.

    Written plainly, `__proto__` would set the object's prototype.
    """
    if name == "__proto__":
        return encoded('["__proto__"]')
    return type_key(name)


def access(name: str) -> Code:
    """Encode the access to a property, with its dot or brackets."""
    if _PLAIN_KEY.fullmatch(name):
        return encoded(f".{name}")
    return encoded(f"[{string(name).text}]")


def indent(width: int) -> Code:
    """Give the blanks before a line."""
    return encoded(" " * width)


def line_comment(text: str) -> Code:
    """Encode text as one line of a comment."""
    return encoded(f"// {' '.join(visible(text).split())}")


@remembered
def doc_comment(text: str, *, deprecated: bool = False, depth: int = 0) -> Code:
    """Encode Markdown as a documentation comment indented by `depth`; none for none.

    A line that starts with an `@` would start a tag of its own.
    """
    lines = [_doc_line(line) for line in visible(text).strip().splitlines()]
    if deprecated:
        lines += ["", "@deprecated"] if lines else ["@deprecated"]
    if not lines:
        return encoded("")
    blank = " " * depth
    short = f"{blank}/** {lines[0]} */"
    if len(lines) == 1 and len(short) <= 100:
        return encoded(short)
    body = "\n".join(f"{blank} * {line}".rstrip() for line in lines)
    return encoded(f"{blank}/**\n{body}\n{blank} */")


def _doc_line(line: str) -> str:
    safe = line.rstrip().replace("*/", "*\\/").replace("/*", "/\\*")
    return re.sub(r"^(\s*)@", r"\1\\@", safe)


def module_path(path: str) -> Code:
    """Encode a path between modules, whose parts are names."""
    return encoded(json.dumps(path))


def json_text(value: JsonValue) -> Code:
    """Encode a JSON document, two blanks a level."""
    return encoded(json.dumps(value, indent=2, ensure_ascii=True))
