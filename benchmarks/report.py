"""The table and the chart of a run."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from benchmarks.budgets import Line, number
from benchmarks.drawing import markdown_table, svg

_ROW = 26
_LEFT = 400
_SCALE = 240
"""How many pixels the whole of a budget is long."""
_MOST = 1.5
"""The part of a budget at which a bar is cut off."""

_LABEL = "How much of each budget is used up"
_STYLE = """\
.met { fill: #2f81b7 }
.missed { fill: #c4432b }
.limit { stroke: #24292f }
@media (prefers-color-scheme: dark) {
text { fill: #d0d7de }
.limit { stroke: #d0d7de }
}"""


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table."""
    heads = ("", "ours", "peer", "its figure", "measured", "budget", "met", "aim")
    marks = ("---", "---:", "---", "---:", "---:", "---:", "---", "---")
    shown = len(heads) if any(line.aim is not None for line in lines) else -1
    rows = [_cells(line)[:shown] for line in lines]
    return markdown_table(heads[:shown], marks[:shown], rows)


def _cells(line: Line) -> Sequence[str]:
    return (
        line.what,
        _figure(line.ours, line.unit),
        line.peer,
        "" if line.peer == "itself" else _figure(line.theirs, line.unit),
        line.result,
        line.budget,
        "yes" if line.is_met else "**no**",
        line.aim_told,
    )


def _figure(value: float, unit: str) -> str:
    return f"{number(value)} {unit}".strip()


def chart(lines: Sequence[Line]) -> str:
    """How much of each budget is used up, as an SVG document."""
    height = 64 + _ROW * len(lines)
    limit = _LEFT + _SCALE
    parts = [f'<text x="{limit}" y="22" text-anchor="middle">budget</text>']
    for row, line in enumerate(lines):
        parts += _bar(line, 36 + row * _ROW)
    parts.append(
        f'<line class="limit" x1="{limit}" x2="{limit}" y1="30" y2="{height - 20}"/>'
    )
    return svg(_LABEL, _STYLE, height, parts)


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
