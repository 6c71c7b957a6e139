"""Draws a declared stream's states as SVG, with nothing but text.

`python -m headgate.contract.diagram SPEC --out FOLDER [--check]` writes one file a
stream; with `--check` it writes nothing and exits 1 if a file is not as it should be.
"""

from __future__ import annotations

import argparse
import sys
from html import escape
from pathlib import Path

from headgate.contract.declaration import Declaration
from headgate.contract.layout import (
    GAP,
    LINE,
    Arrow,
    Box,
    Label,
    Lane,
    Layout,
    lay_out,
    notes,
)
from headgate.contract.stream import streams_of
from headgate.document import load_document

_STYLE = """
svg { color-scheme: light dark; }
.page { fill: #ffffff; }
text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #1f2430; }
text { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
.box + text, .in { stroke: none; }
.title { font: 600 20px ui-sans-serif, system-ui, 'Segoe UI', sans-serif; }
.note, .rule { fill: #667085; }
.note { font: 13px ui-sans-serif, system-ui, 'Segoe UI', sans-serif; }
.name { font-weight: 600; font-size: 13px; }
.box { fill: #f5f7fb; stroke: #b6c0d4; stroke-width: 1.25; }
.start { fill: #eaf1ff; stroke: #5b8def; }
.complete { fill: #e6f6ec; stroke: #2e9e5b; stroke-width: 2; }
.failed { fill: #fdecea; stroke: #d1493f; stroke-width: 2; }
.edge { fill: none; stroke: #55617a; stroke-width: 1.4; }
.any { stroke-dasharray: 5 4; stroke: #d1493f; }
.rule-line { stroke: #d8deea; }
marker path { fill: #55617a; }
#tip-any path { fill: #d1493f; }
@media (prefers-color-scheme: dark) {
  .page { fill: #11151d; }
  text { fill: #e6e9f0; stroke: #11151d; }
  .note, .rule { fill: #98a2b8; }
  .box { fill: #1b2230; stroke: #44506a; }
  .start { fill: #17263f; stroke: #5b8def; }
  .complete { fill: #12301f; stroke: #3fb873; }
  .failed { fill: #361a18; stroke: #e2665d; }
  .edge { stroke: #98a2b8; }
  .any { stroke: #e2665d; }
  .rule-line { stroke: #2f394d; }
  marker path { fill: #98a2b8; }
  #tip-any path { fill: #e2665d; }
}
""".strip()

_RADIUS = 10.0


def draw(declaration: Declaration) -> str:
    """Give the SVG text of a stream's state diagram."""
    layout = lay_out(declaration)
    lines = notes(declaration)
    width = max(layout.width, *(60 + 7 * len(line) for line in lines), 360)
    size = f'width="{_n(width)}" height="{_n(layout.height)}"'
    name = escape(declaration.name)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"',
        f' viewBox="0 0 {_n(width)} {_n(layout.height)}"',
        f' aria-label="States of the stream {name}">',
        f"<style>{_STYLE}</style>",
        f"<defs>{_tip('tip')}{_tip('tip-any')}</defs>",
        f'<rect class="page" {size}/>',
        f'<text class="title" x="28" y="40">{name}</text>',
    ]
    parts += [
        f'<text class="note" x="28" y="{60 + 17 * number}">{escape(line)}</text>'
        for number, line in enumerate(lines)
    ]
    parts += _shapes(layout)
    return "\n".join([*parts, "</svg>", ""])


def _tip(name: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>'
    )


def _shapes(layout: Layout) -> list[str]:
    under = sorted(layout.lanes, key=lambda lane: not lane.from_any)
    shapes = [shape for lane in under for shape in _lane(lane)]
    shapes += [shape for arrow in layout.arrows for shape in _arrow(arrow)]
    return shapes + [shape for box in layout.boxes for shape in _box(box)]


def _box(box: Box) -> list[str]:
    x, y = box.x, box.y
    size = f'width="{_n(box.width)}" height="{_n(box.height)}"'
    place = f'x="{_n(box.centre)}" y="{_n(y + 22)}" text-anchor="middle"'
    shapes = [
        f'<rect class="box {box.kind}" x="{_n(x)}" y="{_n(y)}" rx="8" {size}/>',
        f'<text class="name" {place}>{escape(box.name)}</text>',
    ]
    if box.stays:
        shapes.append(
            f'<path class="rule-line" d="M{_n(x + 12)} {_n(y + 32)}'
            f'H{_n(x + box.width - 12)}"/>'
        )
    shapes += [
        _text(label, x + 16, y + 48 + LINE * number, style="in")
        for number, label in enumerate(box.stays)
    ]
    return shapes


def _arrow(arrow: Arrow) -> list[str]:
    x = arrow.source.centre
    top = arrow.source.y + arrow.source.height
    path = f"M{_n(x)} {_n(top)}V{_n(arrow.target.y - 1)}"
    first = top + GAP / 2 + 4 - LINE * (len(arrow.labels) - 1) / 2
    return [
        f'<path class="edge" marker-end="url(#tip)" d="{path}"/>',
        *(
            _text(label, x + 12, first + LINE * number)
            for number, label in enumerate(arrow.labels)
        ),
    ]


def _lane(lane: Lane) -> list[str]:
    style, tip = ("edge any", "tip-any") if lane.from_any else ("edge", "tip")
    farthest = max(lane.sources, key=lambda box: abs(box.y - lane.target.y))
    shapes = [
        f'<path class="{style}" d="{_stub(lane, source)}"/>'
        for source in lane.sources
        if source is not farthest
    ]
    shapes.append(
        f'<path class="{style}" marker-end="url(#{tip})" d="{_way(lane, farthest)}"/>'
    )
    middle = (farthest.exit(lane) + lane.target.middle) / 2 + 4
    shift = -10 if lane.left else 10
    anchor = "end" if lane.left else "start"
    return [*shapes, _text(lane.label, lane.x + shift, middle, anchor=anchor)]


def _stub(lane: Lane, source: Box) -> str:
    """Give the path from a state's side to where the lane passes."""
    out = source.x if lane.left else source.x + source.width
    return f"M{_n(out)} {_n(source.exit(lane))}H{_n(lane.x)}"


def _way(lane: Lane, source: Box) -> str:
    """Give the path out of a state's side, along the lane, and to the target."""
    side = -1 if lane.left else 1
    out = source.x if lane.left else source.x + source.width
    start = source.exit(lane)
    end = lane.target.middle
    turn = _RADIUS if end > start else -_RADIUS
    first = (
        f"M{_n(out)} {_n(start)}H{_n(lane.x - side * _RADIUS)}"
        f"Q{_n(lane.x)} {_n(start)} {_n(lane.x)} {_n(start + turn)}"
    )
    if lane.from_any:
        return f"{first}V{_n(lane.target.y - 1)}"
    into = lane.target.x - 1 if lane.left else lane.target.x + lane.target.width + 1
    return (
        f"{first}V{_n(end - turn)}"
        f"Q{_n(lane.x)} {_n(end)} {_n(lane.x - side * _RADIUS)} {_n(end)}H{_n(into)}"
    )


def _text(
    label: Label, x: float, y: float, *, anchor: str = "start", style: str = "on"
) -> str:
    rules = "".join(
        f'<tspan class="rule" dx="6">{escape(rule)}</tspan>' for rule in label.rules
    )
    return (
        f'<text class="{style}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">'
        f"{escape(label.event)}{rules}</text>"
    )


def _n(value: float) -> str:
    """Write a coordinate, short and the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")


def main(arguments: list[str] | None = None) -> int:
    """Draw every stream of a specification."""
    parser = argparse.ArgumentParser(description="Draw the states of each stream.")
    parser.add_argument("spec", type=Path, help="the root of the OpenAPI document")
    parser.add_argument("--out", type=Path, required=True, help="the folder to fill")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args(arguments)
    streams = streams_of(load_document(options.spec).root)
    drawn = {
        options.out / f"{name}.svg": draw(stream.declaration)
        for name, stream in streams.items()
    }
    stale = [
        path
        for path, text in drawn.items()
        if not path.is_file() or path.read_text("utf-8") != text
    ]
    if options.check:
        for path in stale:
            sys.stderr.write(f"{path} is not what the declaration says\n")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(drawn[path], "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
