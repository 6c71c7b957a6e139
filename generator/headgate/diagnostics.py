"""Shows diagnostics: to people with an excerpt, to programs as JSON, to GitHub.

What is shown comes from a document that nobody has vouched for, so control and
direction-changing characters are made visible before they reach a terminal.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from types import MappingProxyType
from typing import Final, Literal

from headgate.errors import Diagnostic, Location, in_order
from headgate.lines import lines_of

Format = Literal["text", "json", "github"]

WIDTH: Final = 100
LONGEST: Final = 300
_NO_SOURCES: Final[Mapping[str, str]] = MappingProxyType({})
_COLORS: Final = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "dim": "\x1b[2m"}
_RESET: Final = "\x1b[0m"
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
_TOKEN: Final = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'|[^\s,\[\]{}]*[^\s,\[\]{}:]""")


def render(
    diagnostics: Iterable[Diagnostic],
    format: Format = "text",  # noqa: A002 - the name of the option that it answers to
    sources: Mapping[str, str] = _NO_SOURCES,
    *,
    color: bool = False,
) -> str:
    """Write diagnostics in a format, sorted by place, each ending with a newline.

    Excerpts appear in text for the files whose text `sources` holds.
    """
    listed = in_order(diagnostics)
    match format:
        case "text":
            return _as_text(listed, sources, color=color)
        case "json":
            return _as_json(listed)
        case "github":
            return "".join(f"{_as_command(diagnostic)}\n" for diagnostic in listed)


def _as_text(
    diagnostics: tuple[Diagnostic, ...], sources: Mapping[str, str], *, color: bool
) -> str:
    lines: list[str] = []
    split = {file: lines_of(text) for file, text in sources.items()}
    for diagnostic in diagnostics:
        lines += _paragraph(diagnostic, split, color=color)
    return "".join(f"{line}\n" for line in lines)


def _paragraph(
    diagnostic: Diagnostic, sources: Mapping[str, list[str]], *, color: bool
) -> Iterator[str]:
    place = diagnostic.location
    label = f"{diagnostic.severity}[{diagnostic.code}]"
    if color:
        label = f"{_COLORS[diagnostic.severity]}{label}{_RESET}"
    pointer = f" ({_cut(place.pointer)})" if place.pointer not in ("", "#") else ""
    yield (
        f"{visible(place.file)}:{place.line}:{place.column}: {label}: "
        f"{_cut(diagnostic.message)}{pointer}"
    )
    lines = sources.get(place.file, [])
    if place.line <= len(lines):
        yield from _excerpt(lines[place.line - 1], place, color=color)
    if diagnostic.hint:
        yield f"  hint: {_cut(diagnostic.hint)}"


def _cut(text: str) -> str:
    return visible(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")


def _excerpt(line: str, place: Location, *, color: bool) -> Iterator[str]:
    number = str(place.line)
    gutter = " " * len(number)
    shown, before, length = _window(line, place.column - 1)
    caret = "^" * length
    if color:
        number = f"{_COLORS['dim']}{number}{_RESET}"
        caret = f"{_COLORS['error']}{caret}{_RESET}"
    yield f"  {number} | {shown}".rstrip()
    yield f"  {gutter} | {' ' * before}{caret}"


def _window(line: str, column: int) -> tuple[str, int, int]:
    """Cut a line to what fits around a column.

    Gives the text, the width before the marked token, and the token's width.
    """
    start = max(0, column - WIDTH // 2) if len(line) > WIDTH else 0
    end = start + WIDTH
    token = _TOKEN.match(line, column)
    marked = line[column : min(token.end() if token else column, end)]
    ellipsis = "…" if start else ""
    shown = f"{ellipsis}{_flat(line[start:end])}{'…' if len(line) > end else ''}"
    before = _width(ellipsis + _flat(line[start:column]))
    return shown, before, max(1, _width(_flat(marked)))


def _flat(text: str) -> str:
    return visible(text.replace("\t", " "))


def visible(text: str) -> str:
    """Write characters that would act on a terminal as escapes instead."""
    return _UNSAFE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _width(text: str) -> int:
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _as_json(diagnostics: tuple[Diagnostic, ...]) -> str:
    severities = [diagnostic.severity for diagnostic in diagnostics]
    report = {
        "version": 1,
        "errors": severities.count("error"),
        "warnings": severities.count("warning"),
        "diagnostics": [_fields(diagnostic) for diagnostic in diagnostics],
    }
    return json.dumps(report, indent=2) + "\n"


def _fields(diagnostic: Diagnostic) -> dict[str, object]:
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "location": diagnostic.location.told(),
        "hint": diagnostic.hint,
    }


def _as_command(diagnostic: Diagnostic) -> str:
    """Write a diagnostic as GitHub shows it beside the line."""
    message = diagnostic.message
    if diagnostic.hint:
        message += f"\n{diagnostic.hint}"
    place = diagnostic.location
    return workflow_command(diagnostic.severity, diagnostic.code, message, place)


def workflow_command(
    command: str, title: str, message: str, place: Location | None
) -> str:
    """Write a workflow command of GitHub's: `::error file=…,line=…::message`."""
    properties = {"title": title}
    if place is not None:
        properties = {
            "file": place.file,
            "line": str(place.line),
            "col": str(place.column),
            **properties,
        }
    written = ",".join(
        f"{name}={_data(value).replace(':', '%3A').replace(',', '%2C')}"
        for name, value in properties.items()
    )
    return f"::{command} {written}::{_data(message)}"


def _data(text: str) -> str:
    for character, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(character, code)
    return visible(text)


def explain(code: str) -> str | None:
    """Give the paragraph about a code; None when there is no such code."""
    return explanations().get(code)


def explanations() -> dict[str, str]:
    """Give every code that is reported, with what it means, in alphabetical order."""
    found: dict[str, str] = {}
    for name in ("explanations.md", "changes.md"):
        text = resources.files("headgate").joinpath(name).read_text("utf-8")
        for section in text.split("\n## ")[1:]:
            code, _, paragraph = section.partition("\n")
            found[code.strip()] = paragraph.strip()
    return dict(sorted(found.items()))
