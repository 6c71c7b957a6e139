"""Drive the generated Python SDK through cases of the fault server.

`python.py URL FIRST LAST WORKERS`: even cases through the blocking client, odd ones
through the async one. What was seen goes to the server; what was left open is
printed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from headgate_sdk import AsyncHeadgate, Headgate, RetryPolicy

WATCHDOG = 60.0
BATCH = 100
POLICY = RetryPolicy(
    base_delay=0.002, throttled_base_delay=0.002, max_delay=0.01, quota=10**9
)


class Left(Exception):
    """The caller has had enough."""


@dataclass
class Seen:
    """What arrives of one case."""

    case: dict[str, Any]
    count: int = 0
    ranges: list[list[int]] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)

    def take(self, event: Any) -> None:
        """Note an event, unless it is a heartbeat."""
        name = _get(event, "type")
        if name == "ping":
            return
        self.count += 1
        inner = _get(event, "event") or event
        delta = _get(inner, "delta")
        texts = (_get(delta, name) for name in ("text", "thinking", "partial_json"))
        text = next((text for text in texts if isinstance(text, str)), "")
        number = _get(event, "sequence_number")
        shown = "-" if number is None else number
        self.digest.update(f"{shown}:{name}:{text}\n".encode())
        self._extend(self.count if number is None else number)
        if self.count == self.case["leave_after"]:
            raise Left

    @property
    def pause(self) -> float:
        """How many seconds the caller does something else now."""
        after, seconds = self.case["pause"] or (None, 0.0)
        return seconds if after == self.count else 0.0

    def _extend(self, number: int) -> None:
        if self.ranges and self.ranges[-1][1] == number - 1:
            self.ranges[-1][1] = number
        else:
            self.ranges.append([number, number])

    def result(self, error: BaseException | None) -> dict[str, Any]:
        """What the server is told."""
        told: dict[str, Any] = {
            "case": self.case["case"],
            "ranges": self.ranges,
            "digest": self.digest.hexdigest()[:16],
            "ending": _ending(error),
        }
        if error is not None and not isinstance(error, Left):
            told["message"] = str(error)[:300]
            for name in ("phase", "last_event_id", "events_seen"):
                if hasattr(error, name):
                    told[name] = getattr(error, name)
        return told


class Delivered:
    """Says in each request how many events its caller has been given."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}

    def of(self, case: dict[str, Any]) -> Seen:
        """Begin a case."""
        seen = self._seen[str(case["case"])] = Seen(case)
        return seen

    def tell(self, request: httpx2.Request) -> None:
        """Set the header."""
        seen = self._seen[request.headers["X-Fault-Case"]]
        request.headers["X-Fault-Delivered"] = str(seen.count)

    async def tell_async(self, request: httpx2.Request) -> None:
        """Do so where it is awaited."""
        self.tell(request)


def _get(value: Any, name: str) -> Any:
    raw = getattr(value, "raw", None)
    if isinstance(raw, dict):
        return raw.get(name)
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _ending(error: BaseException | None) -> str:
    if error is None:
        return "complete"
    if isinstance(error, Left):
        return "left"
    return "hung" if isinstance(error, TimeoutError) else type(error).__name__


def opened(client: Any, case: dict[str, Any]) -> Any:
    """The stream that a case asks for."""
    options = {
        "headers": {"X-Fault-Case": str(case["case"])},
        "timeouts": case["timeouts"],
    }
    if case["operation"] == "runs.events":
        return client.runs.events(
            case["run_id"], starting_after=case["starting_after"], options=options
        )
    message = {
        "model": "mock/script",
        "messages": [{"role": "user", "content": "Say something."}],
    }
    if case["operation"] == "runs.stream":
        return client.runs.stream(request=message, options=options)
    return client.messages.stream(**message, max_tokens=100, options=options)


def read(
    client: Headgate, case: dict[str, Any], delivered: Delivered
) -> dict[str, Any]:
    """Play a case through the blocking client."""
    seen = delivered.of(case)
    try:
        with opened(client, case) as stream:
            time.sleep(seen.pause)
            for event in stream:
                seen.take(event)
                if seen.pause:
                    time.sleep(seen.pause)
    except Exception as error:
        return seen.result(error)
    return seen.result(None)


async def read_async(
    client: AsyncHeadgate, case: dict[str, Any], delivered: Delivered
) -> dict[str, Any]:
    """Play a case through the async client."""
    seen = delivered.of(case)
    try:
        async with asyncio.timeout(WATCHDOG), opened(client, case) as stream:
            await asyncio.sleep(seen.pause)
            async for event in stream:
                seen.take(event)
                if seen.pause:
                    await asyncio.sleep(seen.pause)
    except Exception as error:
        return seen.result(error)
    return seen.result(None)


class Campaign:
    """Cases taken from the server, played, and reported in batches."""

    def __init__(self, url: str, workers: int) -> None:
        self._settings = {"base_url": url, "api_key": "key", "retry": POLICY}
        self._delivered = Delivered()
        self._workers = workers
        self._server = httpx2.AsyncClient(base_url=url, timeout=120)
        self._results: list[dict[str, Any]] = []
        self._threads = ThreadPoolExecutor(workers)
        self._hung = False

    async def run(self, first: int, last: int) -> dict[str, int]:
        """Play all cases; how much was left open."""
        telling = {"request": [self._delivered.tell_async]}
        async with httpx2.AsyncClient(event_hooks=telling) as waiting:
            with httpx2.Client(event_hooks={"request": [self._delivered.tell]}) as held:
                await self._play(first, last, held, waiting)
        await self._report()
        settled = await self._server.get("/faults/settled")
        await self._server.aclose()
        self._threads.shutdown(wait=not self._hung)
        return {
            "serving": settled.json()["serving"],
            "tasks": len(asyncio.all_tasks()) - 1,
            "threads": threading.active_count() - 1,
            "sockets": open_sockets(),
        }

    async def _play(
        self, first: int, last: int, held: httpx2.Client, waiting: httpx2.AsyncClient
    ) -> None:
        blocking = Headgate(**self._settings, http_client=held)
        async with AsyncHeadgate(**self._settings, http_client=waiting) as client:
            for start in range(first, last, 1000):
                cases = await self._cases(start, min(start + 1000, last))
                queue = iter(cases)
                await asyncio.gather(
                    *(self._work(queue, blocking, client) for _ in range(self._workers))
                )
        blocking.close()

    async def _cases(self, first: int, last: int) -> list[dict[str, Any]]:
        answer = await self._server.get(f"/faults/cases?from={first}&to={last}")
        return [json.loads(line) for line in answer.text.splitlines()]

    async def _work(
        self, cases: Any, blocking: Headgate, client: AsyncHeadgate
    ) -> None:
        for case in cases:
            if case["case"] % 2:
                result = await read_async(client, case, self._delivered)
            else:
                result = await self._in_thread(blocking, case)
            self._results.append(result)
            if len(self._results) >= BATCH:
                await self._report()

    async def _in_thread(
        self, client: Headgate, case: dict[str, Any]
    ) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, read, client, case, self._delivered)
        try:
            return await asyncio.wait_for(work, WATCHDOG)
        except TimeoutError as error:
            self._hung = True
            return Seen(case).result(error)

    async def _report(self) -> None:
        lines = "\n".join(map(json.dumps, self._results))
        self._results = []
        await self._server.post("/faults/results", content=lines.encode())


def open_sockets() -> int:
    """How many sockets this process holds, the event loop's own pair not counted."""
    names = [name for name in Path("/proc/self/fd").iterdir() if name.is_symlink()]
    held = [str(name.readlink()) for name in names]
    return sum(target.startswith("socket:") for target in held) - 2


def main() -> None:
    """Run from the command line."""
    url, first, last, workers = sys.argv[1:]
    campaign = Campaign(url, int(workers))
    print(json.dumps(asyncio.run(campaign.run(int(first), int(last)))))


if __name__ == "__main__":
    main()
