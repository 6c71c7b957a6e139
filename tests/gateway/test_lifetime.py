"""Stopping in order, dying without warning, and starting again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.gateway.client import Client, Recording, breaches, message, run, until
from tests.gateway_process import ADMIN_KEY, API_KEY, Gateway

TALKING = {"turns": [{"text": "x" * 2000, "chunk": 1, "delay_ms": 20}]}


@contextmanager
def process(
    folder: Path, settings: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Client]]:
    """A gateway that the test may stop or kill."""
    environment = {
        **{name: text for name, text in os.environ.items() if "HEADGATE_" not in name},
        "HEADGATE_GATEWAY_DATABASE_URL": f"sqlite:///{folder / 'gateway.sqlite3'}",
        "HEADGATE_GATEWAY_API_KEY": API_KEY,
        "HEADGATE_GATEWAY_ADMIN_KEY": ADMIN_KEY,
        "HEADGATE_GATEWAY_LEASE": "1",
        **settings,
    }
    command = [sys.executable, "-m", "headgate_gateway", "serve", "--port", "0"]
    with (
        (folder / "gateway.log").open("ab") as log,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=log
        ) as started,
    ):
        assert started.stdout is not None
        url = json.loads(started.stdout.readline())["url"]
        client = Client(Gateway(url, API_KEY, ADMIN_KEY))
        try:
            yield started, client
        finally:
            client.close()
            started.kill()
            started.wait()


def in_background(work: Any, *arguments: Any) -> tuple[threading.Thread, list[Any]]:
    """Start ``work`` in a thread; its result comes in the list."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work(*arguments)))
    thread.start()
    return thread, results


def test_a_drain_lets_short_work_end(tmp_path: Path, own_settings: dict[str, str]):
    """What ends within the grace ends by itself; meanwhile nothing new is taken."""
    settings = {**own_settings, "HEADGATE_GATEWAY_DRAIN_GRACE": "20"}
    script = {"turns": [{"text": "almost there", "chunk": 3, "delay_ms": 250}]}
    with process(tmp_path, settings) as (gateway, client):
        thread, results = in_background(client.stream_run, run(script))
        wait_for_a_run(client)
        gateway.send_signal(signal.SIGTERM)
        ready = wait_until_draining(client)
        refused = [
            client.http.post("/v1/messages", json=message()),
            client.http.post("/v1/runs", json=run("text")),
            client.http.post("/v1/runs:stream", json=run("text")),
        ]
        thread.join()
        status = gateway.wait(timeout=10)

    recording: Recording = results[0]
    assert ready["draining"]
    assert not ready["ok"]
    assert [answer.status_code for answer in refused] == [503] * 3
    assert {answer.json()["error"]["code"] for answer in refused} == {"draining"}
    assert all("retry-after" in answer.headers for answer in refused)
    assert recording.events[-1]["result"]["stop_reason"] == "end_turn"
    assert status == 0


def test_a_drain_leaves_long_runs_to_the_next_process(
    tmp_path: Path, own_settings: dict[str, str]
):
    """After the grace messages end with an error; runs go on in the next process."""
    settings = {**own_settings, "HEADGATE_GATEWAY_DRAIN_GRACE": "0.3"}
    body = run({"turns": [{"text": "x" * 100, "chunk": 1, "delay_ms": 20}]})
    with process(tmp_path, settings) as (gateway, client):
        streamed = message(TALKING, stream=True)
        runs = in_background(client.stream_run, body)
        messages = in_background(lambda: stream_of(client, streamed))
        run_id = wait_for_a_run(client)
        wait_for_streams(client, 2)
        gateway.send_signal(signal.SIGTERM)
        status = gateway.wait(timeout=10)
        for thread, _ in (runs, messages):
            thread.join()
    with process(tmp_path, settings) as (_, client):
        whole = client.follow(run_id)

    first, message_recording = runs[1][0], messages[1][0]
    assert status == 0
    assert message_recording.events[-1]["error"]["code"] == "draining"
    assert breaches("message", message_recording, streamed) == []
    assert not first.complete
    assert first.events == whole.events[: len(first.events)]
    assert [event["reason"] for event in whole.of("step_abandoned")] == [
        "gateway_stopped"
    ]
    assert whole.events[-1]["result"]["stop_reason"] == "end_turn"
    assert breaches("run", whole, body) == []


def stream_of(client: Client, body: dict[str, Any]) -> Recording:
    return client.record("POST", "/v1/messages", json=body)


def wait_for_a_run(client: Client) -> str:
    while not (data := client.http.get("/v1/runs").json()["data"]):
        time.sleep(0.02)
    return data[0]["id"]


def wait_for_streams(client: Client, count: int) -> None:
    line = f"headgate_open_streams {count}.0"
    until(lambda: client.http.get("/metrics").text, lambda told: line in told)


def wait_until_draining(client: Client) -> dict[str, Any]:
    while (answer := client.http.get("/readyz")).status_code == 200:
        time.sleep(0.02)
    return answer.json()


def test_a_run_outlives_its_process_again_and_again(
    tmp_path: Path, own_settings: dict[str, str]
):
    """Killed three times in mid-stream, it loses and doubles no event, and ends."""
    body = run({"turns": [{"text": "x" * 60, "chunk": 1, "delay_ms": 25}]})
    seen: list[str] = []
    for life in range(3):
        with process(tmp_path, own_settings) as (gateway, client):
            read_and_kill(gateway, client, body if life == 0 else None, seen)

    run_id = json.loads(seen[0])["run_id"]
    with process(tmp_path, own_settings) as (_, client):
        rest = client.follow(run_id, after=len(seen))
        whole = client.follow(run_id)
        kept = client.http.get(f"/v1/runs/{run_id}").json()["run"]

    told = seen + [frame.data for frame in rest.frames if frame.type != "ping"]
    assert [frame.data for frame in whole.frames] == told
    assert [event["reason"] for event in whole.of("step_abandoned")] == [
        "gateway_lost"
    ] * 3
    assert whole.events[-1]["result"]["stop_reason"] == "end_turn"
    assert breaches("run", whole, body) == []
    assert kept["status"] == "completed"


def read_and_kill(
    gateway: subprocess.Popen[bytes],
    client: Client,
    body: dict[str, Any] | None,
    seen: list[str],
) -> None:
    """Read on from where one was, and kill the gateway inside a step."""
    if body is None:
        run_id = json.loads(seen[0])["run_id"]
        params = {"starting_after": len(seen)}
        request = {
            "method": "GET",
            "path": f"/v1/runs/{run_id}/events",
            "params": params,
        }
    else:
        request = {"method": "POST", "path": "/v1/runs:stream", "json": body}
    inside = 0
    try:
        with client.frames(**request) as frames:
            for frame in frames:
                if frame.type == "ping":
                    continue
                seen.append(frame.data)
                inside += frame.type == "stream_event"
                if inside == 12:
                    gateway.kill()
    except httpx2.TransportError:
        gateway.wait()


def test_a_claim_dies_with_its_process(tmp_path: Path, own_settings: dict[str, str]):
    """An Idempotency-Key that a dead process held is free again."""
    headers = {"Idempotency-Key": "held"}
    body = message({"turns": [{"text": "slow", "delay_ms": 5000}]})
    with process(tmp_path, own_settings) as (gateway, client):

        def post() -> None:
            with pytest.raises(httpx2.TransportError):
                client.http.post("/v1/messages", json=body, headers=headers)

        thread, _ = in_background(post)
        time.sleep(0.5)
        gateway.kill()
        thread.join()

    with process(tmp_path, own_settings) as (_, client):
        time.sleep(1.5)
        answer = client.http.post("/v1/messages", json=message(), headers=headers)

    assert answer.status_code == 200


def test_what_was_made_is_there_after_a_restart(
    tmp_path: Path, own_settings: dict[str, str]
):
    """Keys, runs and idempotent answers outlive the process."""
    headers = {"Idempotency-Key": "again"}
    with process(tmp_path, own_settings) as (gateway, client):
        key = client.new_key(client.new_project("lasting"))
        first = client.http.post("/v1/runs", json=run("tools"), headers=headers).json()
        gateway.terminate()
        gateway.wait()

    with process(tmp_path, own_settings) as (_, client):
        caller = client.with_key(key["secret"])
        second = client.http.post("/v1/runs", json=run("tools"), headers=headers)

        assert caller.http.get("/v1/models").status_code == 200
        assert second.json() == first
        assert second.headers["idempotent-replayed"] == "true"


def test_expired_events_are_410(tmp_path: Path, own_settings: dict[str, str]):
    """Once a finished run's events are trimmed, its end is 204 and the rest is 410."""
    with process(tmp_path, own_settings) as (gateway, client):
        over = client.http.post("/v1/runs", json=run("text")).json()["run"]
        gateway.terminate()
        gateway.wait()

    settings = {**own_settings, "HEADGATE_GATEWAY_EVENTS_RETENTION": "0"}
    with process(tmp_path, settings) as (_, client):
        url = f"/v1/runs/{over['id']}/events"
        deadline = time.monotonic() + 20
        while (answer := client.http.get(url)).status_code == 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        last = over["last_sequence_number"]
        end = client.http.get(url, params={"starting_after": last})
        kept = client.http.get(f"/v1/runs/{over['id']}").json()["run"]

    assert answer.status_code == 410
    assert answer.json()["error"]["code"] == "events_expired"
    assert end.status_code == 204
    assert kept == over
