"""The tables and the chart of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.drawing import markdown_table, svg
from benchmarks.generate.measure import Result

OURS = "headgate"
TIMES = "\N{MULTIPLICATION SIGN}"
_ROW = 24
_LEFT = 330
_SCALE = 400

_LABEL = "Seconds of CPU to generate from a document"
_STYLE = """\
.ours { fill: #2f81b7 }
.peer { fill: #9aa4ad }
.title { font-weight: 600 }
@media (prefers-color-scheme: dark) { text { fill: #d0d7de } }"""


@dataclass(frozen=True)
class Measured:
    """All generators on one document of this many bytes."""

    document: str
    size: int
    results: Mapping[str, Result]


def documents_table(runs: Sequence[Measured], peers: Sequence[str]) -> str:
    """A row a document: ours, then each peer's CPU and how many times ours it is."""
    heads = ["document", "KB", "ours: files", "wall, s", "CPU, s", "MiB", *peers]
    marks = ["---", *["---:"] * (len(heads) - 1)]
    return markdown_table(heads, marks, (_cells(run, peers) for run in runs))


def _cells(run: Measured, peers: Sequence[str]) -> list[str]:
    ours = run.results[OURS]
    size = f"{run.size / 1000:,.0f}"
    if ours.failure:
        return [run.document, size, f"failed: {_short(ours)}", *[""] * (3 + len(peers))]
    return [
        run.document,
        size,
        str(ours.files),
        f"{ours.median('wall'):.2f}",
        f"{ours.median('cpu'):.2f}",
        f"{ours.median('memory'):.0f}",
        *(_peer_cell(run.results[peer], ours) for peer in peers),
    ]


def _peer_cell(result: Result, ours: Result) -> str:
    if result.failure:
        return f"fails ({_short(result)})"
    cpu = result.median("cpu")
    return f"{cpu:.2f} s, {cpu / ours.median('cpu'):.2f}{TIMES}"


def _short(result: Result) -> str:
    return result.failure.split(":")[0]


def figures_table(figures: Mapping[str, tuple[str, str]]) -> str:
    """Single figures, each beside its limit."""
    rows = ([what, *said] for what, said in figures.items())
    return markdown_table(["", "measured", "limit"], ["---", "---:", "---:"], rows)


def chart(runs: Sequence[Measured], names: Sequence[str]) -> str:
    """Seconds of CPU as bars, a group a document, as an SVG document."""
    known = [
        result.median("cpu")
        for run in runs
        for result in run.results.values()
        if not result.failure
    ]
    scale = _SCALE / max(known)
    parts: list[str] = []
    top = 10
    for run in runs:
        parts.append(f'<text class="title" x="10" y="{top + 16}">{run.document}</text>')
        for name in names:
            parts += _bar(name, run.results[name], scale, top)
            top += _ROW
        top += _ROW // 2
    return svg(_LABEL, _STYLE, top, parts)


def _bar(name: str, result: Result, scale: float, top: int) -> list[str]:
    label = (
        f'<text x="{_LEFT - 8}" y="{top + 16}" text-anchor="end">{escape(name)}</text>'
    )
    if result.failure:
        return [label, f'<text x="{_LEFT + 4}" y="{top + 16}">fails</text>']
    seconds = result.median("cpu")
    width = max(round(seconds * scale), 2)
    kind = "ours" if name == OURS else "peer"
    size = f'width="{width}" height="{_ROW - 8}" rx="2"'
    return [
        label,
        f'<rect class="{kind}" x="{_LEFT}" y="{top + 4}" {size}/>',
        f'<text x="{_LEFT + width + 8}" y="{top + 16}">{seconds:.2f} s</text>',
    ]
