"""The run engine: the tool loop, its limits, and what it leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.client import Client, Recording, breaches, run

SEARCH = {"name": "web_search", "input": {"query": "resume"}}
SLOW = {"name": "web_fetch", "input": {"url": "https://slow.invalid/3000"}}


def result_of(recording: Recording) -> dict[str, Any]:
    [event] = recording.of("run_complete")
    return event["result"]


@pytest.mark.parametrize(
    "script",
    ["text", "thinking", "tools", "research", "refusal", "max_tokens", "long"],
)
def test_every_scenario_keeps_the_order_of_runs(client: Client, script: str):
    """Each built-in scenario streams without breaking a rule."""
    body = run(script)
    recording = client.stream_run(body)

    assert breaches("run", recording, body) == []
    assert recording.complete


def test_a_run_asks_calls_and_asks_again(client: Client):
    """`research` is two steps: two parallel tools, then the answer."""
    recording = client.stream_run(run("research"))

    result = result_of(recording)
    assert recording.types[0] == "run_start"
    assert len(recording.of("step_complete")) == 2
    assert [call["name"] for call in result["steps"][0]["tool_calls"]] == [
        "web_search",
        "web_fetch",
    ]
    assert result["stop_reason"] == "end_turn"
    assert result["tool_call_count"] == 2


def test_blocking_and_streamed_runs_come_to_the_same(client: Client):
    """`runs.create` answers what `run_complete` says, ids and times aside."""
    script = {
        "turns": [
            {"text": "Looking.", "tools": [{**SEARCH, "id": "call_1"}]},
            {"text": "Found."},
        ]
    }
    streamed = result_of(client.stream_run(run(script)))
    blocking = client.http.post("/v1/runs", json=run(script)).json()["result"]

    assert without_ids_and_times(blocking) == without_ids_and_times(streamed)


def without_ids_and_times(value: Any) -> Any:
    if isinstance(value, list):
        return [without_ids_and_times(item) for item in value]
    if not isinstance(value, dict):
        return value
    gone = {"duration_ms"} | ({"id"} if value.get("type") == "message" else set())
    return {
        key: without_ids_and_times(item)
        for key, item in value.items()
        if key not in gone
    }


def test_the_result_is_kept(client: Client):
    """`runs.get` gives the result of the terminal event, and a status that agrees."""
    recording = client.stream_run(run("tools"))
    run_id = recording.events[0]["run_id"]

    kept = client.http.get(f"/v1/runs/{run_id}").json()

    assert kept["result"] == result_of(recording)
    assert kept["run"]["status"] == "completed"
    assert kept["run"]["last_sequence_number"] == len(recording.events)


def test_a_background_run_answers_at_once(client: Client):
    """With `background` the answer comes before the run's end; it can be followed."""
    script = {"turns": [{"text": "slowly does it", "chunk": 2, "delay_ms": 30}]}
    answer = client.http.post("/v1/runs", json=run(script, background=True)).json()

    recording = client.follow(answer["run"]["id"])

    assert answer["result"] is None
    assert answer["run"]["status"] in ("queued", "running")
    assert recording.types[-1] == "run_complete"


@pytest.mark.parametrize(
    ("config", "script", "expected"),
    [
        ({"max_turns": 2}, "endless_tools", ("max_turns", 2, 2)),
        ({"max_tool_calls": 1}, "research", ("max_tool_calls", 1, 0)),
        ({"max_tokens": 1}, "endless_tools", ("max_tokens", 1, 1)),
        ({}, "refusal", ("custom", 1, 0)),
        ({}, "max_tokens", ("max_tokens", 1, 0)),
    ],
)
def test_limits_stop_a_run(
    client: Client, config: dict[str, Any], script: str, expected: tuple[str, int, int]
):
    """Each limit ends the run with its own stop reason, turns and calls, in order."""
    body = run(script, run=config)
    recording = client.stream_run(body)

    result = result_of(recording)
    names = ("stop_reason", "turn_count", "tool_call_count")
    assert tuple(result[name] for name in names) == expected
    assert breaches("run", recording, body) == []


def test_a_run_out_of_time_is_no_failure(client: Client):
    """A time-out ends the run with what it has, whole or streamed."""
    body = run({"turns": [{"tools": [SLOW]}]}, run={"timeout_ms": 1000})
    recording = client.stream_run(body)
    blocking = client.http.post("/v1/runs", json=body)

    assert result_of(recording)["stop_reason"] == "timeout"
    assert breaches("run", recording, body) == []
    assert blocking.status_code == 200
    assert blocking.json()["run"]["status"] == "timed_out"


def test_a_tool_out_of_time_is_data(client: Client):
    """A tool's time-out is an error result, and the run goes on."""
    script = {"turns": [{"tools": [SLOW]}, {"text": "Never mind."}]}
    body = run(script, run={"tool_timeout_ms": 1000})
    recording = client.stream_run(body)

    [result] = recording.of("tool_result")
    assert result["is_error"]
    assert result["error"]["code"] == "tool_timeout"
    assert result_of(recording)["stop_reason"] == "end_turn"
    assert breaches("run", recording, body) == []


@pytest.mark.parametrize(
    ("tool", "code"),
    [
        ({"name": "teleport", "input": {}}, "unsupported_server_tool"),
        ({"name": "web_search", "input": {}}, "validation_failed"),
        (
            {"name": "web_fetch", "input": {"url": "https://nowhere.invalid/"}},
            "not_found",
        ),
        (
            {"name": "web_fetch", "input": {"url": "https://broken.invalid/"}},
            "upstream_failed",
        ),
        (
            {"name": "web_fetch", "input": {"url": "http://[broken"}},
            "validation_failed",
        ),
    ],
)
def test_a_failing_tool_is_data(client: Client, tool: dict[str, Any], code: str):
    """Whatever a tool does wrong, the model is told and the run goes on."""
    body = run({"turns": [{"tools": [tool]}, {"text": "Well."}]})
    recording = client.stream_run(body)

    [result] = recording.of("tool_result")
    assert result["error"]["code"] == code
    assert recording.types[-1] == "run_complete"
    assert breaches("run", recording, body) == []


def test_tools_take_turns_when_asked_to(client: Client):
    """Without `parallel_tools` each call is answered before the next begins."""
    body = run("research", run={"parallel_tools": False})
    recording = client.stream_run(body)

    calls = [kind for kind in recording.types if kind.startswith("tool_")]
    assert calls == ["tool_call_start", "tool_result"] * 2
    assert breaches("run", recording, body) == []


def test_results_come_as_they_are_ready(client: Client):
    """A slow tool does not hold up a fast one; the history keeps the asked order."""
    slow = {"name": "web_fetch", "input": {"url": "https://slow.invalid/400"}}
    body = run({"turns": [{"tools": [slow, SEARCH]}, {"text": "Both."}]})
    recording = client.stream_run(body)

    names = [result["name"] for result in recording.of("tool_result")]
    asked = [call["id"] for call in recording.of("tool_call_start")]
    answered = recording.of("history_delta")[0]["append"][1]["content"]
    assert names == ["web_search", "web_fetch"]
    assert [block["tool_use_id"] for block in answered] == asked
    assert breaches("run", recording, body) == []


def test_tools_keep_to_their_configuration(client: Client):
    """Blocked domains are not read, and uses are counted."""
    fetch = {
        "name": "web_fetch",
        "input": {"url": "https://docs.example.org/sse/resume"},
    }
    body = run(
        {"turns": [{"tools": [fetch, SEARCH, SEARCH]}, {"text": "Hm."}]},
        server_tool_config={
            "web_fetch": {"blocked_domains": ["example.org"]},
            "web_search": {"max_uses": 1, "max_results": 1},
        },
        run={"parallel_tools": False},
    )
    recording = client.stream_run(body)

    codes = [
        (event["error"] or {}).get("code") for event in recording.of("tool_result")
    ]
    assert codes == ["validation_failed", None, "rate_limit_exceeded"]


def test_a_run_without_server_tools_has_none(client: Client):
    """A tool that the request did not ask for is not called."""
    body = {"request": run("tools")["request"]}
    recording = client.stream_run(body)

    [result] = recording.of("tool_result")
    assert result["error"]["code"] == "unsupported_server_tool"


def test_runs_are_listed_newest_first_and_by_session(client: Client):
    """A list shows the runs of a session, page by page."""
    ids = [
        client.http.post("/v1/runs", json=run("text", session_id="s-17")).json()["run"][
            "id"
        ]
        for _ in range(3)
    ]

    query = {"session_id": "s-17", "limit": 2}
    first = client.http.get("/v1/runs", params=query).json()
    second = client.http.get(
        "/v1/runs", params={**query, "after": first["last_id"]}
    ).json()

    assert [item["id"] for item in first["data"]] == ids[:0:-1]
    assert first["has_more"]
    assert [item["id"] for item in second["data"]] == ids[:1]
    assert not second["has_more"]
