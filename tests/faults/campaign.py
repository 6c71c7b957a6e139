"""Drive the three SDKs through the fault server and count what goes wrong.

`python -m tests.faults.campaign [--cases N] [--seed S] [--language L ...]` says now and
then how far it is, and prints a table; exit code 1 if anything in it is not 0. One that
was interrupted says which case to go on from (`--first`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from headgate.faults.report import table

ROOT = Path(__file__).resolve().parents[2]
DRIVERS = ROOT / "tests" / "faults" / "drivers"
LANGUAGES = ("python", "typescript", "rust")
WORKERS = 16
BATCH = 100
"""How many cases a driver reports at a time."""
PROGRESS_EVERY = 20.0
"""Seconds between two lines that say how far a campaign is."""
ENVIRONMENT = {
    **{
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HEADGATE_")
    },
    "PYTHONPATH": str(ROOT / "generated" / "python" / "src"),
}


@contextmanager
def fault_server(*arguments: str) -> Iterator[str]:
    """Start `headgate faults` in a process of its own and give its URL."""
    command = [sys.executable, "-m", "headgate", "faults", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the fault server did not start")
            yield json.loads(line)["url"]
        finally:
            process.terminate()


def python_driver() -> list[str]:
    """The command of the Python driver."""
    return [sys.executable, str(DRIVERS / "python.py")]


def typescript_driver() -> list[str]:
    """The command of the TypeScript driver, the package bundled for it."""
    tools = ROOT / "tests" / "typescript" / "node_modules" / ".bin"
    bundle = ROOT / "target" / "faults" / "typescript.mjs"
    subprocess.run(
        [
            str(tools / "esbuild"),
            str(DRIVERS / "typescript.ts"),
            "--bundle",
            "--platform=node",
            "--format=esm",
            "--log-level=warning",
            f"--outfile={bundle}",
        ],
        check=True,
    )
    return ["node", str(bundle)]


def rust_driver() -> list[str]:
    """The command of the Rust driver, built as all that is tested is."""
    manifest = DRIVERS / "rust" / "Cargo.toml"
    build = ["cargo", "build", "--quiet", "--manifest-path", str(manifest)]
    environment = {"CARGO_TARGET_DIR": str(ROOT / "target"), **os.environ}
    subprocess.run(build, check=True, env=environment)
    return [str(Path(environment["CARGO_TARGET_DIR"]) / "debug" / "headgate-faults")]


COMMANDS: dict[str, Callable[[], list[str]]] = {
    "python": python_driver,
    "typescript": typescript_driver,
    "rust": rust_driver,
}


def run(
    language: str,
    *,
    cases: int,
    seed: int = 1,
    first: int = 0,
    workers: int = WORKERS,
    scenarios: Sequence[str] = (),
    tell: Callable[[dict[str, Any]], None] | None = None,
    every: float = PROGRESS_EVERY,
) -> dict[str, Any]:
    """Run a language's driver; the server's report, with what the driver left open.

    `tell` is given the report so far, now and then.
    """
    command = COMMANDS[language]()
    named = [argument for name in scenarios for argument in ("--scenario", name)]
    with fault_server("--seed", str(seed), *named) as url:
        span = [url, str(first), str(first + cases), str(workers)]
        begun = time.monotonic()
        left_open = _driven(
            [*command, *span],
            lambda: tell(fetched(f"{url}/faults/report")) if tell else None,
            every,
        )
        report: dict[str, Any] = fetched(f"{url}/faults/report")
    report["seconds"] = round(time.monotonic() - begun, 1)
    report["left_open"] = json.loads(left_open)
    report["wrong"]["leaked"] += sum(report["left_open"].values())
    report["unreported"] = cases - report["cases"]
    report["wrong"]["hung"] += report["unreported"]
    return report


def _driven(command: Sequence[str], tell: Callable[[], None], every: float) -> bytes:
    """Run a driver to its end and give what it prints; `tell` is called as it runs."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT) as driver:
        try:
            while True:
                try:
                    printed, _ = driver.communicate(timeout=every)
                except subprocess.TimeoutExpired:
                    tell()
                    continue
                if driver.returncode != 0:
                    raise subprocess.CalledProcessError(driver.returncode, command)
                return printed
        finally:
            driver.kill()


@dataclass(slots=True)
class Progress:
    """Says how far the campaign of a language is."""

    language: str
    cases: int
    begun: float = field(default_factory=time.monotonic)
    done: int = 0

    def __call__(self, report: dict[str, Any]) -> None:
        """Write a line: the cases done and what was wrong with them."""
        self.done = report["cases"]
        counts = [f"{count} {what}" for what, count in report["wrong"].items() if count]
        seconds = time.monotonic() - self.begun
        line = (
            f"{self.language}: {self.done:,} of {self.cases:,} cases, {seconds:.0f} s;"
            f" {', '.join(counts) or 'nothing wrong'}"
        )
        print(line, file=sys.stderr, flush=True)


def fetched(url: str) -> Any:
    """Get JSON."""
    with urlopen(url) as answer:  # the server is ours, on loopback
        return json.load(answer)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--language", action="append", choices=LANGUAGES)
    parser.add_argument("--scenario", action="append", default=[])
    parser.add_argument("--failures", type=int, default=5, help="how many to show")
    options = parser.parse_args(arguments)
    reports: dict[str, dict[str, Any]] = {}
    for language in options.language or LANGUAGES:
        progress = Progress(language, options.cases)
        try:
            reports[language] = run(
                language,
                cases=options.cases,
                seed=options.seed,
                first=options.first,
                workers=options.workers,
                scenarios=options.scenario,
                tell=progress,
            )
        except KeyboardInterrupt:
            # Cases end out of order: some of the last ones may not have been tried.
            safe = options.first + max(progress.done - options.workers - BATCH, 0)
            print(f"{language}: go on with --first {safe}", file=sys.stderr)
            return 1
    print(table(reports))
    for language, report in reports.items():
        print(f"{language}: {report['seconds']} s, left open: {report['left_open']}")
        for failure in report["failures"][: options.failures]:
            print(f"  {failure['case']} {failure['scenario']}: {failure['wrong']}")
            for line in failure["requests"][:8]:
                print(f"      {line}")
    return int(any(any(report["wrong"].values()) for report in reports.values()))


if __name__ == "__main__":
    sys.exit(main())
