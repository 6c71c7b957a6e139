"""Policies in shadow mode: they note what they would refuse, and change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.client import message, run
from tests.gateway.policy_bench import (
    DENY,
    SERVICE,
    PolicyBench,
)
from tests.gateway.test_audit import entries

TOOL = {"type": "function", "name": "rm", "input_schema": {"type": "object"}}
REFUSALS: list[dict[str, Any]] = [
    DENY,
    {"type": "require_approval"},
    {"type": "rate_limit", "max_requests": 0, "window_s": 86400},
    {"type": "tool_scope", "blocked_tools": ["rm"]},
    {"type": "redact", "patterns": ["email"], "on_match": "block"},
    {"type": "validate_schema", "schema": {"required": ["nothing"]}},
]


def test_shadow_notes_and_lets_pass(governed: PolicyBench):
    """What would be refused is in the audit log; promoted, it is refused."""
    policy = governed.policy(DENY, mode="shadow")
    passed = governed.says()
    [entry] = entries(governed.proxy.client, 1, project_id=governed.project)
    url = f"/v1/admin/policies/{policy['id']}"
    promoted = governed.proxy.client.admin.patch(url, json={"mode": "enforce"}).json()

    assert passed.status_code == 200
    assert entry["policy_result"] == "shadow_deny"
    assert entry["shadow_violations"] == [policy["id"]]
    assert promoted["version"] == 2
    assert governed.says().status_code == 403


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda action: action["type"])
def test_shadow_notes_every_refusal(governed: PolicyBench, refusal: dict[str, Any]):
    """Whatever a policy would refuse by; and nothing that it would let pass."""
    policy = governed.policy(
        {"type": "throttle", "delay_ms": 10000},
        {"type": "override", "set_body_fields": {"model": "mock/nowhere"}},
        {"type": "redact", "patterns": ["phone"]},
        {"type": "tag", "tags": {"shadow": "seen"}},
        refusal,
        mode="shadow",
    )
    governed.policy(
        {"type": "tool_scope", "blocked_tools": ["mv"]},
        {"type": "rate_limit", "max_requests": 1, "window_s": 86400},
        {"type": "redact", "patterns": ["ssn"], "on_match": "block"},
        {"type": "validate_schema", "schema": {"required": ["messages"]}},
        mode="shadow",
    )
    answer = governed.says("ada@example.com", tools=[TOOL])
    [entry] = entries(governed.proxy.client, 1, project_id=governed.project)

    assert answer.json()["content"][0]["text"] == "ada@example.com"
    assert (entry["policy_result"], entry["tags"]) == ("shadow_deny", {})
    assert entry["shadow_violations"] == [policy["id"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages", message()),
        ("/v1/messages", message(stream=True)),
        ("/v1/runs:stream", run("text")),
        (SERVICE, {"a": 1}),
    ],
)
@pytest.mark.parametrize(
    "refusal",
    [
        {"type": "redact", "custom_pattern": "[a-z]", "on_match": "block"},
        {"type": "validate_schema", "schema": {"required": ["nothing"]}},
    ],
    ids=lambda action: action["type"],
)
def test_shadow_notes_what_answers_would_be_refused(
    governed: PolicyBench, path: str, body: Any, refusal: dict[str, Any]
):
    """Whole and streamed; the answer is as it would be without."""
    policy = governed.policy(refusal, phase="post", mode="shadow")
    answer = governed.caller.http.post(path, json=body)
    [entry] = entries(governed.proxy.client, 1, project_id=governed.project)

    assert answer.status_code == 200
    assert '"error"' not in answer.text
    assert entry["shadow_violations"] == [policy["id"]]


def test_shadow_counts_for_itself(governed: PolicyBench):
    """What was counted in shadow mode is held against nobody when it is enforced."""
    policy = governed.policy(
        {"type": "rate_limit", "max_requests": 1, "window_s": 86400}, mode="shadow"
    )
    passed = [governed.says().status_code for _ in range(3)]
    noted = entries(governed.proxy.client, 3, project_id=governed.project)
    url = f"/v1/admin/policies/{policy['id']}"
    governed.proxy.client.admin.patch(url, json={"mode": "enforce"})

    assert passed == [200] * 3
    assert sorted(entry["policy_result"] for entry in noted) == [
        "allow",
        "shadow_deny",
        "shadow_deny",
    ]
    assert [governed.says().status_code for _ in range(2)] == [200, 429]
