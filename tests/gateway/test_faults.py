"""A provider that fails in every way there is; the caller gets one shape of error."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.client import Client, breaches, message, run
from tests.gateway_process import running_gateway

TURN = {"text": "The quick brown fox, in ünïcödé and 漢字.", "chunk": 4}


def scripted(**faults: Any) -> dict[str, Any]:
    return {"turns": [TURN], "faults": faults}


@pytest.mark.parametrize(
    ("status", "answered", "code"),
    [
        (400, 502, "upstream_failed"),
        (401, 401, "provider_key_rejected"),
        (408, 504, "upstream_timeout"),
        (429, 429, "rate_limit_exceeded"),
        (500, 502, "upstream_failed"),
        (503, 503, "overloaded"),
        (529, 503, "overloaded"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_http_error_before_the_first_byte(
    client: Client, status: int, answered: int, code: str, *, stream: bool
):
    """What fails before the first event is an HTTP error, streamed or not."""
    script = scripted(http={"status": status, "retry_after": 7})
    answer = client.http.post("/v1/messages", json=message(script, stream=stream))

    error = answer.json()["error"]
    assert answer.status_code == answered
    assert error["code"] == code
    assert error["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["retry-after"] == "7"
    assert error["retry_after"] == 7
    assert error["details"]["upstream_status"] == status


def test_an_http_error_can_pass(client: Client):
    """`times` makes the fault strike so often and then no more."""
    script = {"name": "twice", **scripted(http={"status": 503, "times": 2})}
    statuses = [
        client.http.post("/v1/messages", json=message(script)).status_code
        for _ in range(4)
    ]

    assert statuses == [503, 503, 200, 200]


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ({"error_after": 3}, "overloaded"),
        ({"close_after": 3}, "upstream_failed"),
        ({"bad_json_after": 3}, "upstream_failed"),
    ],
)
def test_a_fault_inside_a_stream(client: Client, faults: dict[str, int], code: str):
    """What fails after the first event is a terminal `error` event, in order."""
    body = message(scripted(**faults), stream=True)
    recording = client.record("POST", "/v1/messages", json=body)

    assert recording.status == 200
    assert len(recording.events) == 4
    assert recording.events[-1]["error"]["code"] == code
    assert breaches("message", recording, body) == []
    assert recording.complete


@pytest.mark.parametrize(
    "faults", [{"close_after": 3}, {"bad_json_after": 3}, {"close_after": 0}]
)
def test_a_broken_answer_is_not_half_an_answer(client: Client, faults: dict[str, int]):
    """Unstreamed, a provider's broken answer is 502."""
    answer = client.http.post("/v1/messages", json=message(scripted(**faults)))

    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "upstream_failed"


def test_a_fault_in_a_run(client: Client):
    """A provider that fails fails the run: an event, a status, and 502 to who waits."""
    body = run(scripted(close_after=3))
    recording = client.stream_run(body)
    blocking = client.http.post("/v1/runs", json=body)
    run_id = recording.events[0]["run_id"]
    kept = client.http.get(f"/v1/runs/{run_id}").json()

    assert recording.types[-1] == "error"
    assert breaches("run", recording, body) == []
    assert kept["run"]["status"] == "failed"
    assert kept["run"]["error"] == recording.events[-1]["error"]
    assert kept["result"] is None
    assert blocking.status_code == 502


def test_a_fault_can_wait_for_a_later_turn(client: Client):
    """`turn` says which of the script's turns the fault belongs to."""
    script = {
        "turns": [
            {"tools": [{"name": "web_search", "input": {"query": "tide"}}]},
            TURN,
        ],
        "faults": {"turn": 1, "error_after": 2},
    }
    body = run(script)
    recording = client.stream_run(body)

    assert len(recording.of("step_complete")) == 1
    assert recording.events[-1]["error"]["code"] == "overloaded"
    assert breaches("run", recording, body) == []


def test_characters_cut_apart_come_together(client: Client):
    """A wire that splits every byte changes nothing."""
    body = message(scripted(split_utf8=True))

    assert client.http.post("/v1/messages", json=body).json()["content"] == [
        {"type": "text", "text": TURN["text"]}
    ]


def test_forgotten_usage_is_estimated(client: Client):
    """A provider that does not say what it cost is counted by the gateway."""
    body = message(scripted(missing_usage=True), stream=True)
    recording = client.record("POST", "/v1/messages", json=body)

    usage = recording.of("message_delta")[0]["usage"]
    assert usage["input_tokens"] > 0
    assert usage["output_tokens"] > 0
    assert breaches("message", recording, body) == []


def test_a_script_that_makes_no_sense_is_named(client: Client):
    """A mistake in a script is 400 and says where it is."""
    script = {"turns": [{"txt": "oops"}]}
    direct = client.http.post("/v1/messages", json=message(script)).json()["error"]
    inside = client.http.post("/v1/runs", json=run(script)).json()["error"]
    unknown = client.http.post("/v1/messages", json=message("nope")).json()["error"]

    assert direct["param"] == "metadata.script.turns[0].txt"
    assert inside["param"] == "request.metadata.script.turns[0].txt"
    assert "'nope'" in unknown["message"]


def test_a_stalled_provider_is_given_up(tmp_path: Path, own_settings: dict[str, str]):
    """A provider that falls silent ends the stream with `stream_idle_timeout`."""
    settings = {**own_settings, "HEADGATE_GATEWAY_UPSTREAM_IDLE": "0.3"}
    body = message(scripted(stall_after=2), stream=True)
    with running_gateway(tmp_path, settings) as gateway:
        client = Client(gateway)
        recording = client.record("POST", "/v1/messages", json=body)
        whole = client.http.post("/v1/messages", json=message(scripted(stall_after=2)))
        client.close()

    assert recording.events[-1]["error"]["code"] == "stream_idle_timeout"
    assert breaches("message", recording, body) == []
    assert whole.status_code == 502


def test_leaving_a_message_frees_its_stream(
    tmp_path: Path, own_settings: dict[str, str]
):
    """A client that leaves a streamed message ends it and the provider's work."""
    slow = {"turns": [{"text": "x" * 500, "chunk": 1, "delay_ms": 50}]}
    with running_gateway(tmp_path, own_settings) as gateway:
        client = Client(gateway)
        body = message(slow, stream=True)
        with client.frames("POST", "/v1/messages", json=body) as frames:
            next(frames)
            during = client.open_streams()
        deadline = time.monotonic() + 5
        while client.open_streams() and time.monotonic() < deadline:
            time.sleep(0.05)
        after = client.open_streams()
        client.close()

    assert (during, after) == (1.0, 0.0)
