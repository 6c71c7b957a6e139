"""Policies in shadow mode: they note what they would refuse, and change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.client import message, run
from tests.gateway.conftest import store_settings
from tests.gateway.policy_bench import (
    DENY,
    SERVICE,
    Bench,
    bench_of,
)
from tests.gateway.proxy_bench import ProxyBench, running_bench
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


@pytest.fixture(scope="module")
def proxy(store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyBench]:
    folder = tmp_path_factory.mktemp("shadow")
    with running_bench(folder, store_settings(store)) as running:
        yield running


@pytest.fixture
def bench(proxy: ProxyBench) -> Bench:
    return bench_of(proxy)


def test_shadow_notes_and_lets_pass(bench: Bench):
    """What would be refused is in the audit log; promoted, it is refused."""
    policy = bench.policy(DENY, mode="shadow")
    passed = bench.says()
    [entry] = entries(bench.proxy.client, 1, project_id=bench.project)
    url = f"/v1/admin/policies/{policy['id']}"
    promoted = bench.proxy.client.admin.patch(url, json={"mode": "enforce"}).json()

    assert passed.status_code == 200
    assert entry["policy_result"] == "shadow_deny"
    assert entry["shadow_violations"] == [policy["id"]]
    assert promoted["version"] == 2
    assert bench.says().status_code == 403


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda action: action["type"])
def test_shadow_notes_every_refusal(bench: Bench, refusal: dict[str, Any]):
    """Whatever a policy would refuse by; and nothing that it would let pass."""
    policy = bench.policy(
        {"type": "throttle", "delay_ms": 10000},
        {"type": "override", "set_body_fields": {"model": "mock/nowhere"}},
        {"type": "redact", "patterns": ["phone"]},
        {"type": "tag", "tags": {"shadow": "seen"}},
        refusal,
        mode="shadow",
    )
    bench.policy(
        {"type": "tool_scope", "blocked_tools": ["mv"]},
        {"type": "rate_limit", "max_requests": 1, "window_s": 86400},
        {"type": "redact", "patterns": ["ssn"], "on_match": "block"},
        {"type": "validate_schema", "schema": {"required": ["messages"]}},
        mode="shadow",
    )
    answer = bench.says("ada@example.com", tools=[TOOL])
    [entry] = entries(bench.proxy.client, 1, project_id=bench.project)

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
    bench: Bench, path: str, body: Any, refusal: dict[str, Any]
):
    """Whole and streamed; the answer is as it would be without."""
    policy = bench.policy(refusal, phase="post", mode="shadow")
    answer = bench.caller.http.post(path, json=body)
    [entry] = entries(bench.proxy.client, 1, project_id=bench.project)

    assert answer.status_code == 200
    assert '"error"' not in answer.text
    assert entry["shadow_violations"] == [policy["id"]]


def test_shadow_counts_for_itself(bench: Bench):
    """What was counted in shadow mode is held against nobody when it is enforced."""
    policy = bench.policy(
        {"type": "rate_limit", "max_requests": 1, "window_s": 86400}, mode="shadow"
    )
    passed = [bench.says().status_code for _ in range(3)]
    noted = entries(bench.proxy.client, 3, project_id=bench.project)
    url = f"/v1/admin/policies/{policy['id']}"
    bench.proxy.client.admin.patch(url, json={"mode": "enforce"})

    assert passed == [200] * 3
    assert sorted(entry["policy_result"] for entry in noted) == [
        "allow",
        "shadow_deny",
        "shadow_deny",
    ]
    assert [bench.says().status_code for _ in range(2)] == [200, 429]
