"""What the pages of all benchmarks are made of: Markdown tables and SVG charts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" \
height="{height}" role="img" aria-label="{label}">
<style>
text {{ font: 13px system-ui, sans-serif; fill: #24292f }}
{style}
</style>"""

WIDTH = 860
"""Pixels from side to side of a chart."""


def markdown_table(
    heads: Sequence[str], marks: Sequence[str], rows: Iterable[Sequence[str]]
) -> str:
    """Rows of cells as a Markdown table; `marks` say how its columns are set."""
    return "\n".join(map(_line, (heads, marks, *rows)))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def svg(label: str, style: str, height: int, parts: Iterable[str]) -> str:
    """An SVG document of these parts; `style` follows that of its texts."""
    head = _HEAD.format(width=WIDTH, height=height, label=label, style=style)
    return "\n".join([head, *parts, "</svg>\n"])
