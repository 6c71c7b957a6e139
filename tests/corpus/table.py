"""The table that `make corpus` prints: a row a document, the peers' columns beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.corpus.census import Census
from tests.corpus.records import Outcome


@dataclass
class Row:
    """All that is known of one document; `failure` says that nothing could be made."""

    document: str
    census: Census | None = None
    failure: str = ""
    ours: dict[str, Outcome] = field(default_factory=dict)
    peers: dict[str, Outcome] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether everything was made, nothing dropped in silence, nothing faulty."""
        silent = self.census is None or bool(self.census.silent)
        return not (
            self.failure or silent or any(each.faults for each in self.ours.values())
        )


def table(rows: Sequence[Row], checks: Sequence[str], peers: Sequence[str]) -> str:
    """The rows as a Markdown table with a line that adds them up."""
    heads = ["document", "operations", "streams", "schemas", "left out", "silently"]
    heads += [*checks, *peers]
    lines = [_line(heads), _line(["---", *(["---:"] * (len(heads) - 1))])]
    lines += [_line(_cells(row, checks, peers)) for row in rows]
    return "\n".join([*lines, _line(_sums(rows, checks, peers))])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row, checks: Sequence[str], peers: Sequence[str]) -> list[str]:
    census = row.census
    if census is None:
        return [row.document, f"failed: {row.failure}", *[""] * (3 + len(checks))]
    left_out = sum(
        count for code, count in census.left_out.items() if code.endswith("-left-out")
    )
    return [
        row.document,
        *(str(each) for each in (census.operations, census.streams, census.schemas)),
        *(str(left_out), str(len(census.silent))),
        *(_cell(row.ours.get(check)) for check in checks),
        *(_cell(row.peers.get(peer)) for peer in peers),
    ]


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    return outcome.notes or str(len(outcome.faults))


def _sums(
    rows: Sequence[Row], checks: Sequence[str], peers: Sequence[str]
) -> list[str]:
    counted = [row.census for row in rows if row.census]
    clean = sum(row.is_clean for row in rows)
    return [
        f"**{clean} of {len(rows)} clean**",
        str(sum(each.operations for each in counted)),
        str(sum(each.streams for each in counted)),
        str(sum(each.schemas for each in counted)),
        "",
        str(sum(len(each.silent) for each in counted)),
        *(_clean([row.ours.get(check) for row in rows]) for check in checks),
        *(_clean([row.peers.get(peer) for row in rows]) for peer in peers),
    ]


def _clean(outcomes: Sequence[Outcome | None]) -> str:
    known = [each for each in outcomes if each is not None]
    good = sum(not each.faults for each in known)
    return f"{good} of {len(known)}" if known else ""
