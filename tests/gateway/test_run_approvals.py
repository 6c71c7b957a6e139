"""A run waits where a policy wants a person to agree to a tool call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from headgate.contract import Frame
from tests.gateway.client import Client, Recording, breaches, run
from tests.gateway.conftest import store_settings
from tests.gateway.test_approvals import decide
from tests.gateway.test_audit import until
from tests.gateway_process import ADMIN_KEY, API_KEY, Gateway, running_gateway
from tests.mortal_gateway import MortalGateway

FETCH = {"name": "web_fetch", "input": {"url": "https://slow.invalid/1"}}
SEARCH = {"name": "web_search", "input": {"query": "tide"}}
SCRIPT = {"turns": [{"tools": [FETCH, SEARCH]}, {"text": "Done."}]}


def tool_policy(client: Client, project: str, action: dict[str, Any]) -> None:
    """What is done about every call of `web_fetch`."""
    fetching: dict[str, Any] = {
        "type": "compare",
        "field": "tool.name",
        "op": "eq",
        "value": "web_fetch",
    }
    body = {
        "name": f"policy {uuid4()}",
        "project_id": project,
        "mode": "enforce",
        "phase": "tool",
        "rules": [{"when": fetching, "then": [action]}],
    }
    answer = client.admin.post("/v1/admin/policies", json=body)
    assert answer.status_code == 201, answer.text


def the_approval(client: Client, project: str) -> dict[str, Any]:
    """The one tool call of a project that a person is asked about."""
    params = {"project_id": project, "kind": "run_tool"}
    [approval] = until(
        lambda: client.admin.get("/v1/admin/approvals", params=params).json()["data"],
        bool,
    )
    return approval


def status_of(caller: Client, run_id: str) -> str:
    return caller.http.get(f"/v1/runs/{run_id}").json()["run"]["status"]


@dataclass
class Bench:
    """A project in which `web_fetch` wants a person to agree."""

    client: Client
    project: str
    caller: Client

    def fetched(self, recording: Recording) -> dict[str, Any]:
        """The result of the call that somebody was asked about."""
        [result] = [
            event
            for event in recording.of("tool_result")
            if event["name"] == "web_fetch"
        ]
        return result


@pytest.fixture(scope="module")
def waiting_client(
    store: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("run_approvals")
    settings = {**store_settings(store), "HEADGATE_GATEWAY_PING_INTERVAL": "0.1"}
    with running_gateway(folder, settings) as gateway:
        client = Client(gateway)
        yield client
        client.close()


def bench_of(client: Client, **action: object) -> Bench:
    project = client.new_project(f"project {uuid4()}")
    tool_policy(client, project, {"type": "require_approval", **action})
    caller = client.with_key(client.new_key(project)["secret"])
    return Bench(client, project, caller)


@pytest.mark.parametrize("parallel", [True, False])
def test_an_approved_call_is_made_once(waiting_client: Client, *, parallel: bool):
    """The run waits with pings and longer than its time, then goes on as usual."""
    bench = bench_of(waiting_client)
    body = run(SCRIPT, run={"parallel_tools": parallel, "timeout_ms": 1000})
    frames: list[Frame] = []
    run_id, during, approval, shown = "", "", {}, {}
    with bench.caller.frames("POST", "/v1/runs:stream", json=body) as stream:
        waited = 0
        for frame in stream:
            frames.append(frame)
            waited += frame.type == "ping"
            # Twelve pings are longer than the run's whole time.
            if frame.type == "ping" and waited == 12:
                approval = the_approval(bench.client, bench.project)
                run_id = approval["tool"]["run_id"]
                during = status_of(bench.caller, run_id)
                shown = bench.caller.http.get(f"/v1/approvals/{approval['id']}").json()
                decide(bench.client, approval["id"], "approved", reason="Fine.")
        recording = Recording(200, bench.caller.http.headers, frames, complete=True)
    after = status_of(bench.caller, run_id)
    [asked] = recording.of("approval_requested")
    [decided] = recording.of("approval_decided")

    assert breaches("run", recording, body) == []
    assert (during, after) == ("waiting_for_approval", "completed")
    assert shown == approval
    assert approval["kind"] == "run_tool"
    assert approval["tool"] == {
        "run_id": run_id,
        "step_index": 0,
        "id": asked["id"],
        "name": "web_fetch",
        "input": FETCH["input"],
    }
    assert asked["approval_id"] == decided["approval_id"] == approval["id"]
    assert (decided["decision"], decided["reason"]) == ("approved", "Fine.")
    assert not bench.fetched(recording)["is_error"]
    assert recording.events[-1]["result"]["stop_reason"] == "end_turn"


@pytest.mark.parametrize(
    ("decision", "code"),
    [("rejected", "approval_rejected"), ("expired", "approval_timeout")],
)
def test_a_call_that_is_not_approved_fails(
    waiting_client: Client, decision: str, code: str
):
    """With the reason; the tool is not called and the run goes on."""
    timeout = {"timeout_s": 1} if decision == "expired" else {}
    bench = bench_of(waiting_client, **timeout)
    with ThreadPoolExecutor() as pool:
        streaming = pool.submit(bench.caller.stream_run, run(SCRIPT))
        approval = the_approval(bench.client, bench.project)
        if decision == "rejected":
            decide(bench.client, approval["id"], "rejected", reason="Not that page.")
        recording = streaming.result()
    result = bench.fetched(recording)

    assert breaches("run", recording) == []
    assert recording.of("approval_decided")[0]["decision"] == decision
    assert (result["is_error"], result["error"]["code"]) == (True, code)
    assert result["error"]["details"]["approval_id"] == approval["id"]
    if decision == "rejected":
        assert result["content"] == [{"type": "text", "text": "Not that page."}]
    assert recording.events[-1]["result"]["stop_reason"] == "end_turn"


def test_a_cancelled_run_withdraws_what_it_asked(waiting_client: Client):
    """Nobody can decide any more, and the stream says so before its end."""
    bench = bench_of(waiting_client)
    with ThreadPoolExecutor() as pool:
        streaming = pool.submit(bench.caller.stream_run, run(SCRIPT))
        approval = the_approval(bench.client, bench.project)
        run_id = approval["tool"]["run_id"]
        bench.caller.http.post(f"/v1/runs/{run_id}/cancel", json={})
        recording = streaming.result()
    late = decide(bench.client, approval["id"], "approved")

    assert breaches("run", recording) == []
    assert recording.types[-2:] == ["approval_decided", "run_complete"]
    assert recording.of("approval_decided")[0]["decision"] == "cancelled"
    assert recording.events[-1]["result"]["stop_reason"] == "cancelled"
    assert the_approval(bench.client, bench.project)["status"] == "cancelled"
    assert late.json()["error"]["code"] == "already_decided"


def test_a_policy_may_refuse_a_call_itself(waiting_client: Client):
    """Then nobody is asked; the call fails with the policy's name."""
    project = waiting_client.new_project(f"project {uuid4()}")
    tool_policy(waiting_client, project, {"type": "deny", "message": "No fetching."})
    caller = waiting_client.with_key(waiting_client.new_key(project)["secret"])
    recording = caller.stream_run(run(SCRIPT))
    results = {event["name"]: event["error"] for event in recording.of("tool_result")}

    assert breaches("run", recording) == []
    assert results["web_search"] is None
    assert results["web_fetch"]["code"] == "policy_denied"
    assert results["web_fetch"]["message"] == "No fetching."
    assert recording.events[-1]["result"]["stop_reason"] == "end_turn"


def test_a_waiting_run_outlives_its_gateway(tmp_path: Path):
    """Killed while it waits: the next gateway waits on, and makes the call once."""
    gateway = MortalGateway(tmp_path)
    gateway.start()
    client = Client(Gateway(gateway.url, API_KEY, ADMIN_KEY))
    bench = bench_of(client)
    body = run(SCRIPT, background=True, run={"timeout_ms": 1000})
    run_id = bench.caller.http.post("/v1/runs", json=body).json()["run"]["id"]
    approval = the_approval(client, bench.project)
    before = until(
        lambda: bench.caller.record(
            "GET", f"/v1/runs/{run_id}/events", params={"follow": False}
        ),
        lambda seen: (
            "approval_requested" in seen.types and len(seen.of("tool_result")) == 1
        ),
    )
    gateway.kill()
    gateway.start()
    last = before.events[-1]["sequence_number"]
    with ThreadPoolExecutor() as pool:
        following = pool.submit(bench.caller.follow, run_id, after=last)
        decide(client, approval["id"], "approved")
        after = following.result()
    whole = [json.loads(frame.data) for frame in before.frames + after.frames]
    recording = Recording(
        200, after.headers, before.frames + after.frames, complete=True
    )
    client.close()
    gateway.stop()

    assert breaches("run", recording) == []
    assert [event["type"] for event in whole].count("approval_requested") == 1
    assert [event["type"] for event in whole].count("approval_decided") == 1
    assert not bench.fetched(recording)["is_error"]
    assert whole[-1]["result"]["stop_reason"] == "end_turn"
