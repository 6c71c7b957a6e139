"""`python -m benchmarks.generate [SPEC] [--rounds N]`: prints a Markdown table.

Method: every generator is a whole process with its defaults, as a user would start
it. Ours reads the specification as it is kept, in many files; the peers get it as
one JSON file, bundled before the clock starts. After one run that is not counted, each
is run once a round, in turn; the table gives medians and their ratios to ours.
A second table says what it costs to start `headgate --help`, beside Python alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.environments import ROOT
from benchmarks.generate.measure import Result, measure
from benchmarks.generate.peers import PEERS, install

OURS = "headgate"
PROGRAM = str(Path(sys.executable).with_name("headgate"))
LANGUAGES = ("python", "typescript", "rust")


def our_commands(spec: Path) -> dict[str, tuple[str, ...]]:
    """All three languages at once, then each alone."""
    whole = (PROGRAM, "generate", "--spec", str(spec), "--out", "{out}")
    alone = {
        f"{OURS}, {language} alone": (*whole, "--language", language)
        for language in LANGUAGES
    }
    return {OURS: whole, **alone}


def peer_commands(spec: Path) -> dict[str, tuple[str, ...]]:
    """Each peer's command on the bundled document."""
    commands = {}
    for peer in PEERS:
        programs = install(peer.environment)
        program, *arguments = peer.command
        commands[peer.name] = (
            str(programs / program),
            *(argument.replace("{spec}", str(spec)) for argument in arguments),
        )
    return commands


def table(results: dict[str, Result]) -> str:
    """The results as a Markdown table, ours first and as 1.00."""
    makes = {peer.name: peer.makes for peer in PEERS}
    lines = [
        "| generator | makes | files | wall, s | ÷ ours | CPU, s | ÷ ours | MiB |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    ours = results[OURS]
    for name, result in results.items():
        made = makes.get(name, "clients" if name == OURS else "client")
        if result.failure or ours.failure:
            why = " ".join(result.failure.split()) or "no figure of ours to compare"
            lines.append(f"| {name} | failed: {why} | | | | | | |")
            continue
        wall, cpu = result.median("wall"), result.median("cpu")
        lines.append(
            f"| {name} | {made} | {result.files} "
            f"| {wall:.2f} | {wall / ours.median('wall'):.2f} "
            f"| {cpu:.2f} | {cpu / ours.median('cpu'):.2f} "
            f"| {result.median('memory'):.0f} |"
        )
    return "\n".join(lines)


def start_up(rounds: int) -> str:
    """What it costs to start our program, beside an interpreter that does nothing."""
    commands = {
        "python -c pass": (sys.executable, "-c", "pass"),
        "headgate --help": (PROGRAM, "--help"),
    }
    results = measure(commands, rounds, writes=False)
    bare = results["python -c pass"].median("wall")
    lines = ["| start-up | wall, s | more than Python, s |", "|---|---:|---:|"]
    for name, result in results.items():
        wall = result.median("wall")
        lines.append(f"| {name} | {wall:.3f} | {wall - bare:.3f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate")
    parser.add_argument(
        "spec", nargs="?", type=Path, default=ROOT / "spec" / "openapi.yaml"
    )
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundled = Path(folder) / "openapi.json"
        subprocess.run(
            [PROGRAM, "bundle", "--spec", arguments.spec, "--out", bundled], check=True
        )
        commands = our_commands(arguments.spec.resolve()) | peer_commands(bundled)
        size = bundled.stat().st_size / 1000
        results = measure(commands, arguments.rounds)
    print(
        f"\n{arguments.spec.name}, {size:.0f} KB bundled; {arguments.rounds} rounds\n"
    )
    print(table(results))
    print(f"\n{start_up(arguments.rounds)}")


if __name__ == "__main__":
    main()
