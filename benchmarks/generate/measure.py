"""Whole processes timed from outside, in turn, so that drift meets all alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import measured

QUIET = {
    "CI": "1",
    "NO_COLOR": "1",
    "NO_UPDATE_NOTIFIER": "1",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "REDOCLY_TELEMETRY": "off",
}


@dataclass(frozen=True)
class Run:
    """One process: seconds on the clock, seconds of CPU, most memory in MiB."""

    wall: float
    cpu: float
    memory: float

    def figures(self) -> dict[str, float]:
        """The figures by name."""
        return {"wall": self.wall, "cpu": self.cpu, "memory": self.memory}


@dataclass(frozen=True)
class Result:
    """The medians of a command's runs, or what it said when it failed."""

    runs: tuple[Run, ...]
    files: int
    failure: str = ""

    def median(self, figure: str) -> float:
        """The median of one of Run's figures."""
        return statistics.median(run.figures()[figure] for run in self.runs)


def measure(
    commands: Mapping[str, Sequence[str]], rounds: int, folder: Path
) -> dict[str, Result]:
    """Run each command once unmeasured, then once a round.

    A command's `{out}` is an empty folder below `folder` each time; to leave it empty
    is a failure. They stay: a file system looks long for room where much was deleted
    in the last minutes.
    """
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    files: dict[str, int] = {}
    failures: dict[str, str] = {}
    for number in range(rounds + 1):
        for name, command in commands.items():
            if name in failures:
                continue
            run, files[name], failure = _run(command, tempfile.mkdtemp(dir=folder))
            if not failure and not files[name]:
                failure = "wrote nothing"
            if failure:
                failures[name] = failure
            elif number > 0:
                runs[name].append(run)
    return {
        name: Result(tuple(runs[name]), files[name], failures.get(name, ""))
        for name in commands
    }


def _run(command: Sequence[str], folder: str) -> tuple[Run, int, str]:
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            [part.replace("{out}", folder) for part in command],
            cwd=folder,
            stdout=said,
            stderr=said,
            env={**measured(), **QUIET},
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        written = sum(1 for path in Path(folder).rglob("*") if path.is_file())
        said.seek(0)
        text = said.read().decode("utf-8", "replace").strip()
    run = Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    if process.returncode != 0:
        return run, written, f"exit {process.returncode}: {text[-300:]}"
    return run, written, ""
