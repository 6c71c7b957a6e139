"""`python -m benchmarks.generate [--rounds N] [--document NAME] [--write]`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.environments import ROOT, programs, python, python_name
from benchmarks.generate.documents import real_documents, write_document
from benchmarks.generate.measure import Result, measure
from benchmarks.generate.peers import PEERS, install
from benchmarks.generate.report import (
    OURS,
    TIMES,
    Measured,
    chart,
    documents_table,
    figures_table,
)

DOCS = ROOT / "docs" / "benchmarks"
PEER_NAMES = tuple(peer.name for peer in PEERS)
SIZES = (250, 500, 1000, 2000)
METHOD = """\
# What generating costs

`make bench-generate` measures these tables and writes them. Ours is all three
languages at once, files written; a peer's cell is one language, its seconds of CPU and
how many times ours that is.

![Seconds of CPU to generate from a document](generate.svg)

{documents}

{figures}

## Method

- Every generator is a whole process with its defaults, as a user would start it, with
  an empty folder to write to. After one run that is not counted, each is run once a
  round, in turn; figures are medians. What was written stays until the end: a disk
  looks long for room where much was just deleted. CPU is of the process and its
  children, so that a busy machine moves it little; wall is what the clock said on the
  machine at hand. Ours prints the languages of a large document in processes side by
  side; memory is that of the largest.
- What is written in Python runs on {python}.
- openapi-generator makes Python here and needs Java: without it, its cells say that it
  fails. datamodel-code-generator makes models alone.
- All get the same bytes: the document as its makers publish it. It is a peer's failure
  when it exits with an error or writes nothing, not when what it writes does not
  compile: `make corpus` says that.
- The documents are those of the corpus; without one, this repository's own.
- Made documents have one operation and two schemas a unit, and nothing else that grows.
- Start-up is `headgate --help` less an interpreter that does nothing.
- Every peer has an environment of its own with pinned versions, under a folder that Git
  ignores.
"""


def program() -> str:
    """Ours, of this checkout."""
    return str(programs(ROOT / "pyproject.toml") / "headgate")


def our_command(spec: Path) -> tuple[str, ...]:
    """All three languages at once."""
    return (program(), "generate", "--spec", str(spec), "--out", "{out}")


def peer_commands(spec: Path) -> dict[str, tuple[str, ...]]:
    """Each peer's command on a document of one file."""
    commands = {}
    for peer in PEERS:
        programs = install(peer.environment)
        program, *arguments = peer.command
        commands[peer.name] = (
            str(programs / program),
            *(argument.replace("{spec}", str(spec)) for argument in arguments),
        )
    return commands


def measure_document(name: str, spec: Path, rounds: int, folder: Path) -> Measured:
    """Ours and every peer on one document."""
    single = spec
    if name == "ours":
        single = folder / "openapi.json"
        bundle = [program(), "bundle", "--spec", str(spec), "--out", str(single)]
        subprocess.run(bundle, check=True)
    commands = {OURS: our_command(single), **peer_commands(single)}
    print(f"measuring {name}", file=sys.stderr)
    return Measured(name, single.stat().st_size, measure(commands, rounds, folder))


def single_figures(
    runs: list[Measured], rounds: int, folder: Path
) -> dict[str, tuple[str, str]]:
    """Memory on the largest document, growth with size, and start-up."""
    most = max(runs, key=lambda run: run.results[OURS].median("memory"))
    memory = most.results[OURS].median("memory")
    made = {str(size): our_command(write_document(size, folder)) for size in SIZES}
    by_size = measure(made, rounds, folder)
    first, last = (_cpu(by_size[str(size)]) for size in (SIZES[0], SIZES[-1]))
    grown = SIZES[-1] // SIZES[0]
    starts = measure(
        {
            "help": ("sh", "-c", f'"{program()}" --help > "{{out}}/said"'),
            "bare": ("sh", "-c", f'"{python()}" -c "" > "{{out}}/said"'),
        },
        max(rounds, 9),
        folder,
    )
    start = _cpu(starts["help"]) - _cpu(starts["bare"])
    operations = ", ".join(
        f"{size}: {_cpu(by_size[str(size)]):.2f} s" for size in SIZES
    )
    return {
        f"memory at most ({most.document})": (f"{memory:.0f} MiB", "≤ 400 MiB"),
        f"CPU by operations ({operations}); {grown} times the document": (
            f"{last / first:.1f}{TIMES}",
            f"≤ {grown * 1.2:.1f}{TIMES}",
        ),
        "start-up of `headgate --help`": (f"{start:.3f} s", "≤ 0.15 s"),
    }


def _cpu(result: Result) -> float:
    return result.median("cpu")


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--document", action="append", help="one of them; repeatable")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks")
    arguments = parser.parse_args()
    documents = real_documents()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        runs = [
            measure_document(name, documents[name], arguments.rounds, folder)
            for name in arguments.document or documents
        ]
        figures = figures_table(single_figures(runs, arguments.rounds, folder))
    tables = documents_table(runs, PEER_NAMES)
    print(f"{tables}\n\n{figures}")
    if arguments.write:
        DOCS.mkdir(parents=True, exist_ok=True)
        page = METHOD.format(documents=tables, figures=figures, python=python_name())
        (DOCS / "generate.md").write_text(page)
        (DOCS / "generate.svg").write_text(chart(runs, (OURS, *PEER_NAMES)))


if __name__ == "__main__":
    main()
