"""What may not stand in a policy, and patterns that no text can stall."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.gateway.policy_bench import (
    ALWAYS,
    DENY,
    SERVICE,
    PolicyBench,
    compare,
)


def test_what_does_not_compile_is_told_whole(governed: PolicyBench):
    """422 with a pointer to every fault, and nothing is kept."""
    pattern = {"type": "match", "field": "request.path", "pattern": "("}
    body = {
        "name": "broken",
        "project_id": governed.project,
        "mode": "enforce",
        "phase": "pre",
        "rules": [
            {"when": ALWAYS, "then": [DENY]},
            {
                "when": {"type": "all", "conditions": [ALWAYS, pattern]},
                "then": [
                    {"type": "validate_schema", "schema": {"type": "nothing"}},
                    {"type": "redact", "custom_pattern": "["},
                ],
            },
        ],
    }
    answer = governed.proxy.client.admin.post("/v1/admin/policies", json=body)
    error = answer.json()["error"]
    params = {"project_id": governed.project}
    listed = governed.proxy.client.admin.get("/v1/admin/policies", params=params)

    assert answer.status_code == 422
    assert error["code"] == "invalid_config"
    assert [problem["pointer"] for problem in error["details"]["problems"]] == [
        "/rules/1/when/conditions/1/pattern",
        "/rules/1/then/0/schema",
        "/rules/1/then/1/custom_pattern",
    ]
    assert listed.json()["data"] == []


@pytest.mark.parametrize(
    "pattern",
    [r"(?=a)b", r"(?!a)b", r"(?<=a)b", r"(a)\1", r"(a{100}){100}", r"a{2000}"],
)
def test_patterns_that_texts_could_stall_are_refused(
    governed: PolicyBench, pattern: str
):
    """422 with a pointer, in a condition, a redaction and a replacement."""
    replace = {"pattern": pattern, "replacement": ""}
    when = {"type": "match", "field": "request.path", "pattern": pattern}
    actions = [
        {"type": "redact", "custom_pattern": pattern},
        {"type": "transform", "replace": replace},
    ]
    body = {
        "name": "stalling",
        "project_id": governed.project,
        "mode": "enforce",
        "phase": "pre",
        "rules": [{"when": when, "then": actions}],
    }
    answer = governed.proxy.client.admin.post("/v1/admin/policies", json=body)
    problems = answer.json()["error"]["details"]["problems"]

    assert answer.status_code == 422
    assert [problem["pointer"] for problem in problems] == [
        "/rules/0/when/pattern",
        "/rules/0/then/0/custom_pattern",
        "/rules/0/then/1/replace/pattern",
    ]


@pytest.mark.parametrize("kind", ["match", "redact", "replace"])
def test_no_text_stalls_a_pattern(governed: PolicyBench, kind: str):
    """One that takes a backtracking engine for ever is looked through, to its end."""
    pattern = r"(a+)+$"
    when = {"type": "match", "field": "request.body.messages.*.content"}
    policy: tuple[dict[str, Any], dict[str, Any]] = {
        "match": (DENY, {**when, "pattern": pattern}),
        "redact": ({"type": "redact", "custom_pattern": pattern}, ALWAYS),
        "replace": (
            {
                "type": "transform",
                "replace": {"pattern": pattern, "replacement": r"\1[redacted]"},
            },
            ALWAYS,
        ),
    }[kind]
    governed.policy(policy[0], when=policy[1])
    fine = governed.says("a" * 300_000 + "!")
    found = governed.says("!" * 300_000 + "aaa")

    assert fine.json()["content"][0]["text"] == "a" * 300_000 + "!"
    if kind == "match":
        assert found.json()["error"]["code"] == "policy_denied"
    else:
        text = found.json()["content"][0]["text"]
        assert text.lstrip("!") in {"[redacted]", r"\1[redacted]"}


def test_what_cannot_be_looked_through_does_not_pass(governed: PolicyBench):
    """Very many places, or a text too long; in shadow mode it passes."""
    pattern = {"type": "match", "field": "request.body.text", "pattern": "(x{1,99}y)+"}
    shadow = governed.policy(DENY, when=pattern, mode="shadow")
    body = {"text": "ab" * 200_000}
    passed = governed.caller.http.post(SERVICE, json=body)
    url = f"/v1/admin/policies/{shadow['id']}"
    governed.proxy.client.admin.patch(url, json={"mode": "enforce"})
    refused = governed.caller.http.post(SERVICE, json=body)
    error = refused.json()["error"]

    assert passed.status_code == 200
    assert (refused.status_code, error["code"]) == (403, "content_blocked")
    assert governed.caller.http.post(SERVICE, json={"text": "ab"}).status_code == 200


@pytest.mark.parametrize(
    "field",
    [
        "request.nope",
        "usage.nope",
        "key.name",
        "context.time.hour",
        "response.headers.x",
        "tool",
    ],
)
def test_a_condition_on_what_there_is_not_is_refused(governed: PolicyBench, field: str):
    """It would never hold, and nobody would notice that a policy does nothing."""
    body = {
        "name": f"policy {uuid4()}",
        "project_id": governed.project,
        "mode": "enforce",
        "phase": "pre",
        "rules": [{"when": compare(field, "eq", 1), "then": [DENY]}],
    }
    answer = governed.proxy.client.admin.post("/v1/admin/policies", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith("rules[0].when")
