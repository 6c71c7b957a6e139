"""The rules that compare recordings, held against a gateway at work."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from headgate.contract.invariants import (
    Recording,
    cursor_answers,
    ends_within,
    fold_equals_answer,
    outlives_client,
    replay_identical,
    result_equals_answer,
    snapshots_equal_folds,
    status_agrees,
)
from tests.gateway.client import STREAMS, Client, message, run

TALKING = {"turns": [{"text": "x" * 400, "chunk": 1, "delay_ms": 30}]}
STATUSES = {
    "cancelled": "cancelled",
    "timeout": "timed_out",
    "error": "failed",
    "": "completed",
}
SCRIPTS: dict[str, Any] = {
    "text": "text",
    "thinking": "thinking",
    "research": "research",
    "refusal": "refusal",
    "odd text": {"turns": [{"text": "a\u2028b\u0085\0c\r\nd\ufeff", "chunk": 1}]},
    "no text": {"turns": [{"text": ""}]},
    "empty input": {"turns": [{"tools": [{"name": "web_search", "input": {}}]}]},
}


def recorded(name: str, frames: list[Any]) -> Recording:
    return Recording(STREAMS[name], tuple(frames))


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_the_fold_of_a_message_is_its_answer(client: Client, script: Any):
    """M12: streamed and whole, a request comes to the same, ids aside."""
    streamed = client.record("POST", "/v1/messages", json=message(script, stream=True))
    answer = client.http.post("/v1/messages", json=message(script)).json()

    assert fold_equals_answer(recorded("message", streamed.frames), answer) == []


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_the_result_of_a_run_is_its_answer(client: Client, script: Any):
    """R14 and R3: the streamed result is the blocking one; steps are their folds."""
    streamed = recorded("run", client.stream_run(run(script)).frames)
    answer = client.http.post("/v1/runs", json=run(script)).json()["result"]

    assert result_equals_answer(streamed, answer) == []
    assert snapshots_equal_folds(streamed) == []


def test_a_replay_is_identical_from_everywhere(client: Client):
    """R15: whatever the cursor, the replay is the stored events byte for byte."""
    whole = client.stream_run(run("tools"))
    run_id = whole.events[0]["run_id"]
    first = recorded("run", whole.frames)

    for after in range(len(whole.frames)):
        replay = recorded("run", client.follow(run_id, after=after).frames)
        assert replay_identical(first, replay, after=after) == []


def test_odd_cursors_are_answered_as_declared(client: Client):
    """R16: contradictions, rubbish, the end and unknown runs."""
    run_id = client.http.post("/v1/runs", json=run("text")).json()["run"]["id"]
    url = f"/v1/runs/{run_id}/events"
    unknown = "/v1/runs/run_01JD2M5R9V3K7W8X4Y6Z0A1B2C/events"

    def status(path: str, cursor: str, header: str | None = None) -> int:
        headers = {} if header is None else {"Last-Event-ID": header}
        params = {"starting_after": cursor}
        return client.http.get(path, params=params, headers=headers).status_code

    answers = {
        "conflicting": status(url, "1", "2"),
        "malformed": status(url, "one"),
        "finished": status(url, "100000"),
        "unknown": status(unknown, "0"),
    }

    assert cursor_answers(STREAMS["run"], answers) == []


def test_a_run_outlives_its_client(client: Client):
    """R17: what a client that left had seen goes on to a good end."""
    seen = []
    script = {"turns": [{"text": "on and on", "chunk": 1, "delay_ms": 50}]}
    with client.frames("POST", "/v1/runs:stream", json=run(script)) as frames:
        seen += [next(frames) for _ in range(3)]
    run_id = json.loads(seen[0].data)["run_id"]
    whole = client.follow(run_id)

    unlike = {"result.stop_reason": "cancelled"}
    left, rest = recorded("run", seen), recorded("run", whole.frames)
    assert outlives_client(left, rest, unlike=unlike) == []


@pytest.mark.parametrize(
    ("body", "cancel"),
    [
        (run("text"), False),
        (run("text", run={"max_turns": 1}), False),
        (run(TALKING, run={"timeout_ms": 1000}), False),
        (run(TALKING), True),
        (run({"turns": [{}], "faults": {"close_after": 1}}), False),
    ],
    ids=["completed", "limited", "timed out", "cancelled", "failed"],
)
def test_the_status_agrees_and_the_end_comes_in_time(
    client: Client, body: dict[str, Any], *, cancel: bool
):
    """R18 and R13: the status says what the stream said, soon after it was asked."""
    started = client.http.post("/v1/runs", json={**body, "background": True}).json()
    run_id = started["run"]["id"]
    asked_at = time.monotonic()
    if cancel:
        time.sleep(0.2)
        asked_at = time.monotonic()
        client.http.post(f"/v1/runs/{run_id}/cancel")
    frames = client.follow(run_id).frames
    ended_at = time.monotonic()
    kept = client.http.get(f"/v1/runs/{run_id}").json()["run"]

    timed = Recording(STREAMS["run"], tuple(frames), (asked_at, ended_at))
    at = "result.stop_reason"
    assert status_agrees(timed, kept["status"], expected=STATUSES, at=at) == []
    assert not cancel or ends_within(timed, asked_at=asked_at) == []
