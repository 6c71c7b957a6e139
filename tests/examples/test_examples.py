"""The programs of the README run as printed there, and outlive a cut connection."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.corpus import ROOT
from tests.gateway_process import Gateway, running_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EXAMPLES = ROOT / "examples"
PROGRAMS = {
    "python": EXAMPLES / "python" / "stream_a_run.py",
    "typescript": EXAMPLES / "typescript" / "stream-a-run.mjs",
    "rust": EXAMPLES / "rust" / "src" / "stream_a_run.rs",
}
TURNS = [
    {
        "text": "Let me look at two sources.",
        "chunk": 6,
        "tools": [
            {"name": "web_search", "input": {"query": "resume"}},
            {"name": "web_fetch", "input": {"url": "https://docs.example.org/sse"}},
        ],
    },
    {"text": "By the id of the last event that was seen.", "chunk": 9},
]
WHOLE = json.dumps({"turns": TURNS})
CUT_TWICE = json.dumps({"turns": TURNS, "cut_after": [4, 9]})


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Start the gateway that the programs talk to."""
    with running_gateway(tmp_path_factory.mktemp("gateway")) as running:
        yield running


def finished(command: list[str], folder: Path, gateway: Gateway) -> list[str]:
    """Run a program to its end and give the lines that it printed."""
    environment = os.environ | {
        "HEADGATE_BASE_URL": gateway.url,
        "HEADGATE_API_KEY": gateway.api_key,
    }
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def run_python(source: str, folder: Path, gateway: Gateway) -> list[str]:
    """Run a Python program with the installed SDK."""
    (folder / "program.py").write_text(source)
    return finished([sys.executable, "program.py"], folder, gateway)


def run_typescript(source: str, folder: Path, gateway: Gateway) -> list[str]:
    """Run a program on Node with the SDK built as npm would have it."""
    (folder / "program.mjs").write_text(source)
    package = folder / "node_modules" / "@headgate" / "sdk"
    generated = ROOT / "generated" / "typescript"
    ignore = shutil.ignore_patterns("dist", "node_modules")
    shutil.copytree(generated, package, ignore=ignore)
    compiler = ROOT / "tests" / "typescript" / "node_modules" / ".bin" / "tsc"
    subprocess.run([compiler, "-p", "tsconfig.json"], cwd=package, check=True)
    return finished(["node", "program.mjs"], folder, gateway)


def run_rust(source: str, folder: Path, gateway: Gateway) -> list[str]:
    """Run a program with the crate as a dependency."""
    crate = EXAMPLES / "rust"
    manifest = (crate / "Cargo.toml").read_text()
    dependency = str(ROOT / "generated" / "rust")
    manifest = manifest.replace("../../generated/rust", dependency)
    (folder / "Cargo.toml").write_text(manifest)
    (folder / "src").mkdir()
    (folder / "src" / "stream_a_run.rs").write_text(source)
    return finished(["cargo", "run", "--quiet"], folder, gateway)


RUNNERS = {"python": run_python, "typescript": run_typescript, "rust": run_rust}


def played(source: str, script: str) -> str:
    """Let a program ask for another script than its own."""
    assert source.count('"research"') == 1
    return source.replace('"research"', script)


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_program_streams_to_the_end(
    language: str, tmp_path: Path, gateway: Gateway
) -> None:
    """A scripted run with thinking and two parallel tools is read to its end."""
    run: Callable[[str, Path, Gateway], list[str]] = RUNNERS[language]
    lines = run(PROGRAMS[language].read_text(), tmp_path, gateway)

    assert lines[0] == "run_start"
    assert lines[-2:] == ["run_complete", "end_turn"]
    assert [lines.count("tool_call_start"), lines.count("tool_result")] == [2, 2]


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_program_outlives_two_cuts(
    language: str, tmp_path: Path, gateway: Gateway
) -> None:
    """A connection that is cut twice costs no event and repeats none."""
    source = PROGRAMS[language].read_text()
    run: Callable[[str, Path, Gateway], list[str]] = RUNNERS[language]
    results = []
    for name, script in (("whole", WHOLE), ("cut", CUT_TWICE)):
        (tmp_path / name).mkdir()
        results.append(run(played(source, script), tmp_path / name, gateway))

    whole, cut = (without_pings(lines) for lines in results)
    assert cut == whole


def without_pings(lines: list[str]) -> list[str]:
    """Leave out what depends on the clock, and the order of parallel tools."""
    return sorted(line for line in lines if line != "ping")


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_readme_prints_the_programs_that_run(language: str) -> None:
    """The README shows each program as it stands in its file, the header aside."""
    text = PROGRAMS[language].read_text()
    body = text.split("\n\n", 1)[1].strip()

    assert body in (ROOT / "README.md").read_text()
