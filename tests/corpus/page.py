"""`python -m tests.corpus.page`: docs/corpus.md, from what runs have recorded.

A check that was not run on a document, or not on the package of today, has no number.
"""

from __future__ import annotations

import json
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


def page(rows: list[Row], asked: list[Row]) -> str:
    """The whole page."""
    names = [check for check in checks() if any(check in row.ours for row in rows)]
    peers = [peer.name for peer in PEERS]
    whole = [row for row in rows if row.ours.keys() >= set(names)]
    theirs = [Row(row.document, row.census, peers=row.peers) for row in asked]
    # The last line adds up what is ours, of which nothing stands here.
    beside = table(theirs, (), peers).rpartition("\n")[0]
    return (
        f"{INTRODUCTION}{table(whole, names, ())}\n{_incomplete(rows, whole)}"
        f"{PEERS_INTRODUCTION}{beside}\n"
    )


def _incomplete(rows: list[Row], whole: list[Row]) -> str:
    """Say which documents have not been through all checks, if any."""
    missing = [row.document for row in rows if row not in whole]
    if not missing:
        return ""
    return f"\nNot through every check in this run: {', '.join(missing)}.\n"


def main() -> None:
    """Write the page."""
    documents: dict[str, Path] = {**own_documents(), **find_documents()}
    names = sorted(documents, key=lambda name: documents[name].stat().st_size)
    rows = [
        Row(
            name,
            count(documents[name]),
            ours=recorded(name, checks().items()),
            peers=recorded(
                name, ((peer.name, f"peer-{slug(peer.name)}") for peer in PEERS)
            ),
        )
        for name in names
    ]
    PAGE.write_text(page(rows, [row for row in rows if row.peers]), "utf-8")


if __name__ == "__main__":
    main()
