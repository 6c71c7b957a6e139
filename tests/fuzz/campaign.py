"""Generates from spoilt documents: none may bring the generator down.

    python -m tests.fuzz.campaign --documents 5000

A document either gives packages, whose Python parses and which stay in their folder,
or diagnostics that each have a position. Anything else is printed with its seed. A
line every hundred documents says how far it is and with which `--first` and
`--documents` an interrupted campaign goes on.
"""

from __future__ import annotations

import argparse
import ast
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.diagnostics import render
from headgate.errors import SpecError
from headgate.pipeline import generate, write_packages
from headgate.plan.package import LANGUAGES
from tests.fuzz.mutation import spoilt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.errors import Diagnostic
    from headgate.pipeline import Generated

SECONDS = 60
"""After which a document of this size hangs."""
STRIDE = 100
"""Documents between two lines of progress."""
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(slots=True)
class Tally:
    """What became of the documents."""

    generated: int = 0
    refused: int = 0
    faults: dict[str, list[int]] = field(default_factory=dict)
    """What went wrong, with the seeds that show it."""
    codes: Counter[str] = field(default_factory=Counter)


def run(seeds: Iterable[int], tally: Tally | None = None) -> Tally:
    """Try documents by their seeds; add what becomes of them to `tally`."""
    tally = tally or Tally()
    signal.signal(signal.SIGALRM, _stop)
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            signal.alarm(SECONDS)
            fault = _try(seed, Path(folder), tally)
            signal.alarm(0)
        if fault:
            print(f"seed {seed}: {fault}", flush=True)
            tally.faults.setdefault(fault, []).append(seed)
    return tally


def _stop(signal_number: int, frame: object) -> None:
    raise TimeoutError(f"not done after {SECONDS} seconds")


def _try(seed: int, folder: Path, tally: Tally) -> str | None:
    """Say what is wrong with how a document was taken, if anything."""
    name, text = spoilt(seed)
    spec = folder / "in" / name
    spec.parent.mkdir()
    spec.write_text(text, "utf-8", errors="surrogatepass")
    try:
        made = generate(spec, LANGUAGES)
        tally.generated += 1
        return _wrong_output(made, folder) or _wrong_report(made.warnings)
    except SpecError as error:
        tally.refused += 1
        tally.codes.update(each.code for each in error.diagnostics)
        return _wrong_report(error.diagnostics)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is a finding
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.name}"
        return f"{type(error).__name__} in {place}: {str(error)[:100]}"


def _wrong_output(made: Generated, folder: Path) -> str | None:
    before = _paths(folder)
    write_packages(made, folder / "out")
    outside = [each for each in _paths(folder) - before if each.parts[0] != "out"]
    if outside:
        return f"written outside: {outside[0]}"
    for path, content in made.files["python"].items():
        if path.endswith(".py"):
            ast.parse(content)
    return None


def _paths(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}


def _wrong_report(found: tuple[Diagnostic, ...]) -> str | None:
    for each in found:
        place = each.location
        if not place.file or place.line < 1 or place.column < 1:
            return f"no position: {each.code}"
    if CONTROL.search(render(found, "text")):
        return "a control character in a diagnostic"
    return None


def campaign(first: int, documents: int) -> Tally:
    """Try documents from a seed on, and say every so often what became of them."""
    tally, begun, end = Tally(), time.monotonic(), first + documents
    for seed in range(first, end, STRIDE):
        upto = min(seed + STRIDE, end)
        run(range(seed, upto), tally)
        print(
            f"{upto - first} of {documents} in {time.monotonic() - begun:.0f} s:"
            f" {tally.generated} generated, {tally.refused} refused,"
            f" {sum(map(len, tally.faults.values()))} faulty"
            f" (go on with --first {upto} --documents {end - upto})",
            flush=True,
        )
    return tally


def main() -> None:
    """Run a campaign and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    given = parser.parse_args()
    tally = campaign(given.first, given.documents)
    print(f"refused for: {', '.join(code for code, _ in tally.codes.most_common())}")
    for fault, seeds in sorted(tally.faults.items(), key=lambda it: -len(it[1])):
        print(f"{len(seeds)} times {fault} (seeds {seeds[:5]})")
    sys.exit(1 if tally.faults else 0)


if __name__ == "__main__":
    main()
