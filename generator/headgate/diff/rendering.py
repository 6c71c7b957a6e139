"""Shows a report: to people, to programs, as Markdown, and to GitHub's CI."""

from __future__ import annotations

import json
from typing import Final, Literal

from headgate.diagnostics import visible, workflow_command
from headgate.diff.changes import LEVELS, Change, Level, Report
from headgate.errors import Location

Format = Literal["text", "json", "markdown", "github"]

_COMMANDS: Final[dict[Level, str]] = {
    "breaking": "error",
    "risky": "warning",
    "safe": "notice",
}
_COLORS: Final[dict[Level, str]] = {
    "breaking": "\x1b[1;31m",
    "risky": "\x1b[1;33m",
    "safe": "\x1b[32m",
}
_RESET: Final = "\x1b[0m"


def render(report: Report, format: Format, *, color: bool = False) -> str:  # noqa: A002 - the option's name
    """Write a report in a format, ending with a newline."""
    match format:
        case "text":
            return _as_text(report, color=color)
        case "json":
            return _as_json(report)
        case "markdown":
            return _as_markdown(report)
        case "github":
            return "".join(f"{_as_command(change)}\n" for change in report.changes)


def summary(report: Report) -> str:
    """Say in one line how many changes there are and what they ask for."""
    counts = ", ".join(f"{report.count(level)} {level}" for level in LEVELS)
    return f"{counts}: a {report.bump} version{_judged(report)}"


def _judged(report: Report) -> str:
    if report.is_enough is None or report.wanted is None:
        return ""
    if report.is_enough:
        return f" ({report.old_version} → {report.new_version} is enough)"
    said = f"{report.old_version} → {report.new_version} is too little"
    return f" ({said}: {report.wanted} at least)"


def _as_text(report: Report, *, color: bool) -> str:
    lines = [_line(change, color=color) for change in report.changes]
    return "".join(f"{line}\n" for line in (*lines, summary(report)))


def _line(change: Change, *, color: bool) -> str:
    label = f"{change.level}[{change.code}]"
    if color:
        label = f"{_COLORS[change.level]}{label}{_RESET}"
    place = change.new or change.old
    was = f" (before: {visible(str(change.old))})" if change.new and change.old else ""
    return f"{visible(str(place))}: {label}: {visible(change.message)}{was}"


def _as_json(report: Report) -> str:
    counts = {level: report.count(level) for level in LEVELS}
    content: dict[str, object] = {
        "version": 1,
        "old_version": report.old_version,
        "new_version": report.new_version,
        "bump": report.bump,
        "enough": report.is_enough,
        "counts": counts,
        "changes": list(map(_fields, report.changes)),
    }
    return json.dumps(content, indent=2) + "\n"


def _fields(change: Change) -> dict[str, object]:
    return {
        "level": change.level,
        "code": change.code,
        "message": change.message,
        "old": change.old and change.old.told(),
        "new": change.new and change.new.told(),
    }


def _as_markdown(report: Report) -> str:
    lines = [f"{summary(report).capitalize()}."]
    for level in LEVELS:
        changes = [change for change in report.changes if change.level == level]
        if changes:
            lines += ["", f"### {level.capitalize()}", ""]
            lines += ["| what | code | before | now |", "|---|---|---|---|"]
            lines += [_row(change) for change in changes]
    return "\n".join(lines) + "\n"


def _row(change: Change) -> str:
    cells = (
        _cell(change.message),
        f"`{change.code}`",
        _place(change.old),
        _place(change.new),
    )
    return f"| {' | '.join(cells)} |"


def _place(place: Location | None) -> str:
    return _cell(str(place)) if place else ""


def _cell(text: str) -> str:
    """Write text so that it can neither end its cell nor begin any markup."""
    shown = visible(text)
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#!&" else c for c in shown)


def _as_command(change: Change) -> str:
    place = change.new or change.old
    message = change.message
    if change.new and change.old:
        message += f" (before: {change.old})"
    return workflow_command(_COMMANDS[change.level], change.code, message, place)
