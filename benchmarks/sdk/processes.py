"""The processes that measure: each peer's own interpreter, our packages on its path."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import ENVIRONMENTS, ROOT, install

HERE = Path(__file__).resolve().parent
CHAT = ENVIRONMENTS / "chat"
"""Where the SDKs of `chat/openapi.yaml` are generated to."""

Figures = dict[str, float]
"""A median by the name of what was measured."""


def generate_chat() -> None:
    """Make the three SDKs of OpenAI's chunks with the generator of this checkout."""
    headgate = Path(sys.executable).with_name("headgate")
    spec = HERE / "chat" / "openapi.yaml"
    subprocess.run(
        [headgate, "generate", "--spec", spec, "--out", CHAT],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def interpreter(client: str) -> Path:
    """The Python of a client's own environment."""
    peer = client.partition("-")[0]
    name = peer if peer in ("openai", "anthropic") else "headgate"
    return install(HERE / "peers" / name / "requirements.txt") / "bin" / "python"


def environment() -> dict[str, str]:
    """What every measured process sees."""
    paths = (ROOT, ROOT / "generated" / "python" / "src", CHAT / "python" / "src")
    return {
        "HOME": os.environ.get("HOME", ""),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
    }


def probe(command: Sequence[str | Path], cwd: Path = ROOT) -> list[float]:
    """Run a process that prints its repeats as JSON."""
    repeats: list[float] = json.loads(_output(command, cwd))
    return repeats


def cargo_probe(manifest: Path, *arguments: str | Path) -> Figures:
    """Build and run a program that prints several names' repeats as JSON."""
    cargo, target = program("cargo"), {"CARGO_TARGET_DIR": str(ROOT / "target")}
    options = ("--release", "--quiet", "--manifest-path", manifest)
    done = subprocess.run(
        [cargo, "run", *options, "--", *arguments],
        check=True,
        env={**target, **os.environ},
        stdout=subprocess.PIPE,
    )
    repeats: dict[str, list[float]] = json.loads(done.stdout)
    return {name: statistics.median(each) for name, each in repeats.items()}


def _output(command: Sequence[str | Path], cwd: Path) -> str:
    done = subprocess.run(
        command, check=True, cwd=cwd, env=environment(), stdout=subprocess.PIPE
    )
    return done.stdout.decode()


def in_turn(probes: Mapping[str, Callable[[], list[float]]], rounds: int) -> Figures:
    """Run the probes one after the other, as often as asked; medians of medians."""
    medians: dict[str, list[float]] = {name: [] for name in probes}
    for _ in range(rounds):
        for name, run in probes.items():
            medians[name].append(statistics.median(run()))
    return {name: statistics.median(each) for name, each in medians.items()}


@contextmanager
def server() -> Iterator[str]:
    """The server on loopback while the block runs; gives its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sdk.python.server"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


@dataclass(frozen=True)
class Start:
    """A process that makes a client and ends: its CPU in ms, its memory in MiB."""

    cpu: float
    memory: float


def start(python: Path, statement: str) -> Start:
    """Run a statement in a new interpreter."""
    process = subprocess.Popen([python, "-c", statement], cwd=ROOT, env=environment())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, statement)
    return Start((usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024)


def program(name: str) -> str:
    """The path of a program that has to be on the machine."""
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(name)
    return found
