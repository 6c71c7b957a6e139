"""The figures of one gateway."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median_low
from typing import Any

from benchmarks.gateway.gateways import Running
from benchmarks.gateway.streams import Streams, ask, read_streams

CLIENTS = 32
STREAMS = 50
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_LUA = """\
wrk.method = "POST"
wrk.body = [==[{body}]==]
wrk.headers["content-type"] = "application/json"
{headers}
"""


@dataclass(frozen=True)
class Figures:
    """What one gateway took. Times in seconds, memory in bytes.

    `streams` is None where streams are not answered.
    """

    name: str
    start: float
    added: float
    """To the median of one client that asks alone."""
    per_second: float
    p50: float
    p99: float
    cpu: float
    streams: Streams | None
    idle: int
    peak: int


@dataclass(frozen=True)
class Load:
    """What many clients at once came to; times in seconds."""

    per_second: float
    p50: float
    p99: float
    count: int


def measure(running: Running, *, seconds: int, added: float) -> Figures:
    """Ask a gateway in every way that is measured of it by itself."""
    assert running.pid is not None
    idle = resident(running.pid)
    url, headers, model = running.url, running.headers, running.model
    ask_for(running, seconds=1)
    before = cpu_time(running.pid)
    load = ask_for(running, seconds=seconds)
    cpu = (cpu_time(running.pid) - before) / load.count
    try:
        streams = asyncio.run(read_streams(url, headers, model, at_once=STREAMS))
    except ConnectionError:
        streams = None
    return Figures(
        name=running.name,
        start=running.start,
        added=added,
        per_second=load.per_second,
        p50=load.p50,
        p99=load.p99,
        cpu=cpu,
        streams=streams,
        idle=idle,
        peak=resident(running.pid, "VmHWM"),
    )


def middle(rounds: Sequence[Figures]) -> Figures:
    """The medians of what one gateway took in several rounds."""
    streams = [each.streams for each in rounds if each.streams is not None]
    return Figures(
        name=rounds[0].name,
        streams=Streams(**_medians(Streams, streams)) if streams else None,
        **_medians(Figures, rounds, but=("name", "streams")),
    )


def _medians(
    kind: type[Any], all_of_it: Sequence[object], but: Sequence[str] = ()
) -> dict[str, Any]:
    names = [field.name for field in fields(kind) if field.name not in but]
    return {
        name: median_low([getattr(each, name) for each in all_of_it]) for name in names
    }


def ask_for(running: Running, *, seconds: int, clients: int = CLIENTS) -> Load:
    """Have wrk ask over so many connections, for longer if nothing is answered."""
    for asked in (seconds, 4 * seconds, 16 * seconds):
        load = _asked(running, seconds=asked, clients=clients)
        if load.count:
            return load
    raise ConnectionError(f"{running.name} answers nothing in {16 * seconds} s")


def _asked(running: Running, *, seconds: int, clients: int) -> Load:
    program = shutil.which("wrk")
    if program is None:
        raise FileNotFoundError("wrk: apt-get install wrk")
    headers = "\n".join(
        f'wrk.headers["{name}"] = "{value}"' for name, value in running.headers.items()
    )
    body = ask(running.model).decode()
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_LUA.format(body=body, headers=headers))
        script.flush()
        said = subprocess.run(
            [
                program,
                "-t1",
                f"-c{clients}",
                f"-d{seconds}s",
                "--latency",
                "-s",
                script.name,
                running.url,
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    if "Non-2xx" in said:
        raise ConnectionError(f"{running.name}: {said}")
    return Load(
        per_second=float(_found(r"Requests/sec: +([\d.]+)", said)[0]),
        p50=_latency("50%", said),
        p99=_latency("99%", said),
        count=int(_found(r"(\d+) requests in", said)[0]),
    )


def _latency(share: str, said: str) -> float:
    value, unit = _found(rf"{share} +([\d.]+)(us|ms|s|m)", said)
    return float(value) * _SECONDS[unit]


def _found(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"wrk does not say {pattern}: {text}")
    return found.groups()


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        children = (task / "children").read_text().split()
        for child in children:
            found += family(int(child))
    return found


def cpu_time(pid: int) -> float:
    """Seconds of CPU that a process and those below it have taken."""
    ticks = 0
    for each in family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICK


def resident(pid: int, what: str = "VmRSS") -> int:
    """Memory of a process and those below it, now or (`VmHWM`) at its most."""
    found = 0
    for each in family(pid):
        status = Path(f"/proc/{each}/status").read_text()
        line = re.search(rf"{what}:\s+(\d+) kB", status)
        found += int(line[1]) * 1024 if line else 0
    return found
