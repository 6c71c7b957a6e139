"""Encoders for Rust: the only makers of Rust text from a document's text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from headgate.encoding.code import Code, encoded, remembered
from headgate.encoding.visible import visible

if TYPE_CHECKING:
    from headgate.ir.types import LiteralValue
    from headgate.names import Name

KEYWORDS: Final = frozenset(
    """
    abstract as async await become box break const continue do dyn else enum extern
    false final fn for gen if impl in let loop macro match mod move mut override priv
    pub ref return static struct trait true try type typeof unsafe unsized use virtual
    where while yield
    """.split()
)
"""Words that are identifiers only in their raw form (`r#type`)."""

UNUSABLE: Final = frozenset({"self", "Self", "super", "crate", "_"})
"""Words that have no raw form either: a scope must reserve them."""

_PLAIN: Final = re.compile(r"[ !#-\[\]-~]*")
"""Text that stands in a literal as it is."""

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def identifier(name: Name) -> Code:
    """Write a name, raw if it is a keyword."""
    return encoded(f"r#{name.text}" if name.text in KEYWORDS else name.text)


@remembered
def string(text: str) -> Code:
    """Write a string literal; anything outside printable ASCII is escaped."""
    if _PLAIN.fullmatch(text):
        return encoded(f'"{text}"')
    return encoded('"' + "".join(map(_literal_character, text)) + '"')


def _literal_character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if " " <= character <= "~":
        return character
    return f"\\u{{{_scalar(character):x}}}"


def _scalar(character: str) -> int:
    """Give the code point; a lone surrogate, which Rust lacks, becomes U+FFFD."""
    point = ord(character)
    return 0xFFFD if 0xD800 <= point <= 0xDFFF else point


def integer(value: int) -> Code:
    """Write an integer."""
    return encoded(str(value))


def broken_type(type_: Code, indent: int, width: int) -> Code:
    """Write a generic type with its arguments on lines of their own.

    `indent` is that of the line it begins on; an argument too wide for its line is
    broken in turn.
    """
    head, inner = type_.text.removesuffix(">").split("<", 1)
    pad = " " * (indent + 4)
    lines = [
        argument
        if len(pad) + len(argument) < width or "<" not in argument
        else broken_type(encoded(argument), indent + 4, width).text
        for argument in _arguments(inner)
    ]
    body = "".join(f"{pad}{line},\n" for line in lines)
    return encoded(f"{head}<\n{body}{' ' * indent}>")


def _arguments(text: str) -> list[str]:
    """Split a generic's arguments, of which only the last is generic in turn."""
    before, separator, after = text.partition(", ")
    if not separator or "<" in before or "(" in before:
        return [text]
    return [before, *_arguments(after)]


def boolean(*, value: bool) -> Code:
    """Write a boolean."""
    return encoded("true" if value else "false")


def literal(value: LiteralValue) -> Code:
    """Write a value that `serde_json::Value` is made from."""
    match value:
        case None:
            return encoded("serde_json::Value::Null")
        case bool():
            return boolean(value=value)
        case str():
            return string(value)
        case _:
            return encoded(repr(value))


def option(text: str | None) -> Code:
    """Write an optional string literal."""
    return encoded("None" if text is None else f"Some({string(text).text})")


@remembered
def doc(text: str, indent: int = 0, marker: str = "///") -> Code:
    """Write a doc comment, without the last line's end; empty for no text.

    rustdoc reads Markdown, and `cargo test` compiles and runs its code blocks. So
    blocks are marked as text, HTML and links that could break are escaped, and
    lists are indented as clippy wants them.
    """
    lines = _markdown_lines(text)
    prefix = " " * indent + marker
    return encoded("\n".join(f"{prefix} {line}".rstrip() for line in lines))


def comment(text: str) -> Code:
    """Write text as the rest of a line comment."""
    return encoded(" ".join(visible(text).split()))


_FENCE: Final = re.compile(r"```")
_BULLET: Final = re.compile(r"([-*+]|[0-9]{1,9}[.)])\s+(?=\S)")


def _markdown_lines(text: str) -> list[str]:
    lines: list[str] = []
    fenced = False
    indent = 0
    for raw in visible(text).splitlines():
        stripped = raw.strip()
        if _FENCE.match(stripped):
            fenced, indent = not fenced, 0
            lines.append("```text" if fenced else "```")
        elif fenced:
            lines.append(raw.rstrip())
        else:
            line, indent = _block_line(stripped, indent)
            lines.append(line)
    if fenced:
        lines.append("```")
    return _trimmed(lines)


def _block_line(line: str, indent: int) -> tuple[str, int]:
    """Write a line outside code, and say how far a list item's next line goes in."""
    if not line:
        return "", 0
    bullet = _BULLET.match(line)
    if bullet is None:
        return " " * indent + _block_start(_inline(line)), indent
    marker = bullet[1] if bullet[1][0].isdigit() else "-"
    return f"{marker} {_inline(line[bullet.end() :])}", len(marker) + 1


_STARTS: Final = re.compile(r"(~~~|[-*+=_]\s*$|[0-9]{1,9}[.)]\s*$|>|\|)")


def _block_start(line: str) -> str:
    """Take its meaning from a line that would open a block we do not keep."""
    start = _STARTS.match(line)
    if start is None:
        return line
    return re.sub(r"^([0-9]*)", r"\1\\", line, count=1)


def _trimmed(lines: list[str]) -> list[str]:
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return lines


_INLINE: Final = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`)[^`]*(?<!`)(?P=ticks)(?!`))"
    r"|(?P<link>\[[^\[\]`\\<>]+\]\(https?://[^\s()<>]+\))"
    r"|(?P<url>https?://[^\s<>()\[\]`\"'*\\]*[^\s<>()\[\]`\"'*\\.,;:!?])"
    r"|(?P<pair>\\[!-/:-@\[-`{-~])"
    r"|(?P<special>[\[\]<>`\\])"
)


_MAY_MEAN: Final = re.compile(r"[\[\]<>`\\]|://")


def _inline(line: str) -> str:
    if _MAY_MEAN.search(line) is None:
        return line
    return _INLINE.sub(_inline_piece, line)


def _inline_piece(found: re.Match[str]) -> str:
    if found["url"]:
        return f"<{found['url']}>"
    if found["special"]:
        return "\\" + found["special"]
    return found[0]
