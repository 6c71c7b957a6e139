"""Cancelling: from anywhere, in any state, once."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.gateway.client import Client, breaches, run

TALKING = {"turns": [{"text": "z" * 500, "chunk": 1, "delay_ms": 30}]}
FETCHING = {
    "turns": [
        {
            "tools": [
                {"name": "web_fetch", "input": {"url": "https://slow.invalid/9000"}}
            ]
        }
    ]
}


@pytest.mark.parametrize("script", [TALKING, FETCHING], ids=["model", "tools"])
def test_a_cancel_ends_the_stream_in_time(client: Client, script: dict[str, Any]):
    """The stream ends within two seconds with `cancelled`, in order."""
    body = run(script, background=True)
    run_id = client.http.post("/v1/runs", json=body).json()["run"]["id"]
    time.sleep(0.3)

    started = time.monotonic()
    cancelled = client.http.post(f"/v1/runs/{run_id}/cancel", json={"reason": "enough"})
    recording = client.follow(run_id)

    assert time.monotonic() - started < 2
    assert cancelled.json()["status"] == "cancelled"
    assert recording.events[-1]["result"]["stop_reason"] == "cancelled"
    assert breaches("run", recording, body) == []


def test_cancelling_twice_is_cancelling_once(client: Client):
    """The second cancel changes nothing and says the same."""
    body = run(TALKING, background=True)
    run_id = client.http.post("/v1/runs", json=body).json()["run"]["id"]

    first = client.http.post(f"/v1/runs/{run_id}/cancel")
    second = client.http.post(f"/v1/runs/{run_id}/cancel")

    assert first.status_code == 200
    assert second.json() == first.json()


def test_a_finished_run_stays_as_it_is(client: Client):
    """Cancelling what is over answers 200 with the run unchanged."""
    finished = client.http.post("/v1/runs", json=run("text")).json()["run"]

    answer = client.http.post(f"/v1/runs/{finished['id']}/cancel")

    assert answer.status_code == 200
    assert answer.json() == finished


def test_a_blocked_caller_learns_of_the_cancel(client: Client):
    """Who waits for a run that is cancelled gets 200 and what there is."""
    answers: list[dict[str, Any]] = []

    def wait() -> None:
        body = run(TALKING, session_id="blocked-caller")
        answers.append(client.http.post("/v1/runs", json=body).json())

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not (
        found := client.http.get(
            "/v1/runs", params={"session_id": "blocked-caller"}
        ).json()["data"]
    ):
        time.sleep(0.02)
    client.http.post(f"/v1/runs/{found[0]['id']}/cancel")
    waiting.join()

    assert answers[0]["run"]["status"] == "cancelled"
    assert answers[0]["result"]["stop_reason"] == "cancelled"
