"""`python -m tests.corpus`: every document, every language, and the peers beside.

Each package is written below `.stamps/corpus/<document>/<language>` and its faults are
kept in `.stamps/corpus/records`, under a digest of the package: what has not changed is
not checked again, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from headgate.errors import SpecError
from headgate.pipeline import generate, write_packages
from headgate.plan.package import LANGUAGES, Language
from tests.corpus import find_documents, own_documents
from tests.corpus.census import count
from tests.corpus.compilers import COMPILERS, WORK
from tests.corpus.peers import PEERS, ask
from tests.corpus.records import Outcome, digest_of, remembered
from tests.corpus.roundtrip import ROUND_TRIPS
from tests.corpus.samples import Samples, sample
from tests.corpus.table import Row, table

SAMPLED = 60
"""About how many schemas of a document are tried with values."""
SHOWN = 5
"""How many faults of one check are printed; the record has them all."""


def compile_package(document: str, spec: Path, language: Language) -> Outcome:
    """Write one package anew and have it checked, unless the record has these bytes."""
    folder = WORK / document
    made = generate(spec, [language])
    package = folder / language
    shutil.rmtree(package, ignore_errors=True)
    write_packages(made, folder)
    outcome, _ = remembered(
        WORK / "records" / document / f"{language}.json",
        digest_of(package),
        lambda: Outcome(tuple(COMPILERS[language](package))),
    )
    return outcome


def send_values(document: str, samples: Samples, language: Language) -> Outcome:
    """Send a sample's values through the package that was just written."""
    package = WORK / document / language
    whole = hashlib.sha256(repr(samples).encode()).hexdigest()
    outcome, _ = remembered(
        WORK / "records" / document / f"{language}-values.json",
        f"{digest_of(package)} {whole}",
        lambda: Outcome(tuple(ROUND_TRIPS[language](samples, package))),
    )
    return outcome


def examine(
    document: str, spec: Path, languages: Iterable[Language], *, peers: bool
) -> Row:
    """Everything about one document."""
    row = Row(document)
    try:
        row.census = count(spec)
    except SpecError as error:
        row.failure = str(error)
        return row
    for language in languages:
        row.ours[language] = compile_package(document, spec, language)
    samples = sample(spec, SAMPLED)
    for language in languages:
        row.ours[values_check(language)] = send_values(document, samples, language)
    if peers:
        row.peers = {peer.name: ask(peer, document, spec) for peer in PEERS}
    return row


def values_check(language: str) -> str:
    """What the table calls the round trip through a language."""
    return f"{language} values"


def report(row: Row) -> None:
    """Say on the error stream what is wrong with a document."""
    print(
        f"{row.document}: {'clean' if row.is_clean else 'not clean'}", file=sys.stderr
    )
    if row.census is not None:
        for pointer in row.census.silent:
            print(f"  left out in silence: {pointer}", file=sys.stderr)
    for check, outcome in row.ours.items():
        for fault in outcome.faults[:SHOWN]:
            print(f"  {check}: {fault}", file=sys.stderr)
        if len(outcome.faults) > SHOWN:
            print(f"  {check}: {len(outcome.faults)} in all", file=sys.stderr)


def main() -> int:
    """Examine the documents asked for and print the table; 1 if one is not clean."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus")
    parser.add_argument("--document", action="append", help="its stem; repeatable")
    parser.add_argument("--language", action="append", choices=LANGUAGES)
    parser.add_argument("--no-peers", action="store_true", help="ours alone")
    arguments = parser.parse_args()
    documents = {**own_documents(), **find_documents()}
    chosen = arguments.document or sorted(
        documents, key=lambda name: documents[name].stat().st_size
    )
    languages = arguments.language or LANGUAGES
    rows = []
    for name in chosen:
        peers = not arguments.no_peers
        row = examine(name, documents[name], languages, peers=peers)
        report(row)
        rows.append(row)
    names = () if arguments.no_peers else tuple(peer.name for peer in PEERS)
    checks = (*languages, *map(values_check, languages))
    print(table(rows, checks, names))
    return 0 if all(row.is_clean for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
