"""Policies: what they refuse, change and note, on every kind of request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headgate.contract import SseDecoder
from headgate.contract.folding import fold_events
from tests.gateway.client import STREAMS, Recording, breaches, message, run
from tests.gateway.policy_bench import (
    ALWAYS,
    CHAT,
    DENY,
    SERVICE,
    PolicyBench,
    compare,
)
from tests.gateway.test_audit import entries


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/messages", message()),
        ("POST", "/v1/messages", message(stream=True)),
        ("POST", "/v1/chat/completions", CHAT),
        ("POST", "/v1/runs", run("text")),
        ("POST", "/v1/runs:stream", run("text")),
        ("POST", SERVICE, {"a": 1}),
        ("GET", SERVICE, None),
    ],
)
def test_a_refusal_is_typed(governed: PolicyBench, method: str, path: str, body: Any):
    """Every kind of request is refused alike, and nothing is called or kept."""
    policy = governed.policy(DENY)
    answer = governed.caller.http.request(method, path, json=body)
    error = answer.json()["error"]
    [entry] = entries(governed.proxy.client, 1, project_id=governed.project)

    assert answer.status_code == 403
    assert (error["type"], error["code"]) == ("permission_error", "policy_denied")
    assert error["details"] == {
        "policy_id": policy["id"],
        "policy_name": policy["name"],
        "reason": "Not here.",
        "rule_index": 0,
    }
    assert governed.proxy.upstream.asked == []
    assert governed.caller.http.get("/v1/runs").json()["data"] == []
    assert (entry["policy_result"], entry["policy_id"]) == ("deny", policy["id"])


@pytest.mark.parametrize("tools", ["rm", [5, "ls", {}], {"name": "rm"}, None])
def test_any_body_of_a_proxied_call_has_tools_or_none(
    governed: PolicyBench, tools: Any
):
    """What is no list of tools offers none."""
    governed.policy({"type": "tool_scope", "blocked_tools": ["rm"]})

    assert governed.caller.http.post(SERVICE, json={"tools": tools}).status_code == 200


def test_a_rule_may_choose_its_status(governed: PolicyBench):
    """The code stays the same."""
    governed.policy({**DENY, "status": 451})
    answer = governed.says()

    assert answer.status_code == 451
    assert answer.json()["error"]["code"] == "policy_denied"


def test_allow_ends_a_policy(governed: PolicyBench):
    """The rules behind it are not asked; those of other policies are."""
    rules = [
        {
            "when": compare("request.body.max_tokens", "lte", 10),
            "then": [{"type": "allow"}],
        },
        {"when": ALWAYS, "then": [DENY]},
    ]
    governed.policy(rules=rules)

    assert governed.says(max_tokens=5).status_code == 200
    assert governed.says(max_tokens=50).status_code == 403


def test_requests_are_counted(governed: PolicyBench):
    """Beyond the limit 429 with when to come back; other subjects go on."""
    limit = {
        "type": "rate_limit",
        "max_requests": 2,
        "window_s": 86_400,
        "per": "key",
    }
    policy = governed.policy(limit)
    statuses = [governed.says().status_code for _ in range(3)]
    refused = governed.says()
    error = refused.json()["error"]

    assert statuses == [200, 200, 429]
    assert error["code"] == "rate_limit_exceeded"
    assert error["details"]["limit"] == 2
    assert error["details"]["window"] == "86400s"
    assert error["details"]["policy_name"] == policy["name"]
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    other = governed.proxy.caller(governed.project)
    assert other.http.post("/v1/messages", json=message()).status_code == 200


def test_personal_data_is_taken_out(governed: PolicyBench):
    """Before the model sees it; or the request is refused."""
    governed.policy({"type": "redact", "patterns": ["email"], "direction": "request"})
    answer = governed.says("Mail ada@example.com, key sk-abcdefghijklmnop1234")
    governed.policy({"type": "redact", "patterns": ["api_key"], "on_match": "block"})
    blocked = governed.says("My key is sk-abcdefghijklmnop1234")
    error = blocked.json()["error"]

    text = answer.json()["content"][0]["text"]
    assert text == "Mail [email], key sk-abcdefghijklmnop1234"
    assert blocked.status_code == 403
    assert error["code"] == "content_blocked"
    assert error["details"]["matched_patterns"] == ["api_key"]


def test_a_request_is_changed_on_its_way(governed: PolicyBench):
    """Fields and texts of a body, headers of a proxied call, and the model."""
    governed.policy(
        {
            "type": "transform",
            "replace": {"pattern": r"colou?r", "replacement": "hue"},
            "set_headers": {"X-Added": "yes", "Cookie": "never"},
            "remove_headers": ["Accept-Language"],
        },
        {"type": "tag", "tags": {"team": "blue"}},
        {"type": "log", "message": "seen"},
    )
    governed.policy(
        {"type": "override", "set_body_fields": {"max_tokens": 3}},
        {"type": "dynamic_route", "models": ["mock/echo"]},
        scope={"operations": ["messages.create"]},
    )
    headers = {"Accept-Language": "de"}
    governed.caller.http.post(SERVICE, json={"a": "color"}, headers=headers)
    [asked] = governed.proxy.upstream.asked
    body = {"model": "no/such-model", "messages": message()["messages"]}
    answer = governed.caller.http.post("/v1/messages", json=body)
    found = entries(governed.proxy.client, 2, project_id=governed.project)

    assert json.loads(asked.body) == {"a": "hue"}
    assert asked.headers["x-added"] == "yes"
    assert asked.headers["content-length"] == str(len(asked.body))
    assert not {"cookie", "accept-language"} & asked.headers.keys()
    assert answer.json()["model"] == "mock/echo"
    assert answer.json()["stop_reason"] == "max_tokens"
    assert [entry["tags"] for entry in found] == [{"team": "blue"}] * 2


def test_tools_may_be_kept_from_models(governed: PolicyBench):
    """In messages, chats and runs; what is not named stays usable."""
    governed.policy({"type": "tool_scope", "blocked_tools": ["rm", "web_fetch"]})
    tool = {"type": "function", "name": "rm", "input_schema": {}}
    chat_tool = {"type": "function", "function": {"name": "rm", "parameters": {}}}
    refused = [
        governed.says(tools=[tool]),
        governed.caller.http.post(
            "/v1/chat/completions", json=CHAT | {"tools": [chat_tool]}
        ),
        governed.caller.http.post("/v1/runs", json=run("text")),
    ]

    assert [answer.status_code for answer in refused] == [403] * 3
    assert governed.says(tools=[{**tool, "name": "ls"}]).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tools": 5}, 200),
        ({"tools": {"name": "rm"}}, 200),
        ({"tools": [{"x": 1}, None, 5, ["rm"], {"name": 5, "function": "rm"}]}, 200),
        ({"server_tools": [{"a": 1}]}, 200),
        ({"tools": ["a", "b"], "server_tools": "rm"}, 200),
        ({"tools": ["a", "rm"]}, 403),
        ({"tools": [{"name": "a", "function": {"name": "rm"}}]}, 403),
        ({"tools": [{"type": "rm"}]}, 403),
        ({"server_tools": [{"name": "rm"}]}, 403),
    ],
)
def test_what_has_the_form_of_a_tool_is_one(
    governed: PolicyBench, body: dict[str, Any], status: int
):
    """Proxied calls have bodies of any form, and none of them is a failure."""
    governed.policy({"type": "tool_scope", "blocked_tools": ["rm"]})

    assert governed.caller.http.post(SERVICE, json=body).status_code == status


def test_answers_are_judged(governed: PolicyBench):
    """Redacted, held against a schema, refused; a run cannot be streamed that way."""
    governed.policy({"type": "redact", "patterns": ["email"]}, phase="post")
    whole = governed.says("ada@example.com")
    streamed = governed.caller.http.post("/v1/runs:stream", json=run("text"))
    proxied = governed.caller.http.get(SERVICE)
    schema = {"type": "object", "required": ["total"]}
    governed.policy(
        {"type": "validate_schema", "schema": schema},
        phase="post",
        scope={"paths": ["/v1/proxy/*"]},
    )
    invalid = governed.caller.http.get(SERVICE)

    assert whole.json()["content"][0]["text"] == "[email]"
    assert streamed.status_code == 403
    assert proxied.json() == {"mail": "[email]"}
    assert invalid.status_code == 502
    assert invalid.json()["error"]["code"] == "output_validation_failed"


TOLD = {
    "turns": [
        {
            "thinking": "Ada is ada@example.com.",
            "text": "Write to ada@example.com.",
            "tools": [{"name": "mail", "input": {"to": "ada@example.com"}}],
        }
    ]
}


def test_a_stream_is_redacted_block_by_block(governed: PolicyBench):
    """Nothing of what is taken out goes out, and the stream keeps all its rules."""
    governed.policy({"type": "redact", "patterns": ["email"]}, phase="post")
    streamed = governed.caller.record(
        "POST", "/v1/messages", json=message(TOLD, stream=True)
    )
    answer = fold_events(STREAMS["message"].declaration, streamed.events)
    thought, text, call = answer["content"]

    assert breaches("message", streamed) == []
    assert thought["thinking"] == "Ada is [email]."
    assert text["text"] == "Write to [email]."
    assert call["input"] == {"to": "[email]"}
    assert not any("example.com" in frame.data for frame in streamed.frames)


@pytest.mark.parametrize("chat", [False, True])
def test_a_refused_block_ends_the_stream(governed: PolicyBench, *, chat: bool):
    """What came before it was sent; it is not, and a typed error is the end."""
    field = "choices.0.message.content" if chat else "content.*.text"
    refused = compare(f"response.body.{field}", "contains", "ada@example.com")
    governed.policy(DENY, when=refused, phase="post")
    path = "/v1/chat/completions" if chat else "/v1/messages"
    body = message(TOLD, stream=True)
    decoder = SseDecoder()
    frames = decoder.feed(governed.caller.http.post(path, json=body).content)
    entry = entries(governed.proxy.client, 1, project_id=governed.project)[0]
    error = json.loads(frames[-1].data)["error"]

    assert (error["code"], error["message"]) == ("policy_denied", "Not here.")
    assert "Ada is" in "".join(frame.data for frame in frames)
    assert not any("Write to" in frame.data for frame in frames)
    if not chat:
        recorded = Recording(200, governed.caller.http.headers, frames, complete=True)
        assert breaches("message", recorded) == []
    assert entry["policy_result"] == "deny"


def test_a_whole_stream_is_held_against_a_schema(governed: PolicyBench):
    """At its end, when the answer is whole; the end is an error then."""
    schema = {"type": "object", "required": ["total"]}
    action = {"type": "validate_schema", "schema": schema}
    governed.policy(action, phase="post")
    streamed = governed.caller.record(
        "POST", "/v1/messages", json=message("text", stream=True)
    )

    assert breaches("message", streamed) == []
    assert streamed.events[-1]["error"]["code"] == "output_validation_failed"


@pytest.mark.parametrize(
    ("field", "limit"),
    [
        ("requests_today", 1),
        ("requests_this_hour", 1),
        ("spend_today_usd", 0.0),
        ("spend_month_usd", 0.0),
    ],
)
def test_conditions_know_what_was_used(governed: PolicyBench, field: str, limit: float):
    """Answers and dollars of the key until now; another key has its own."""
    operator = "gte" if field.startswith("requests") else "gt"
    governed.policy(DENY, when=compare(f"usage.{field}", operator, limit))
    first, second = governed.says(), governed.says()
    other = governed.proxy.caller(governed.project)

    # The echo costs nothing, so only answers add up.
    expected = 403 if field.startswith("requests") else 200
    assert (first.status_code, second.status_code) == (200, expected)
    assert other.http.post("/v1/messages", json=message()).status_code == 200


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        (compare("request.operation", "eq", "messages.create"), True),
        (compare("request.method", "neq", "POST"), False),
        (compare("request.path", "glob", "/v1/*"), True),
        (compare("request.body.max_tokens", "gt", 99), True),
        (compare("request.body.max_tokens", "lt", "z"), False),
        (compare("request.body.model", "in", ["mock/echo", "x"]), True),
        (compare("request.body.messages.*.content", "contains", "lo w"), True),
        (compare("request.body.messages.0.role", "starts_with", "us"), True),
        (compare("request.body.messages.1.role", "exists", value=False), True),
        (compare("request.headers.x-team", "ends_with", "ue"), True),
        (compare("request.query.a", "exists", value=True), False),
        (compare("request.body_size", "gte", 10), True),
        (compare("agent.name", "eq", "bot"), True),
        (compare("context.hour", "lte", 23), True),
        (
            {
                "type": "match",
                "field": "request.body.messages.*.content",
                "pattern": "w.rld$",
            },
            True,
        ),
        ({"type": "not", "condition": ALWAYS}, False),
        ({"type": "all", "conditions": []}, True),
        ({"type": "any", "conditions": []}, False),
        (
            {
                "type": "all",
                "conditions": [ALWAYS, {"type": "any", "conditions": [ALWAYS]}],
            },
            True,
        ),
    ],
)
def test_conditions(governed: PolicyBench, when: dict[str, Any], *, holds: bool):
    """Each operator, on each kind of field; an evaluation says the same."""
    policy = governed.policy(DENY, when=when)
    body = {**message(max_tokens=100)}
    body["messages"] = [{"role": "user", "content": "hello world"}]
    headers = {"X-Team": "blue", "X-Agent-Name": "bot"}
    answer = governed.caller.http.post("/v1/messages", json=body, headers=headers)
    sample = {
        "operation": "messages.create",
        "method": "POST",
        "path": "/v1/messages",
        "headers": headers,
        "body": body,
    }
    asked = {"project_id": governed.project, "request": sample}
    tried = governed.proxy.client.admin.post("/v1/admin/policies:evaluate", json=asked)
    decision = tried.json()

    assert (answer.status_code == 403) is holds
    if when.get("field") != "request.body_size":
        assert decision["decision"] == ("deny" if holds else "allow")
        matched = [match["policy_id"] for match in decision["matches"]]
        assert matched == ([policy["id"]] if holds else [])


def test_a_scope_narrows(governed: PolicyBench):
    """To keys, operations and paths; other projects are never touched."""
    other = governed.proxy.client.new_key(governed.project)
    governed.policy(DENY, scope={"key_ids": [other["id"]]})
    stranger = governed.proxy.caller(governed.proxy.project())
    theirs = governed.proxy.client.with_key(other["secret"])

    assert governed.says().status_code == 200
    assert theirs.http.post("/v1/messages", json=message()).status_code == 403
    assert stranger.http.post("/v1/messages", json=message()).status_code == 200


def test_parameters_of_a_path_lead_past_no_scope(governed: PolicyBench):
    """What an upstream may take for the same path is in the same policies."""
    governed.policy(DENY, scope={"paths": ["/v1/proxy/services/echo/admin/*"]})
    paths = ("admin/x", "admin;a=1/x", "%61dmin/x;b", "other/x")
    answers = [
        governed.caller.http.get(f"/v1/proxy/services/echo/{path}") for path in paths
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 200]


def test_every_change_is_a_version(governed: PolicyBench):
    """What a policy was stays readable, until it goes."""
    admin = governed.proxy.client.admin
    first = governed.policy(DENY)
    url = f"/v1/admin/policies/{first['id']}"
    taken = governed.policy(DENY)["name"]
    body = {"name": "new", "mode": "enforce", "phase": "pre", "rules": []}
    second = admin.put(url, json=body).json()
    clash = admin.patch(url, json={"name": taken})
    versions = admin.get(f"{url}/versions").json()["data"]

    assert (second["version"], second["rules"]) == (2, [])
    assert clash.json()["error"]["code"] == "name_taken"
    assert [version["policy"] for version in versions] == [second, first]
    assert admin.get(url).json() == second
    assert admin.delete(url).status_code == 204
    for path in (url, f"{url}/versions"):
        assert admin.get(path).status_code == 404
