"""Whatever makes a model answer is looked at by policies, conversations among it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.gateway.client import Client, bundle, message, run, until
from tests.gateway.policy_bench import DENY, new_policy
from tests.gateway.provider_streams import OPENAI_CHAT
from tests.gateway.test_audit import entries
from tests.gateway.upstreams import running_upstream
from tests.gateway_process import ADMIN_KEY, API_KEY, Gateway
from tests.mortal_gateway import MortalGateway

SAID = message()["messages"]
EVERY_WAY: dict[str, tuple[str, dict[str, Any]]] = {
    "messages.create": ("/v1/messages", message()),
    "chat.completions.create": (
        "/v1/chat/completions",
        {"model": "mock/echo", "messages": SAID},
    ),
    "embeddings.create": ("/v1/embeddings", {"model": "mock/embed", "input": "Hi"}),
    "runs.create": ("/v1/runs", run("text")),
    "runs.stream": ("/v1/runs:stream", run("text")),
    "workspaces.create": ("/v1/workspaces", {"initial_message": "Hi"}),
    "workspaces.send_message": ("/v1/workspaces/{}/messages", {"content": "Hi"}),
}
"""A request of each operation by which a model is asked."""


@dataclass
class Bench:
    """A manager of a project's workspaces, and the project's policies."""

    client: Client
    project: str
    caller: Client

    def policy(self, *then: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A policy of the project, of one rule."""
        return new_policy(self.client, self.project, *then, **fields)

    def workspace(self, **body: object) -> str:
        """The id of a new workspace, which is made without a word."""
        answer = self.caller.http.post("/v1/workspaces", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["workspace"]["id"]

    def sends(self, workspace: str, content: str, **body: object) -> Any:
        """The answer to a message."""
        url = f"/v1/workspaces/{workspace}/messages"
        return self.caller.http.post(url, json={"content": content, **body})

    def said(self, workspace: str) -> list[tuple[str, str]]:
        """Who said what."""
        url = f"/v1/workspaces/{workspace}/messages"
        page = self.caller.http.get(url, params={"include_drafts": "true"}).json()
        return [(each["role"], each["content"]) for each in page["data"]]

    def decided(self, approval: str, decision: str) -> dict[str, Any]:
        """An approval when it was decided and what came of it is known."""
        url = f"/v1/admin/approvals/{approval}/decision"
        self.client.admin.post(url, json={"decision": decision})
        url = f"/v1/approvals/{approval}"
        return self.caller.http.get(url, params={"wait": 20}).json()


@pytest.fixture
def bench(client: Client) -> Bench:
    project = client.new_project(f"policies of workspaces {uuid4()}")
    key = client.new_key(project, scopes=["workspaces:manage"])
    return Bench(client, project, client.with_key(key["secret"]))


def asking_operations() -> set[str]:
    """The operations that a provider's key may be given to, and so ask a model."""
    found: set[str] = set()
    for item in bundle()["paths"].values():
        for operation in item.values():
            named = str(operation.get("parameters", []))
            if "ProviderKey" in named:
                found.add(operation["operationId"])
    # It is counted here, and no model is asked.
    return found - {"messages.count_tokens"}


def test_no_route_escapes_a_policy(bench: Bench):
    """What is always refused is refused by every operation that asks a model."""
    workspace = bench.workspace()
    bench.policy(DENY)
    errors = {
        operation: bench.caller.http.post(path.format(workspace), json=body)
        for operation, (path, body) in EVERY_WAY.items()
    }

    assert asking_operations() == EVERY_WAY.keys()
    assert {name: answer.status_code for name, answer in errors.items()} == (
        dict.fromkeys(EVERY_WAY, 403)
    )
    assert {answer.json()["error"]["code"] for answer in errors.values()} == {
        "policy_denied"
    }
    assert bench.said(workspace) == []
    assert bench.caller.http.get("/v1/runs").json()["data"] == []
    assert len(bench.caller.http.get("/v1/workspaces").json()["data"]) == 1


def test_what_people_say_is_looked_at_too(bench: Bench):
    """Where no model answers, and before a workspace has a first message."""
    workspace = bench.workspace(mode="takeover")
    policy = bench.policy(DENY)
    refused = [
        bench.sends(workspace, "Hi"),
        bench.sends(workspace, "Hi", role="human"),
        bench.caller.http.post("/v1/workspaces", json={}),
    ]
    entry = entries(bench.client, 4, project_id=bench.project)[-1]

    assert [answer.status_code for answer in refused] == [403] * 3
    assert bench.said(workspace) == []
    assert (entry["policy_result"], entry["policy_id"]) == ("deny", policy["id"])


def test_what_a_model_is_told_is_looked_at_when_it_changes(bench: Bench):
    """A workspace cannot be given afterwards what it could not be made with."""
    workspace = bench.workspace()
    url = f"/v1/workspaces/{workspace}"
    field = "request.body.model"
    when = {"type": "compare", "field": field, "op": "eq", "value": "mock/script"}
    bench.policy(DENY, when=when)
    bench.policy({"type": "redact", "patterns": ["email"], "direction": "request"})
    told = {"context": {"mail": "a@b.de"}, "system_prompt": "Mail to a@b.de."}
    made = bench.caller.http.post("/v1/workspaces", json={"model": "mock/script"})
    refused = bench.caller.http.patch(url, json={"model": "mock/script", **told})
    before = bench.caller.http.get(url).json()
    changed = bench.caller.http.patch(url, json={"model": "mock/echo", **told})

    assert (made.status_code, refused.status_code) == (403, 403)
    assert (before["model"], before["context"]) == ("mock/echo", {})
    assert (changed.status_code, changed.json()["context"]) == (
        200,
        {"mail": "[email]"},
    )
    assert changed.json()["system_prompt"] == "Mail to [email]."


def test_no_policy_keeps_people_from_taking_over(bench: Bench):
    """Who answers is no matter of what a model is told; an evaluation says the same."""
    url = f"/v1/workspaces/{bench.workspace()}"
    bench.policy(DENY)
    bodies = [{"mode": "takeover", "context": {}}, {"mode": "takeover"}]
    answers = [bench.caller.http.patch(url, json=body) for body in bodies]
    samples = [{"operation": "workspaces.update", "body": body} for body in bodies]
    evaluated = [
        bench.client.admin.post(
            "/v1/admin/policies:evaluate",
            json={"project_id": bench.project, "request": sample},
        ).json()["decision"]
        for sample in samples
    ]

    assert [answer.status_code for answer in answers] == [403, 200]
    assert answers[1].json()["mode"] == "takeover"
    assert evaluated == ["deny", "allow"]


def test_a_condition_reads_what_is_said(bench: Bench):
    """The body is that of the operation; in shadow mode it is only noted."""
    workspace = bench.workspace()
    when = {"type": "match", "field": "request.body.content", "pattern": "(?i)secret"}
    policy = bench.policy(DENY, when=when, mode="shadow")
    noted = bench.sends(workspace, "Tell me the secret.")
    entry = entries(bench.client, 2, project_id=bench.project)[-1]
    url = f"/v1/admin/policies/{policy['id']}"
    bench.client.admin.patch(url, json={"mode": "enforce"})

    assert (noted.status_code, entry["shadow_violations"]) == (200, [policy["id"]])
    assert bench.sends(workspace, "Good day").status_code == 200
    assert bench.sends(workspace, "Tell me the secret.").status_code == 403


def test_messages_are_counted(bench: Bench):
    """Those of conversations and the others count together."""
    workspace = bench.workspace()
    limit = {"type": "rate_limit", "max_requests": 2, "window_s": 86_400, "per": "key"}
    bench.policy(limit)
    statuses = [
        bench.sends(workspace, "one").status_code,
        bench.caller.http.post("/v1/messages", json=message()).status_code,
        bench.sends(workspace, "two").status_code,
    ]

    assert statuses == [200, 200, 429]
    assert bench.said(workspace) == [("user", "one"), ("ai", "one")]


def test_personal_data_is_taken_out_of_conversations(bench: Bench):
    """Of what is kept and of what the model is told; whose they are stays known."""
    name = "ada@example.com"
    before = bench.workspace(system_prompt="Mail to bob@example.com.")
    bench.policy({"type": "redact", "patterns": ["email"], "direction": "request"})
    body = {
        "client_id": name,
        "initial_message": f"I am {name}",
        "context": {"mail": name},
    }
    made = bench.caller.http.post("/v1/workspaces", json=body).json()
    found = bench.caller.http.get(f"/v1/workspaces/by-client/{name}").json()
    sent = bench.sends(before, f"Or {name}?").json()

    assert [each["content"] for each in made["messages"]] == ["I am [email]"] * 2
    assert made["workspace"]["context"] == {"mail": "[email]"}
    assert found["workspace"] == made["workspace"]
    assert sent["user_message"]["content"] == "Or [email]?"
    assert bench.said(before) == [("user", "Or [email]?"), ("ai", "Or [email]?")]


def test_what_is_forbidden_is_not_said(bench: Bench):
    """Where a match refuses, also in what was said before there was the policy."""
    workspace = bench.workspace()
    bench.sends(workspace, "My key is sk-abcdefghijklmnop1234")
    bench.policy({"type": "redact", "patterns": ["api_key"], "on_match": "block"})
    refused = bench.sends(workspace, "Did you get it?")
    entry = entries(bench.client, 3, project_id=bench.project)[-1]

    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "content_blocked"
    assert entry["policy_result"] == "deny"
    assert len(bench.said(workspace)) == 2


def test_a_model_is_asked_as_policies_want(bench: Bench):
    """Fields, words and the model itself are changed in what the model is asked."""
    echoed = {"script": {"turns": [{"text": "never"}]}}
    workspace = bench.workspace(model="mock/script", metadata=echoed)
    bench.policy(
        {"type": "dynamic_route", "models": ["mock/echo"]},
        {
            "type": "transform",
            "append_system_prompt": "Be kind.",
            "replace": {"pattern": r"colou?r", "replacement": "hue"},
        },
    )
    changed = bench.sends(workspace, "Which color?")
    bench.policy({"type": "override", "set_body_fields": {"max_tokens": 1}})
    short = bench.sends(workspace, "one two three")
    bench.policy({"type": "override", "set_body_fields": {"max_tokens": "x"}})
    invalid = bench.sends(workspace, "Hi")

    assert bench.said(workspace)[:2] == [
        ("user", "Which color?"),
        ("ai", "Which hue?"),
    ]
    assert changed.status_code == 200
    assert len(short.json()["responses"][0]["content"]) < len("one two three")
    assert (invalid.status_code, invalid.json()["error"]["code"]) == (
        422,
        "invalid_config",
    )


@pytest.mark.parametrize("mode", ["ai", "shadow"])
def test_answers_are_judged_before_they_are_kept(bench: Bench, mode: str):
    """A model's answer is redacted, or refused with nothing left behind."""
    workspace = bench.workspace(mode=mode)
    bench.policy({"type": "redact", "patterns": ["email"]}, phase="post")
    field = "response.body.content.*.text"
    when = {"type": "compare", "field": field, "op": "contains", "value": "secret"}
    bench.policy(DENY, when=when, phase="post")
    redacted = bench.sends(workspace, "ada@example.com")
    refused = bench.sends(workspace, "A secret.")
    made = bench.caller.http.post(
        "/v1/workspaces", json={"initial_message": "A secret."}
    )

    assert redacted.json()["responses"][0]["content"] == "[email]"
    assert (refused.status_code, made.status_code) == (403, 403)
    assert bench.said(workspace) == [("user", "ada@example.com"), ("ai", "[email]")]
    assert len(bench.caller.http.get("/v1/workspaces").json()["data"]) == 1


APPROVE = {"type": "require_approval"}


@pytest.mark.parametrize("operation", ["workspaces.create", "workspaces.send_message"])
def test_a_conversation_can_wait_for_a_person(bench: Bench, operation: str):
    """202, and nothing is said before somebody agreed; then it is said once."""
    workspace = bench.workspace()
    bench.policy(APPROVE)
    path, body = EVERY_WAY[operation]
    headers = {"Idempotency-Key": str(uuid4())}

    def asked() -> Any:
        url = path.format(workspace)
        return bench.caller.http.post(url, json=body, headers=headers)

    waiting = asked()
    before = bench.said(workspace)
    approval = bench.decided(waiting.json()["approval_id"], "approved")
    again = asked()

    assert (waiting.status_code, before) == (202, [])
    assert waiting.json()["object"] == "approval.pending"
    assert waiting.headers["Location"] == waiting.json()["poll_url"]
    assert approval["request_summary"]["operation"] == operation
    assert approval["response"]["status_code"] == again.status_code
    assert approval["response"]["body"] == again.json()
    if operation == "workspaces.create":
        workspace = again.json()["workspace"]["id"]
    assert bench.said(workspace) == [("user", "Hi"), ("ai", "Hi")]


def test_a_change_can_wait_for_a_person(bench: Bench):
    """202, and nothing is changed before somebody agreed."""
    url = f"/v1/workspaces/{bench.workspace()}"
    bench.policy(APPROVE)
    waiting = bench.caller.http.patch(url, json={"system_prompt": "Be kind."})
    before = bench.caller.http.get(url).json()
    approval = bench.decided(waiting.json()["approval_id"], "approved")
    after = bench.caller.http.get(url).json()

    assert (waiting.status_code, before["system_prompt"]) == (202, None)
    assert approval["response"]["status_code"] == 200
    assert approval["response"]["body"] == after
    assert after["system_prompt"] == "Be kind."


def test_what_nobody_agreed_to_is_not_said(bench: Bench):
    """A caller that waits is told 403, or 408 when the time is over."""
    workspace = bench.workspace()
    bench.policy(APPROVE | {"timeout_s": 1})
    url = f"/v1/workspaces/{workspace}/messages"
    late = bench.caller.http.post(
        url, json={"content": "Hi"}, headers={"Prefer": "wait=20"}
    )
    rejected = bench.sends(workspace, "Hi").json()["approval_id"]
    approval = bench.decided(rejected, "rejected")

    assert (late.status_code, late.json()["error"]["code"]) == (408, "approval_timeout")
    assert approval["status"] == "rejected"
    assert bench.said(workspace) == []


def test_what_was_agreed_to_may_still_be_a_draft(bench: Bench):
    """The request waits for one person, and the answer for another."""
    workspace = bench.workspace(mode="shadow")
    bench.policy(APPROVE)
    waiting = bench.sends(workspace, "Hi").json()["approval_id"]
    sent = bench.decided(waiting, "approved")["response"]["body"]
    url = f"/v1/workspaces/{workspace}/drafts/{sent['approval_id']}/decision"
    draft = bench.caller.http.post(url, json={"decision": "approved"})

    assert sent["pending_approval"] is True
    assert (draft.status_code, draft.json()["status"]) == (200, "sent")
    assert bench.said(workspace) == [("user", "Hi"), ("ai", "Hi")]


def test_an_approved_message_is_not_said_again_after_a_death(tmp_path: Path):
    """Died while the model answered: nobody sends it again, and the caller is told."""
    with running_upstream() as upstream:
        upstream.never_ends(OPENAI_CHAT[:1])
        gateway = MortalGateway(
            tmp_path,
            {
                "HEADGATE_GATEWAY_PROVIDER_URLS": f"openai={upstream.url}",
                "HEADGATE_GATEWAY_PROVIDER_KEYS": "openai=sk-theirs",
            },
        )
        gateway.start()
        client = Client(Gateway(gateway.url, API_KEY, ADMIN_KEY))
        project = client.new_project("to be killed")
        secret = client.new_key(project, scopes=["workspaces:manage"])["secret"]
        bench = Bench(client, project, client.with_key(secret))
        workspace = bench.workspace(model="openai/gpt-4o")
        bench.policy(APPROVE)
        waiting = bench.sends(workspace, "Hi").json()["approval_id"]
        url = f"/v1/admin/approvals/{waiting}/decision"
        client.admin.post(url, json={"decision": "approved"})
        until(lambda: upstream.asked, bool)
        gateway.kill()
        gateway.start()
        url = f"/v1/approvals/{waiting}"
        approval = bench.caller.http.get(url, params={"wait": 20}).json()
        said = bench.said(workspace)
        client.close()
        gateway.stop()

    assert approval["response"]["status_code"] == 502
    assert (len(upstream.asked), said) == (1, [])
