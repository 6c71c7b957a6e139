"""`headgate faults` without its command line."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from headgate.faults.cases import BY_NAME, Cases
from headgate.faults.recordings import read_recording
from headgate.faults.server import FaultServer, serving


def serve(
    host: str,
    port: int,
    *,
    seed: int,
    named: Sequence[str],
    default: str | None,
    recording: Path | None,
) -> None:
    """Serve until interrupted; the first line printed is JSON with the URL."""
    served = read_recording(recording) if recording else None
    server = FaultServer(Cases(seed, named=named, served=served), default=default)
    asyncio.run(_serve(server, host, port))


async def _serve(server: FaultServer, host: str, port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    async with serving(server, host, port) as url:
        sys.stdout.write(json.dumps({"url": url}) + "\n")
        sys.stdout.flush()
        await stopped.wait()


def scenario_lines() -> Iterator[str]:
    """Each scenario's name and what it does."""
    width = max(map(len, BY_NAME))
    for name, scenario in BY_NAME.items():
        yield f"{name:<{width}}  {(scenario.__doc__ or '').splitlines()[0]}"


def unknown_scenarios(*keys: str) -> list[str]:
    """The keys that stand for no case."""
    names = (key.rpartition("/")[0] or key for key in keys)
    return [name for name in names if name not in BY_NAME and not name.isdecimal()]
