"""The audit log: who asked what, in which session, and what came of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from headgate.contract import Frame, SseDecoder
from tests.gateway.client import Client, Recording, breaches, message, run, until
from tests.gateway.proxy_bench import running_bench
from tests.gateway_process import running_gateway

PERSONAL = "Write to ada@example.com or +49 170 555 01 99, card 4111 1111 1111 1111."


def entries(client: Client, count: int, **where: str) -> list[dict[str, Any]]:
    """The entries of a list, oldest first, as soon as there are so many."""
    params = {"order": "asc", "limit": 100, **where}
    return until(
        lambda: client.admin.get("/v1/admin/audit-logs", params=params).json()["data"],
        lambda found: len(found) >= count,
    )


@pytest.fixture
def project(client: Client) -> str:
    return client.new_project(f"project {uuid4()}")


def test_an_entry_says_who_and_what(client: Client, project: str):
    """Model, tokens and outcome, with the headers that name the caller."""
    key = client.new_key(project)
    headers = {
        "X-Agent-Name": "support-bot",
        "X-User-ID": "ada",
        "X-Tenant-ID": "acme",
        "X-Session-ID": "s1",
        "X-Span-ID": "b",
        "X-Parent-Span-ID": "a",
        "X-Properties": '{"plan": "pro"}',
    }
    caller = client.with_key(key["secret"])
    answer = caller.http.post("/v1/messages", json=message("tools"), headers=headers)
    [entry] = entries(client, 1, project_id=project)
    usage = answer.json()["usage"]

    assert entry["request_id"] == answer.headers["x-request-id"]
    assert (entry["project_id"], entry["key_id"]) == (project, key["id"])
    assert (entry["operation"], entry["status"]) == ("messages.create", 200)
    assert (entry["model"], entry["provider"]) == ("mock/script", "mock")
    assert entry["input_tokens"] == usage["input_tokens"]
    assert entry["output_tokens"] == usage["output_tokens"]
    assert entry["finish_reason"] == "tool_use"
    assert entry["tool_calls"]
    assert [entry[name] for name in ("agent_name", "user_id", "tenant_id")] == [
        "support-bot",
        "ada",
        "acme",
    ]
    assert (entry["span_id"], entry["parent_span_id"]) == ("b", "a")
    assert answer.headers["x-span-id"] == "b"
    assert entry["properties"] == {"plan": "pro"}
    assert entry["policy_result"] == "allow"


def test_failures_streams_and_calls_have_entries(client: Client, project: str):
    """Also what was refused, and what left as events."""
    caller = client.with_key(client.new_key(project)["secret"])
    caller.record("POST", "/v1/messages", json=message("text", stream=True))
    body = {"model": "mock/echo", "messages": message()["messages"], "stream": True}
    caller.http.post("/v1/chat/completions", json=body)
    caller.http.post("/v1/messages", json={"model": "none"})
    caller.http.post("/v1/runs", json=run("text"))
    caller.http.get("/v1/proxy/services/none/x")
    found = entries(client, 5, project_id=project)

    assert [
        (entry["operation"], entry["status"], entry["error_code"]) for entry in found
    ] == [
        ("messages.create", 200, None),
        ("chat.completions.create", 200, None),
        ("messages.create", 400, "validation_failed"),
        ("runs.create", 200, None),
        ("proxy.services.get", 404, "service_not_found"),
    ]
    assert [entry["is_streaming"] for entry in found] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert all(entry["output_tokens"] > 0 for entry in (found[0], found[1], found[3]))


def test_the_agent_falls_back_to_the_user_agent(client: Client, project: str):
    """And the span above to that of the trace context; its own is a new one."""
    caller = client.with_key(client.new_key(project)["secret"])
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    headers = {"User-Agent": "agent/1", "traceparent": trace, "X-Properties": "no"}
    answer = caller.http.get("/v1/models", headers=headers)
    [entry] = entries(client, 1, project_id=project)

    assert entry["agent_name"] == "agent/1"
    assert entry["parent_span_id"] == "b" * 16
    assert entry["span_id"] == answer.headers["x-span-id"]
    assert re.fullmatch("[0-9a-f]{16}", entry["span_id"])
    assert entry["properties"] == {}


def test_the_log_is_followed(client: Client, project: str):
    """Each new entry comes once and in order, to the end that was asked for."""
    caller = client.with_key(client.new_key(project)["secret"])
    url = "/v1/admin/audit-logs:stream"
    decoder, frames = SseDecoder(), list[Frame]()
    with client.admin.stream("GET", url, params={"project_id": project}) as answer:
        for chunk in answer.iter_bytes():
            frames += decoder.feed(chunk)
            entries_so_far = [f for f in frames if f.type == "audit_log.created"]
            # A ping comes when all is quiet, and then something happens.
            if frames[-1].type in ("audit_log.opened", "ping"):
                caller.http.get("/v1/models")
            if len(entries_so_far) > 1:
                break
    first, second = [json.loads(frame.data)["entry"] for frame in entries_so_far[:2]]
    rest = followed(client, after=first["id"], follow="false", project_id=project)
    short = followed(client, max_wait_s="1")
    listed = entries(client, 2, project_id=project)

    assert (first["id"], second["id"]) == (listed[0]["id"], listed[1]["id"])
    assert first == listed[0]
    assert breaches("audit", rest) == breaches("audit", short) == []
    behind = [event["entry"]["id"] for event in rest.of("audit_log.created")]
    assert behind == [entry["id"] for entry in listed[1 : len(behind) + 1]]
    assert rest.events[-1]["reason"] == "caught_up"
    assert rest.events[-1]["last_id"] >= second["id"]
    assert short.events[-1]["reason"] == "time_over"


def followed(client: Client, **params: str) -> Recording:
    """The log's stream to its end."""
    answer = client.admin.get("/v1/admin/audit-logs:stream", params=params)
    frames = SseDecoder().feed(answer.content)
    return Recording(answer.status_code, answer.headers, frames, complete=True)


def test_sessions_and_spans_are_found_again(client: Client, project: str):
    """A session's entries in order, the spans under one, and what they add up to."""
    caller = client.with_key(client.new_key(project)["secret"])
    session = str(uuid4())
    for number in range(3):
        headers = {
            "X-Session-ID": session,
            "X-Agent-Name": f"agent-{number}",
            "X-Parent-Span-ID": "root" if number else "none",
        }
        caller.http.post("/v1/messages", json=message(), headers=headers)
    caller.http.post("/v1/messages", json={}, headers={"X-Session-ID": session})
    caller.http.post("/v1/messages", json=message(), headers={"X-Session-ID": "other"})
    found = entries(client, 4, session_id=session)
    under = entries(client, 2, session_id=session, parent_span_id="root")
    [mine] = client.admin.get(
        "/v1/admin/sessions", params={"session_id": session}
    ).json()["data"]

    assert [entry["agent_name"] for entry in found][:3] == [
        "agent-0",
        "agent-1",
        "agent-2",
    ]
    assert [entry["agent_name"] for entry in under] == ["agent-1", "agent-2"]
    assert (mine["request_count"], mine["error_count"]) == (4, 1)
    assert mine["input_tokens"] == sum(entry["input_tokens"] for entry in found)
    assert client.admin.get(f"/v1/admin/sessions/{mine['id']}").json() == mine


def test_entries_are_filtered(client: Client, project: str):
    """By key, model, status, agent and request."""
    keys = [client.new_key(project) for _ in range(2)]
    for key in keys:
        caller = client.with_key(key["secret"])
        caller.http.post("/v1/messages", json=message())
        caller.http.post("/v1/messages", json={})
    everything = entries(client, 4, project_id=project)
    first = everything[0]
    filters = [
        ({"key_id": keys[0]["id"]}, 2),
        ({"model": "mock/echo"}, 2),
        ({"status": "400"}, 2),
        ({"request_id": first["request_id"]}, 1),
        ({"created_after": "2999-01-01T00:00:00Z"}, 0),
        ({"created_before": "2999-01-01T00:00:00Z"}, 4),
    ]

    for where, count in filters:
        params = {"project_id": project, **where}
        page = client.admin.get("/v1/admin/audit-logs", params=params).json()
        assert len(page["data"]) == count, where


@pytest.mark.parametrize("level", ["metadata", "redacted", "full"])
def test_bodies_are_kept_as_the_key_says(client: Client, project: str, level: str):
    """None, without personal data, or as they were; lists never show them."""
    caller = client.with_key(client.new_key(project, log_level=level)["secret"])
    body = {**message(), "messages": [{"role": "user", "content": PERSONAL}]}
    caller.http.post("/v1/messages", json=body)
    [entry] = entries(client, 1, project_id=project)
    whole = client.admin.get(f"/v1/admin/audit-logs/{entry['id']}").json()
    asked, answered = whole["request_body"], whole["response_body"]

    assert "request_body" not in entry
    if level == "metadata":
        assert (asked, answered) == (None, None)
    elif level == "full":
        assert json.loads(asked) == body
        assert PERSONAL in answered
    else:
        assert "Write to [email] or [phone], card [credit_card]." in asked
        assert "ada@example.com" not in answered
        assert set(entry["fields_redacted"]) == {"email", "phone", "credit_card"}


def test_a_conversation_is_read_again(client: Client, project: str):
    """The bodies of a session, in order, are what was said."""
    caller = client.with_key(client.new_key(project, log_level="full")["secret"])
    session = str(uuid4())
    said = ["One.", "Two.", "Three."]
    for text in said:
        body = {**message(), "messages": [{"role": "user", "content": text}]}
        caller.http.post("/v1/messages", json=body, headers={"X-Session-ID": session})
    found = entries(client, 3, session_id=session)
    bodies = [
        client.admin.get(f"/v1/admin/audit-logs/{entry['id']}").json()
        for entry in found
    ]

    asked = [json.loads(whole["request_body"]) for whole in bodies]
    answered = [json.loads(whole["response_body"]) for whole in bodies]
    assert [body["messages"][0]["content"] for body in asked] == said
    assert [body["content"][0]["text"] for body in answered] == said


def test_proxied_bodies_are_kept_too(tmp_path: Path, own_settings: dict[str, str]):
    """With the service that was called, and no credential among them."""
    folder = tmp_path / "gateway"
    folder.mkdir()
    with running_bench(folder, own_settings) as bench:
        project = bench.project()
        bench.service(project, credential_id=bench.credential(project))
        bench.upstream.answers(200, b"the answer")
        caller = bench.caller(project, log_level="full")
        caller.http.post("/v1/proxy/services/echo/x?a=1", content=b"the question")
        [entry] = entries(bench.client, 1, project_id=project)
        url = f"/v1/admin/audit-logs/{entry['id']}"
        whole = bench.client.admin.get(url).json()

    assert (entry["upstream"], entry["path"]) == (
        "echo",
        "/v1/proxy/services/echo/x",
    )
    assert whole["request_body"] == "the question"
    assert whole["response_body"] == "the answer"
    assert "sk-canary" not in str(whole)


def test_no_entry_is_lost_when_the_gateway_stops(
    tmp_path: Path, own_settings: dict[str, str]
):
    """What was answered is written before the process ends."""
    folder = tmp_path / "gateway"
    folder.mkdir()
    with running_gateway(folder, own_settings) as gateway:
        client = Client(gateway)
        for _ in range(20):
            client.http.get("/v1/models", headers={"X-Session-ID": "last"})
        client.close()
    with running_gateway(folder, own_settings) as gateway:
        again = Client(gateway)
        params = {"session_id": "last", "limit": 100}
        page = again.admin.get("/v1/admin/audit-logs", params=params).json()
        again.close()

    assert len(page["data"]) == 20
