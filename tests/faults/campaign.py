"""Drive the three SDKs through the fault server and count what goes wrong.

`python -m tests.faults.campaign [--cases N] [--seed S] [--language L ...]` prints a
table; exit code 1 if anything in it is not 0.
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
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from headgate.faults.report import table

ROOT = Path(__file__).resolve().parents[2]
DRIVERS = ROOT / "tests" / "faults" / "drivers"
LANGUAGES = ("python", "typescript", "rust")
WORKERS = 16
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
    """The command of the Rust driver, built for speed."""
    manifest = DRIVERS / "rust" / "Cargo.toml"
    build = ["cargo", "build", "--release", "--quiet", "--manifest-path", str(manifest)]
    environment = {"CARGO_TARGET_DIR": str(ROOT / "target"), **os.environ}
    subprocess.run(build, check=True, env=environment)
    return [str(Path(environment["CARGO_TARGET_DIR"]) / "release" / "headgate-faults")]


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
) -> dict[str, Any]:
    """Run a language's driver; the server's report, with what the driver left open."""
    command = COMMANDS[language]()
    named = [argument for name in scenarios for argument in ("--scenario", name)]
    with fault_server("--seed", str(seed), *named) as url:
        span = [url, str(first), str(first + cases), str(workers)]
        begun = time.monotonic()
        driven = subprocess.run(
            [*command, *span], check=True, stdout=subprocess.PIPE, env=ENVIRONMENT
        )
        report: dict[str, Any] = fetched(f"{url}/faults/report")
    report["seconds"] = round(time.monotonic() - begun, 1)
    report["left_open"] = json.loads(driven.stdout)
    report["wrong"]["leaked"] += sum(report["left_open"].values())
    report["unreported"] = cases - report["cases"]
    report["wrong"]["hung"] += report["unreported"]
    return report


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
    reports = {
        language: run(
            language,
            cases=options.cases,
            seed=options.seed,
            first=options.first,
            workers=options.workers,
            scenarios=options.scenario,
        )
        for language in options.language or LANGUAGES
    }
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
