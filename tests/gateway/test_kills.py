"""The gateway is killed again and again under its clients; nothing shows but time.

`HEADGATE_KILLS` says how often, `HEADGATE_SEED` which points are chosen.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from headgate.contract import Frame, SseDecoder, check_frames
from headgate.contract.invariants import Recording, result_equals_answer
from tests.gateway.client import STREAMS, Client, run
from tests.gateway_process import ADMIN_KEY, API_KEY, Gateway
from tests.mortal_gateway import MortalGateway

KILLS = int(os.environ.get("HEADGATE_KILLS", "15"))
SEED = int(os.environ.get("HEADGATE_SEED", "2026"))
ENDS_WITHIN = 10.0
"""Seconds from the last restart to the end of every run."""
NAMED_POINTS = (
    "run_start",
    "step_start",
    "stream_event",
    "tool_call_start",
    "tool_result",
    "step_complete",
    "history_delta",
    "step_abandoned",
)
WAYS = ("streamed", "background", "blocking")


def slow_page(milliseconds: int) -> dict[str, object]:
    url = f"https://slow.invalid/{milliseconds}"
    return {"name": "web_fetch", "input": {"url": url}}


BODIES: tuple[dict[str, Any], ...] = (
    run(
        {
            "turns": [
                {
                    "thinking": "Both pages are slow.",
                    "tools": [slow_page(150), slow_page(50)],
                    "delay_ms": 8,
                },
                {"text": "One page came late. " * 3, "delay_ms": 8},
            ]
        }
    ),
    run(
        {
            "turns": [
                {"tools": [slow_page(20), slow_page(80)], "delay_ms": 5},
                {"text": "And again.", "tools": [slow_page(40)], "delay_ms": 5},
                {"text": "Done.", "delay_ms": 5},
            ]
        },
        run={"parallel_tools": False},
    ),
    run({"turns": [{"text": "word after word ", "repeat": 6, "delay_ms": 15}]}),
)


@dataclass
class Told:
    """What the gateway acknowledged of one run."""

    run_id: str
    body: dict[str, Any]
    frames: list[Frame] = field(default_factory=list[Frame])
    """The frames of all connections, one after the other."""
    answer: Any = None
    """What the blocking call was answered with."""

    @property
    def types(self) -> list[str]:
        """The types of the events."""
        return [frame.type for frame in self.frames]


class Caller:
    """Starts runs in its own way, one after the other, and sees each to its end."""

    def __init__(
        self, gateway: MortalGateway, way: str, seen: Callable[[str], None], over: Any
    ) -> None:
        self.told: list[Told] = []
        self.keys = 0
        self._gateway = gateway
        self._way = getattr(self, way)
        self._name = way
        self._seen = seen
        self._over: threading.Event = over
        self._http = httpx2.Client(
            base_url=gateway.url,
            headers={"Authorization": f"Bearer {API_KEY}"},
            timeout=30,
        )

    def work(self) -> None:
        """Begin runs until it is over, and end the last one."""
        while not self._over.is_set():
            body = BODIES[self.keys % len(BODIES)]
            self.keys += 1
            headers = {"Idempotency-Key": f"{self._name}-{self.keys}"}
            self.told.append(self._way(body, headers))
        self._http.close()

    def blocking(self, body: dict[str, Any], headers: dict[str, str]) -> Told:
        """Ask with the same key until there is an answer."""
        answer = self._post(body, headers)
        return Told(answer["run"]["id"], body, answer=answer["result"])

    def background(self, body: dict[str, Any], headers: dict[str, str]) -> Told:
        """Have the run queued, and look until it is over."""
        queued = self._post({**body, "background": True}, headers)["run"]
        while (found := self._get(queued["id"]))["status"] != "completed":
            assert found["status"] in ("queued", "running")
            time.sleep(0.05)
        return Told(queued["id"], body)

    def streamed(self, body: dict[str, Any], headers: dict[str, str]) -> Told:
        """Read the stream, and go on after the last event wherever it is cut."""
        told = Told("", body)
        while not told.frames or told.frames[-1].type != "run_complete":
            try:
                self._read(told, headers)
            except httpx2.TransportError:
                time.sleep(0.02)
        told.run_id = json.loads(told.frames[0].data)["run_id"]
        return told

    def _read(self, told: Told, headers: dict[str, str]) -> None:
        decoder = SseDecoder()
        with self._http.stream(**self._next_request(told, headers)) as answer:
            assert answer.status_code == 200, answer.read()
            for chunk in answer.iter_bytes():
                for frame in decoder.feed(chunk):
                    if frame.type != "ping":
                        told.frames.append(frame)
                        self._seen(frame.type)

    def _next_request(self, told: Told, headers: dict[str, str]) -> dict[str, Any]:
        if not told.frames:
            return {
                "method": "POST",
                "url": "/v1/runs:stream",
                "json": told.body,
                "headers": headers,
            }
        run_id = json.loads(told.frames[0].data)["run_id"]
        return {
            "method": "GET",
            "url": f"/v1/runs/{run_id}/events",
            "headers": {"Last-Event-ID": told.frames[-1].id},
        }

    def _post(self, body: dict[str, Any], headers: dict[str, str]) -> Any:
        return self._until_answered("POST", "/v1/runs", json=body, headers=headers)

    def _get(self, run_id: str) -> Any:
        return self._until_answered("GET", f"/v1/runs/{run_id}")["run"]

    def _until_answered(self, method: str, url: str, **request: Any) -> Any:
        while True:
            try:
                answer = self._http.request(method, url, **request)
            except httpx2.TransportError:
                time.sleep(0.02)
                continue
            assert answer.status_code == 200, answer.text
            return answer.json()


class Death:
    """Waits for the point at which the gateway is to die next."""

    def __init__(self) -> None:
        self._chance = random.Random(SEED)
        self._awaited = ""
        self._reached = threading.Event()

    def seen(self, kind: str) -> None:
        """Hear of an event that a client just got."""
        if kind == self._awaited:
            self._reached.set()

    def wait(self, number: int) -> None:
        """Return at the next point: after a kind of event, or at any time."""
        self._reached.clear()
        points = (*NAMED_POINTS, *[""] * len(NAMED_POINTS))
        self._awaited = points[number % len(points)]
        if self._awaited:
            # A kind that does not come, as when nothing was abandoned, is let go.
            self._reached.wait(timeout=3)
        time.sleep(self._chance.random() * (0.02 if self._awaited else 1.0))


def test_no_kill_loses_or_doubles_anything(
    tmp_path: Path, own_settings: dict[str, str]
):
    """What was acknowledged stays, once; every run ends, with the result it owes."""
    gateway, death, over = (
        MortalGateway(tmp_path, own_settings),
        Death(),
        threading.Event(),
    )
    gateway.start()
    callers = [Caller(gateway, way, death.seen, over) for way in WAYS]
    threads = {
        way: threading.Thread(target=caller.work, daemon=True)
        for way, caller in zip(WAYS, callers, strict=True)
    }
    try:
        for thread in threads.values():
            thread.start()
        for number in range(KILLS):
            death.wait(number)
            gateway.kill()
            gateway.start()
        over.set()
        assert still_at_work(threads) == []
        client = Client(Gateway(gateway.url, API_KEY, ADMIN_KEY))
        assert count_runs(client) == sum(caller.keys for caller in callers)
        owed = [client.http.post("/v1/runs", json=body).json() for body in BODIES]
        wholes = [
            check_kept(client, told, owed[BODIES.index(told.body)]["result"])
            for caller in callers
            for told in caller.told
        ]
        client.close()
    finally:
        over.set()
        gateway.kill()

    assert len(wholes) == sum(caller.keys for caller in callers)
    assert sum("step_abandoned" in whole.types for whole in wholes) > 0


def still_at_work(threads: dict[str, threading.Thread]) -> list[str]:
    """Who has not seen the end of the last run in time."""
    deadline = time.monotonic() + ENDS_WITHIN
    for thread in threads.values():
        thread.join(timeout=max(deadline - time.monotonic(), 0))
    return [way for way, thread in threads.items() if thread.is_alive()]


def check_kept(client: Client, told: Told, expected: Any) -> Told:
    """What is kept of a run is what was told of it, by every rule; gives it whole."""
    frames = client.follow(told.run_id).frames
    kept = client.http.get(f"/v1/runs/{told.run_id}").json()
    recording = Recording(STREAMS["run"], tuple(frames))

    assert told.frames in ([], frames)
    assert told.answer in (None, kept["result"])
    assert kept["run"]["status"] == "completed"
    assert check_frames(STREAMS["run"], frames, request=told.body) == []
    assert result_equals_answer(recording, expected) == []
    return Told(told.run_id, told.body, frames)


def count_runs(client: Client) -> int:
    """How many runs there are."""
    found, after = 0, {}
    while True:
        page = client.http.get("/v1/runs", params={"limit": 100, **after}).json()
        found += len(page["data"])
        if not page["has_more"]:
            return found
        after = {"after": page["last_id"]}
