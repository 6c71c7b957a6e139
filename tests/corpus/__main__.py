"""`python -m tests.corpus`: every document, every language, and the peers beside.

Each package is written below `.stamps/corpus/<document>/<language>` and its faults are
kept in `.stamps/corpus/records`, under a digest of the package: what has not changed is
not checked again, so that an interrupted run goes on where it stopped. Every check says
on the error stream when it is done.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path

from headgate.errors import SpecError
from headgate.pipeline import generate, write_packages
from headgate.plan.package import LANGUAGES, Language
from tests.corpus import find_documents, own_documents
from tests.corpus.callers import CALLERS, Caller, differences
from tests.corpus.census import count
from tests.corpus.compilers import COMPILERS, WORK
from tests.corpus.exchanges import exchanges
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


def call_everything(document: str, spec: Path, name: str, caller: Caller) -> Outcome:
    """Call every operation through the package that was just written."""
    package = WORK / document / caller.language

    def called() -> Outcome:
        tried = exchanges(spec)
        faults = tuple(differences(tried, package, caller))
        calls = f"{len(faults)} of {len(tried.made)}"
        unmade = f", {len(tried.missed)} unmade" if tried.missed else ""
        return Outcome(faults, f"{calls}{unmade}")

    slug = name.replace(" ", "-")
    outcome, _ = remembered(
        WORK / "records" / document / f"{slug}-calls.json",
        f"{digest_of(package / 'src')} {_digest_of_the_judge()} {digest_of(spec)}",
        called,
    )
    return outcome


@cache
def _digest_of_the_judge() -> str:
    """A digest of what makes the calls and judges them, which changes like the rest."""
    texts = (path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def safely(document: str, check: str, ask: Callable[[], Outcome]) -> Outcome:
    """Run one check and say how long it took; a check that breaks is a fault."""
    begun = time.monotonic()
    try:
        outcome = ask()
    except Exception as error:  # noqa: BLE001  # the other checks go on
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        said = " ".join(str(error).split())[-500:]
        outcome = Outcome((f"broke: {type(error).__name__} at {place}: {said}",))
    seconds = time.monotonic() - begun
    found = outcome.notes or len(outcome.faults)
    print(f"{document}: {check}: {found} ({seconds:.0f} s)", file=sys.stderr)
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
    asked: dict[str, Callable[[], Outcome]] = {
        language: partial(compile_package, document, spec, language)
        for language in languages
    }
    samples = sample(spec, SAMPLED)
    for language in languages:
        values = partial(send_values, document, samples, language)
        asked[values_check(language)] = values
    for name, caller in CALLERS.items():
        if caller.language in languages:
            calls = partial(call_everything, document, spec, name, caller)
            asked[calls_check(name)] = calls
    row.ours = {check: safely(document, check, it) for check, it in asked.items()}
    if peers:
        row.peers = {
            peer.name: safely(document, peer.name, partial(ask, peer, document, spec))
            for peer in PEERS
        }
    return row


def values_check(language: str) -> str:
    """What the table calls the round trip through a language."""
    return f"{language} values"


def calls_check(client: str) -> str:
    """What the table calls the calls of every operation through a client."""
    return f"{client} calls"


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
    clients = [each for each in CALLERS if CALLERS[each].language in languages]
    checks = (
        *languages,
        *map(values_check, languages),
        *map(calls_check, clients),
    )
    print(table(rows, checks, names))
    return 0 if all(row.is_clean for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
