"""Two processes of our gateway over one store: what both do, and what a limit is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from statistics import median
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from benchmarks.gateway.gateways import Running
from benchmarks.gateway.measure import CLIENTS, ask_for, cpu_time
from benchmarks.gateway.streams import ask, request

LIMIT = 50
"""Requests that the key of the test may make, of twice as many that are sent."""
_ROUNDS = 7


@dataclass(frozen=True)
class Pair:
    """What two processes did; times in seconds of CPU a request."""

    one: float
    """What one of them took while the other was asked nothing."""
    cpu: float
    allowed: int
    """How many requests a key with a limit could make."""


def measure_pair(both: Sequence[Running], *, seconds: int) -> Pair:
    """Ask one, then both, in turn; and then beyond a limit."""
    rounds = range(_ROUNDS)
    taken = [
        (_taken(both[:1], seconds=seconds), _taken(both, seconds=seconds))
        for _ in rounds
    ]
    return Pair(
        one=median(alone for alone, _ in taken),
        cpu=median(together for _, together in taken),
        allowed=asyncio.run(_allowed(both)),
    )


def _taken(asked: Sequence[Running], *, seconds: int) -> float:
    """The CPU a request of processes that are each asked by as many, in seconds."""
    pids = [each.pid for each in asked if each.pid is not None]
    before = sum(map(cpu_time, pids))
    with ThreadPoolExecutor(len(asked)) as pool:
        done = list(
            pool.map(lambda one: ask_for(one, seconds=seconds, clients=CLIENTS), asked)
        )
    cpu = sum(map(cpu_time, pids)) - before
    return cpu / sum(each.count for each in done)


async def _allowed(both: Sequence[Running]) -> int:
    """How many of too many requests are let through, from all sides at once."""
    key = _limited_key(both[0])
    limited = [
        replace(each, headers={**each.headers, "authorization": f"Bearer {key}"})
        for each in both
    ]
    statuses = await asyncio.gather(
        *(_status(limited[number % len(limited)]) for number in range(2 * LIMIT))
    )
    return statuses.count(200)


def _limited_key(running: Running) -> str:
    parts = urlsplit(running.url)
    administration = f"http://{parts.netloc}/v1/admin"
    headers = {"content-type": "application/json", "x-admin-key": running.admin_key}
    project = _made(f"{administration}/projects", headers, name="limited")
    key = _made(
        f"{administration}/keys",
        headers,
        name="limited",
        project_id=project["id"],
        rate_limit={"requests": LIMIT, "window_s": 86_400},
    )
    return str(key["secret"])


def _made(url: str, headers: dict[str, str], **body: object) -> dict[str, object]:
    asked = Request(  # noqa: S310 - an address of ours on loopback
        url, data=json.dumps(body).encode(), headers=headers
    )
    with urlopen(asked, timeout=10) as answer:  # noqa: S310 - as above
        made: dict[str, object] = json.loads(answer.read())
        return made


async def _status(running: Running) -> int:
    parts = urlsplit(running.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(request(running.url, running.headers, ask(running.model)))
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])
