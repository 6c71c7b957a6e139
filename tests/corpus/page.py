"""`python -m tests.corpus.page`: docs/corpus.md, from what runs have recorded.

What has no record here keeps what the page said before; a check that was never run on a
document has no number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from headgate.plan.package import LANGUAGES
from tests.corpus import ROOT, find_documents, own_documents
from tests.corpus.__main__ import calls_check, values_check
from tests.corpus.callers import CALLERS
from tests.corpus.census import count
from tests.corpus.compilers import WORK
from tests.corpus.peers import PEERS, slug
from tests.corpus.records import Outcome
from tests.corpus.table import Row, table

PAGE = ROOT / "docs" / "corpus.md"
INTRODUCTION = """\
# Real documents, whole

Made by `python -m tests.corpus.page` from what `make corpus` has recorded: each number
counts what a compiler or a comparison said. The documents are in a folder outside the
repository, which `HEADGATE_CORPUS` names; two are our own. `make corpus` takes long. It
keeps a record of every check under a digest of the package, so that it goes on where it
was stopped; `--document`, `--language` and `--no-peers` narrow it.

| column | counts |
|---|---|
| left out | diagnostics that say what is not in the SDKs, each with its place |
| silently | operations and streams in neither the SDKs nor a diagnostic |
| python | failed imports, and what mypy and pyright find, both strict |
| typescript | what `tsc --strict` finds |
| rust | what rustc and clippy find, warnings denied |
| … values | values of schemas that an SDK's types refuse or give back changed |
| … calls | operations, called through the SDK over loopback with made-up arguments, \
whose request arrives or whose answer is decoded otherwise; *unmade*: no valid value \
was found for them |

"""
PEERS_INTRODUCTION = """
## Our peers on the same documents

At their defaults, in one language each, put before the same compilers as ours: how many
faults their output has, or that there was none.

"""


def recorded(document: str, names: Iterable[tuple[str, str]]) -> dict[str, Outcome]:
    """What the records of a document hold, by the check's name in the table."""
    found: dict[str, Outcome] = {}
    for check, file in names:
        record = WORK / "records" / document / f"{file}.json"
        if record.exists():
            kept = json.loads(record.read_text("utf-8"))
            found[check] = Outcome(tuple(kept["faults"]), kept["notes"])
    return found


def checks() -> dict[str, str]:
    """The file that each check keeps its record in."""
    return {
        **{language: language for language in LANGUAGES},
        **{values_check(language): f"{language}-values" for language in LANGUAGES},
        **{calls_check(name): f"{name.replace(' ', '-')}-calls" for name in CALLERS},
    }


def said_before(text: str) -> dict[str, dict[str, Outcome]]:
    """What the tables of a page say of each document, by the heads of their columns."""
    found: dict[str, dict[str, Outcome]] = {}
    heads: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == "document":
            heads = cells
        elif heads and len(cells) == len(heads):
            known = {head: _outcome(it) for head, it in zip(heads, cells, strict=True)}
            told = {head: it for head, it in known.items() if it is not None}
            found.setdefault(cells[0], {}).update(told)
    return found


def _outcome(cell: str) -> Outcome | None:
    """What a cell says: a number of faults, or that there was nothing to count."""
    if not cell:
        return None
    number = re.match("[0-9]+", cell)
    return Outcome(("said before",) * (int(number[0]) if number else 1), cell)


def page(rows: list[Row], kept: list[str]) -> str:
    """The whole page; `kept` names the documents that something is kept of."""
    names = [check for check in checks() if any(check in row.ours for row in rows)]
    peers = [peer.name for peer in PEERS]
    ours = [row for row in rows if row.ours]
    short = [row.document for row in rows if row.ours.keys() < set(names)]
    theirs = [Row(row.document, row.census, peers=row.peers) for row in rows]
    # The last line adds up what is ours, of which nothing stands here.
    beside = table([row for row in theirs if row.peers], (), peers).rpartition("\n")[0]
    return (
        f"{INTRODUCTION}{table(ours, names, ())}\n"
        f"{_listed('Not through every check: ', short)}"
        f"{_listed('Of an earlier run, in part or whole: ', kept)}"
        f"{PEERS_INTRODUCTION}{beside}\n"
    )


def _listed(what: str, documents: list[str]) -> str:
    return f"\n{what}{', '.join(documents)}.\n" if documents else ""


def main() -> None:
    """Write the page."""
    documents: dict[str, Path] = {**own_documents(), **find_documents()}
    before = said_before(PAGE.read_text("utf-8")) if PAGE.exists() else {}
    peers = {peer.name: f"peer-{slug(peer.name)}" for peer in PEERS}
    rows: list[Row] = []
    kept: list[str] = []
    for name in sorted(documents, key=lambda name: documents[name].stat().st_size):
        new = recorded(name, checks().items())
        told = before.get(name, {})
        old = {check: told[check] for check in checks() if check in told}
        if old.keys() - new.keys():
            kept.append(name)
        theirs = {each: told[each] for each in peers if each in told}
        asked = recorded(name, peers.items())
        ours, others = {**old, **new}, {**theirs, **asked}
        rows.append(Row(name, count(documents[name]), ours=ours, peers=others))
    PAGE.write_text(page(rows, kept), "utf-8")


if __name__ == "__main__":
    main()
