"""The table and the chart of a run."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from benchmarks.budgets import Line, number

_WIDTH = 860
_ROW = 26
_LEFT = 400
_SCALE = 240
"""How many pixels the whole of a budget is long."""
_MOST = 1.5
"""The part of a budget at which a bar is cut off."""

_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" \
height="{height}" role="img" aria-label="How much of each budget is used up">"""
_STYLE = """\
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.met { fill: #2f81b7 }
.missed { fill: #c4432b }
.limit { stroke: #24292f }
@media (prefers-color-scheme: dark) {
text { fill: #d0d7de }
.limit { stroke: #d0d7de }
}
</style>"""


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table."""
    head = [
        "| | ours | peer | its figure | measured | budget | met |",
        "|---|---:|---|---:|---:|---:|---|",
    ]
    return "\n".join([*head, *map(_row, lines)])


def _row(line: Line) -> str:
    cells = (
        line.what,
        _figure(line.ours, line.unit),
        line.peer,
        _figure(line.theirs, line.unit),
        line.result,
        line.budget,
        "yes" if line.is_met else "**no**",
    )
    return f"| {' | '.join(cells)} |"


def _figure(value: float, unit: str) -> str:
    return f"{number(value)} {unit}".strip()


def chart(lines: Sequence[Line]) -> str:
    """How much of each budget is used up, as an SVG document."""
    height = 64 + _ROW * len(lines)
    limit = _LEFT + _SCALE
    parts = [
        _HEAD.format(width=_WIDTH, height=height),
        _STYLE,
        f'<text x="{limit}" y="22" text-anchor="middle">budget</text>',
    ]
    for row, line in enumerate(lines):
        parts += _bar(line, 36 + row * _ROW)
    parts.append(
        f'<line class="limit" x1="{limit}" x2="{limit}" y1="30" y2="{height - 20}"/>'
    )
    return "\n".join([*parts, "</svg>\n"])


def _bar(line: Line, top: int) -> list[str]:
    length = round(min(line.used, _MOST) * _SCALE)
    label = escape(f"{line.what}; {line.peer}")
    said = escape(f"{line.result} ({line.budget})")
    middle = top + 14
    size = f'width="{max(length, 2)}" height="{_ROW - 10}"'
    kind = "met" if line.is_met else "missed"
    return [
        f'<text x="{_LEFT - 8}" y="{middle}" text-anchor="end">{label}</text>',
        f'<rect class="{kind}" x="{_LEFT}" y="{top + 3}" rx="2" {size}/>',
        f'<text x="{_LEFT + max(length, _SCALE) + 8}" y="{middle}">{said}</text>',
    ]
