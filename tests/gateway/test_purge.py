"""What was kept of a project's requests is erased where the operator says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.gateway.client import Client, message, run, until
from tests.gateway.policy_bench import CHAT

KINDS = {
    "answers",
    "approvals",
    "audit_logs",
    "runs",
    "sessions",
    "usage",
    "webhook_deliveries",
    "workspaces",
}
SESSION = {"X-Session-ID": "support"}


@dataclass
class Tenant:
    """A project with a caller, and what the caller left behind."""

    operator: Client
    project: str
    key: dict[str, Any]
    caller: Client

    @classmethod
    def new(cls, operator: Client) -> Tenant:
        """A project that nobody has used."""
        project = operator.new_project(f"purge {uuid4()}")
        key = operator.new_key(project, scopes=["*"], log_level="full")
        return cls(operator, project, key, operator.with_key(key["secret"]))

    def audited(self) -> list[dict[str, Any]]:
        """The entries of its audit log that are written."""
        where = {"project_id": self.project, "limit": 100}
        page = self.operator.admin.get("/v1/admin/audit-logs", params=where)
        entries: list[dict[str, Any]] = page.json()["data"]
        return entries

    def sessions(self) -> list[dict[str, Any]]:
        """Its sessions."""
        where = {"project_id": self.project}
        page = self.operator.admin.get("/v1/admin/sessions", params=where)
        found: list[dict[str, Any]] = page.json()["data"]
        return found

    def used(self) -> int:
        """How many requests it used models for."""
        return int(self.caller.http.get("/v1/usage").json()["requests"])

    def purge(self) -> dict[str, int]:
        """Erase what was kept."""
        path = f"/v1/admin/projects/{self.project}/purge"
        answer = self.operator.admin.post(path)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["object"], body["project_id"]) == ("project.purge", self.project)
        deleted: dict[str, int] = body["deleted"]
        assert set(deleted) == KINDS
        return deleted


@pytest.fixture
def tenant(client: Client) -> Tenant:
    return Tenant.new(client)


def test_what_was_logged_and_used_is_erased(tenant: Tenant, client: Client):
    """Entries, sessions and usage go; another project keeps its own."""
    other = Tenant.new(client)
    for each in (tenant, other):
        each.caller.http.post("/v1/messages", json=message("text"), headers=SESSION)
        until(each.sessions, bool)
    before = (tenant.used(), len(tenant.sessions()))

    deleted = tenant.purge()

    assert before == (1, 1)
    assert (deleted["sessions"], deleted["usage"]) == (1, 1)
    assert deleted["audit_logs"] >= 1
    assert tenant.sessions() == []
    assert "/v1/messages" not in {entry["path"] for entry in tenant.audited()}
    assert tenant.used() == 0
    assert (other.used(), len(other.sessions())) == (1, 1)
    assert "/v1/messages" in {entry["path"] for entry in other.audited()}


def test_what_was_just_asked_goes_too(tenant: Tenant):
    """A request that is answered but not written down yet does not come after."""
    for _ in range(5):
        tenant.caller.http.post("/v1/messages", json=message("text"))
    deleted = tenant.purge()

    assert (deleted["usage"], deleted["audit_logs"]) == (5, 5)
    assert tenant.purge() == dict.fromkeys(KINDS, 0)


def test_what_is_over_is_erased_and_what_goes_on_stays(tenant: Tenant):
    """A run that ended and a conversation that did, but not the one that is active."""
    http = tenant.caller.http
    run_id = http.post("/v1/runs", json=run("text")).json()["run"]["id"]
    ended, active = (
        http.post("/v1/workspaces", json={}).json()["workspace"]["id"] for _ in range(2)
    )
    http.post(f"/v1/workspaces/{ended}/end")

    deleted = tenant.purge()

    assert (deleted["runs"], deleted["workspaces"]) == (1, 1)
    paths = (f"/v1/runs/{run_id}", f"/v1/runs/{run_id}/events")
    gone = [http.get(path).status_code for path in (*paths, f"/v1/workspaces/{ended}")]
    assert gone == [404, 404, 404]
    assert http.get("/v1/runs").json()["data"] == []
    assert http.get(f"/v1/workspaces/{active}").json()["status"] == "active"
    assert http.post(f"/v1/workspaces/{active}/end").status_code == 200


def test_a_run_that_goes_on_ends_as_it_would_have(tenant: Tenant):
    """It is erased by no purge in between, and neither are its events."""
    slow = run({"turns": [{"text": "a b c d e f", "delay_ms": 100}]}, background=True)
    run_id = tenant.caller.http.post("/v1/runs", json=slow).json()["run"]["id"]

    deleted = tenant.purge()
    events = tenant.caller.follow(run_id)

    assert deleted["runs"] == 0
    assert events.types[0] == "run_start"
    assert events.types[-1] == "run_complete"


def test_settled_approvals_go_and_pending_ones_stay(tenant: Tenant):
    """What nobody has decided yet can still be decided, and is performed."""
    policy = {
        "name": "ask",
        "project_id": tenant.project,
        "mode": "enforce",
        "phase": "pre",
        "scope": {"operations": ["embeddings.create"]},
        "rules": [{"when": {"type": "always"}, "then": [{"type": "require_approval"}]}],
    }
    admin, http = tenant.operator.admin, tenant.caller.http
    admin.post("/v1/admin/policies", json=policy)
    asked = {"model": "mock/embed", "input": "x"}
    rejected, pending = (
        http.post("/v1/embeddings", json=asked).json()["approval_id"] for _ in range(2)
    )
    decide = "/v1/admin/approvals/{}/decision"
    admin.post(decide.format(rejected), json={"decision": "rejected"})

    deleted = tenant.purge()
    admin.post(decide.format(pending), json={"decision": "approved"})
    done = until(
        lambda: http.get(f"/v1/approvals/{pending}").json(),
        lambda shown: shown["response"] is not None,
    )

    assert deleted["approvals"] == 1
    assert http.get(f"/v1/approvals/{rejected}").status_code == 404
    assert done["response"]["status_code"] == 200


def test_answers_that_were_kept_are_not_given_again(tenant: Tenant):
    """Neither from the cache nor for a key of idempotency: both are asked anew."""
    http = tenant.caller.http
    cached = {"X-Headgate-Cache-TTL": "600"}
    keyed = {"Idempotency-Key": f"key-{uuid4()}", "X-Headgate-No-Cache": "true"}
    for headers in (cached, keyed):
        http.post("/v1/chat/completions", json=CHAT, headers=headers)
    again = http.post("/v1/chat/completions", json=CHAT, headers=cached)
    replayed = http.post("/v1/chat/completions", json=CHAT, headers=keyed)

    deleted = tenant.purge()
    missed = http.post("/v1/chat/completions", json=CHAT, headers=cached)
    anew = http.post("/v1/chat/completions", json=CHAT, headers=keyed)

    assert again.headers["x-headgate-cache"] == "HIT"
    assert replayed.headers["idempotent-replayed"] == "true"
    assert deleted["answers"] == 2
    assert missed.headers["x-headgate-cache"] == "MISS"
    assert "idempotent-replayed" not in anew.headers


def test_a_key_of_idempotency_whose_run_is_erased_begins_a_new_one(tenant: Tenant):
    """It leads to no run that is gone."""
    headers = {"Idempotency-Key": f"key-{uuid4()}"}
    first, second = "", ""
    for _ in range(2):
        made = tenant.caller.http.post("/v1/runs", json=run("text"), headers=headers)
        first, second = second, made.json()["run"]["id"]
        if not first:
            assert tenant.purge()["runs"] == 1

    assert first != second


def test_what_the_project_is_made_of_stays(tenant: Tenant):
    """Keys, what they may spend and have spent, services and policies."""
    admin = tenant.operator.admin
    caps = f"/v1/admin/keys/{tenant.key['id']}/spend-caps"
    admin.put(f"{caps}/monthly", json={"limit_usd": 5})
    service = {
        "name": f"kept-{uuid4().hex}",
        "project_id": tenant.project,
        "base_url": "https://api.example.com",
    }
    made = admin.post("/v1/admin/services", json=service).json()
    tenant.caller.http.post("/v1/messages", json=message("text"))
    before = admin.get(caps).json()

    tenant.purge()

    assert admin.get(caps).json() == before
    assert admin.get(f"/v1/admin/services/{made['id']}").json() == made
    assert tenant.caller.http.post("/v1/messages", json=message()).status_code == 200
