"""Approvals: a request waits for a person and is then performed once, or never."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.gateway.client import Client, message, run
from tests.gateway.proxy_bench import LOOPBACK, ProxyBench
from tests.gateway.rest_upstream import RestUpstream, running_rest_upstream
from tests.gateway.test_audit import entries, until
from tests.gateway_process import ADMIN_KEY, API_KEY, Gateway, running_gateway
from tests.mortal_gateway import MortalGateway

CHARGE = "/v1/proxy/services/echo/charges"
ALWAYS = {"type": "always"}


def require_approval(client: Client, project: str, **fields: object) -> None:
    add_policy(client, project, {"type": "require_approval", **fields})


def add_policy(
    client: Client, project: str, action: dict[str, Any], when: Any = ALWAYS
) -> None:
    body = {
        "name": f"policy {uuid4()}",
        "project_id": project,
        "mode": "enforce",
        "phase": "pre",
        "rules": [{"when": when, "then": [action]}],
    }
    answer = client.admin.post("/v1/admin/policies", json=body)
    assert answer.status_code == 201, answer.text


def decide(client: Client, approval_id: str, decision: str, **fields: str) -> Any:
    url = f"/v1/admin/approvals/{approval_id}/decision"
    return client.admin.post(url, json={"decision": decision, **fields})


@dataclass
class Bench:
    """A caller whose every request waits for a person."""

    proxy: ProxyBench
    project: str
    key: dict[str, Any]
    caller: Client

    def ask(self, **headers: str) -> str:
        """The approval that a charge waits for."""
        answer = self.caller.http.post(CHARGE, json={"amount": 10}, headers=headers)
        assert answer.status_code == 202, answer.text
        return answer.json()["approval_id"]

    def outcome(self, approval_id: str) -> dict[str, Any]:
        """The approval when it is over."""
        url = f"/v1/approvals/{approval_id}"
        return self.caller.http.get(url, params={"wait": 20}).json()


@pytest.fixture
def bench(calling: ProxyBench) -> Bench:
    calling.fresh(b'{"id": "ch_1"}', status=201)
    project = calling.project()
    calling.service(project, credential_id=calling.credential(project))
    require_approval(calling.client, project)
    key = calling.client.new_key(project)
    return Bench(calling, project, key, calling.client.with_key(key["secret"]))


def test_a_request_waits(bench: Bench):
    """202 with the approval and its place; the upstream is not called."""
    answer = bench.caller.http.post(
        CHARGE, json={"amount": 10}, headers={"X-Agent-Name": "bot"}
    )
    pending = answer.json()
    approval = bench.caller.http.get(answer.headers["location"]).json()
    entry = entries(bench.proxy.client, 1, project_id=bench.project)[0]

    assert answer.status_code == 202
    assert pending["object"] == "approval.pending"
    assert pending["poll_url"] == answer.headers["location"]
    assert answer.headers["x-headgate-approval"] == approval["id"]
    assert approval["status"] == "pending"
    assert approval["request_id"] == answer.headers["x-request-id"]
    assert approval["request_summary"] == {
        "operation": "proxy.services.post",
        "method": "POST",
        "path": CHARGE,
        "agent_name": "bot",
        "body_preview": '{"amount":10}',
    }
    assert approval["response"] is None
    assert bench.proxy.upstream.asked == []
    assert entry["policy_result"] == "pending"
    assert entry["approval_id"] == approval["id"]


@pytest.mark.parametrize(
    "headers",
    [{"X-Agent-Name": "bot"}, {"User-Agent": "bot"}, {"X-Agent-Name": ""}],
)
def test_everyone_is_told_the_same_name(bench: Bench, headers: dict[str, str]):
    """Approvals and the audit log name who asks by the same rule; policies too."""
    headers = {"User-Agent": "client", **headers}
    name = "client" if headers.get("X-Agent-Name") == "" else "bot"
    named = {"type": "compare", "field": "agent.name", "op": "eq", "value": name}
    tag = {"type": "tag", "tags": {"named": "yes"}}
    add_policy(bench.proxy.client, bench.project, tag, when=named)
    approval_id = bench.ask(**headers)
    [entry] = entries(bench.proxy.client, 1, project_id=bench.project)
    url = f"/v1/approvals/{approval_id}"
    summary = bench.caller.http.get(url).json()["request_summary"]

    assert summary["agent_name"] == entry["agent_name"] == name
    assert entry["tags"] == {"named": "yes"}


def test_what_is_approved_is_performed_once(bench: Bench):
    """With the stored body and the service's credential; the answer is kept."""
    approval_id = bench.ask()
    decided = decide(bench.proxy.client, approval_id, "approved", reviewed_by="Ada")
    approval = bench.outcome(approval_id)
    again = decide(bench.proxy.client, approval_id, "rejected")
    [asked] = bench.proxy.upstream.asked

    assert decided.status_code == 200
    assert (approval["status"], approval["reviewed_by"]) == ("approved", "Ada")
    assert approval["response"]["status_code"] == 201
    assert approval["response"]["body"] == {"id": "ch_1"}
    assert (asked.path, asked.body) == ("/base/charges", b'{"amount":10}')
    assert asked.headers["authorization"] == "Bearer sk-canary"
    assert again.json()["error"]["code"] == "already_decided"


def test_what_is_approved_was_counted_when_it_came(bench: Bench):
    """By policies and by the limit of its key; the next request is one too many."""
    limit = {"type": "rate_limit", "max_requests": 1, "window_s": 86400}
    add_policy(bench.proxy.client, bench.project, limit)
    approval_id = bench.ask()
    decide(bench.proxy.client, approval_id, "approved")
    response = bench.outcome(approval_id)["response"]

    assert (response["status_code"], response["body"]) == (201, {"id": "ch_1"})
    assert bench.caller.http.post(CHARGE, json={}).status_code == 429


def test_a_limited_key_is_counted_once(bench: Bench):
    """A key that may ask once in a day gets what was agreed to."""
    limit = {"requests": 1, "window_s": 86400}
    key = bench.proxy.client.new_key(bench.project, rate_limit=limit)
    caller = bench.proxy.client.with_key(key["secret"])
    limited = Bench(bench.proxy, bench.project, key, caller)
    approval_id = limited.ask()
    decide(bench.proxy.client, approval_id, "approved")
    [approval] = until(
        lambda: bench.proxy.client.admin.get(
            "/v1/admin/approvals", params={"key_id": key["id"]}
        ).json()["data"],
        lambda found: found[0]["response"] is not None,
    )

    assert approval["response"]["status_code"] == 201


def test_what_is_approved_comes_from_where_it_came(bench: Bench):
    """Policies that ask for the caller's address find it when it is performed."""
    elsewhere = {
        "type": "not",
        "condition": {
            "type": "compare",
            "field": "context.ip",
            "op": "eq",
            "value": "127.0.0.1",
        },
    }
    add_policy(bench.proxy.client, bench.project, {"type": "deny"}, when=elsewhere)
    approval_id = bench.ask()
    decide(bench.proxy.client, approval_id, "approved")

    assert bench.outcome(approval_id)["response"]["status_code"] == 201


def test_a_refusal_since_then_holds(bench: Bench):
    """A policy that was added while the request waited refuses it."""
    approval_id = bench.ask()
    add_policy(bench.proxy.client, bench.project, {"type": "deny"})
    decide(bench.proxy.client, approval_id, "approved")
    response = bench.outcome(approval_id)["response"]

    assert response["status_code"] == 403
    assert response["body"]["error"]["code"] == "policy_denied"
    assert bench.proxy.upstream.asked == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b'{"a": [1]}', {"body": {"a": [1]}}),
        (b'["a"]', {"body": ["a"]}),
        (b'"a"', {"body": '"a"'}),
        (b"1.0", {"body": "1.0"}),
        (b"plain", {"body": "plain"}),
        (b"", {"body": None}),
        (b"\xff\x00", {"body": "/wA=", "encoding": "base64"}),
    ],
)
def test_an_answer_can_be_had_as_it_was_sent(
    bench: Bench, sent: bytes, shown: dict[str, Any]
):
    """Objects and lists of JSON as such, other texts as they are, bytes in base64."""
    bench.proxy.upstream.answers(200, sent)
    approval_id = bench.ask()
    decide(bench.proxy.client, approval_id, "approved")
    response = bench.outcome(approval_id)["response"]
    del response["status_code"], response["headers"]

    assert response == shown


def test_what_is_rejected_is_not_performed(bench: Bench):
    """The reason is told; so it is with what is withdrawn."""
    rejected, withdrawn = bench.ask(), bench.ask()
    decide(bench.proxy.client, rejected, "rejected", reason="Too much.")
    url = f"/v1/approvals/{withdrawn}/cancel"
    cancelled = bench.caller.http.post(url).json()
    late = decide(bench.proxy.client, withdrawn, "approved")

    assert bench.outcome(rejected)["reason"] == "Too much."
    assert bench.outcome(rejected)["status"] == "rejected"
    assert cancelled["status"] == "cancelled"
    assert bench.caller.http.post(url).json() == cancelled
    assert late.status_code == 409
    assert bench.proxy.upstream.asked == []


@pytest.mark.parametrize(
    ("decision", "status", "code"),
    [("approved", 201, None), ("rejected", 403, "approval_rejected")],
)
def test_a_caller_may_wait(bench: Bench, decision: str, status: int, code: str | None):
    """The call itself ends with the answer or with the refusal."""
    with ThreadPoolExecutor() as pool:
        headers = {"Prefer": "wait=20"}
        waiting = pool.submit(bench.caller.http.post, CHARGE, json={}, headers=headers)
        params = {"project_id": bench.project, "status": "pending"}
        [approval] = until(
            lambda: bench.proxy.client.admin.get(
                "/v1/admin/approvals", params=params
            ).json()["data"],
            bool,
        )
        decide(bench.proxy.client, approval["id"], decision, reason="So.")
        answer = waiting.result()

    assert answer.status_code == status
    assert "x-headgate-approval" not in answer.headers
    if code is None:
        assert answer.json() == {"id": "ch_1"}
        assert len(bench.proxy.upstream.asked) == 1
    else:
        error = answer.json()["error"]
        assert error["code"] == code
        assert error["details"] == {"approval_id": approval["id"], "reason": "So."}
        assert bench.proxy.upstream.asked == []


def test_a_request_cannot_be_edited(bench: Bench):
    """Only drafts can; the request waits as before."""
    approval_id = bench.ask()
    refused = decide(bench.proxy.client, approval_id, "approved", edited_content="{}")

    assert refused.json()["error"]["code"] == "conflict"
    assert bench.caller.http.get(f"/v1/approvals/{approval_id}").json()["status"] == (
        "pending"
    )


def test_waiting_ends_before_the_decision(bench: Bench):
    """With the same 202 as without; and a long poll with what there is."""
    answer = bench.caller.http.post(CHARGE, json={}, headers={"Prefer": "wait=0"})
    url = answer.headers["location"]

    assert answer.status_code == 202
    assert answer.headers["x-headgate-approval"] == answer.json()["approval_id"]
    assert bench.caller.http.get(url, params={"wait": 1}).json()["status"] == "pending"
    assert bench.proxy.upstream.asked == []


@pytest.mark.parametrize(
    "lines",
    [
        ["respond-async, wait=20"],
        ["respond-async", "Wait = 20"],
        ['handling=lenient; wait=0, foo="wait=0, \\"", wait="20"'],
    ],
)
def test_a_caller_says_in_any_way_that_it_waits(bench: Bench, lines: list[str]):
    """As RFC 7240 has it: other preferences beside it, in several lines."""
    project = bench.proxy.project()
    bench.proxy.service(project)
    require_approval(bench.proxy.client, project, timeout_s=1)
    caller = bench.proxy.caller(project)
    headers = [("Prefer", line) for line in lines]
    answer = caller.http.post(CHARGE, json={}, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (
        408,
        "approval_timeout",
    )


@pytest.mark.parametrize(
    ("fallback", "status"), [("deny", "expired"), ("allow", "approved")]
)
def test_nobody_decides_in_time(bench: Bench, fallback: str, status: str):
    """Then the request is refused with 408, or goes on, as its policy says."""
    project = bench.proxy.project()
    bench.proxy.service(project)
    require_approval(bench.proxy.client, project, timeout_s=1, fallback=fallback)
    caller = bench.proxy.caller(project)
    answer = caller.http.post(CHARGE, json={}, headers={"Prefer": "wait=20"})
    params = {"project_id": project}
    [approval] = bench.proxy.client.admin.get(
        "/v1/admin/approvals", params=params
    ).json()["data"]

    assert approval["status"] == status
    if fallback == "deny":
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (408, "approval_timeout")
        assert error["details"] == {"approval_id": approval["id"], "timeout": 1}
        assert bench.proxy.upstream.asked == []
    else:
        assert answer.status_code == 201
        assert len(bench.proxy.upstream.asked) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages", message()),
        (
            "/v1/chat/completions",
            {"model": "mock/echo", "messages": message()["messages"]},
        ),
        ("/v1/runs", run("text")),
    ],
)
def test_every_kind_of_request_can_wait(bench: Bench, path: str, body: Any):
    """Messages, chats and runs begin when they are agreed to."""
    asked = bench.caller.http.post(path, json=body)
    approval_id = asked.json()["approval_id"]
    before = bench.caller.http.get("/v1/runs").json()["data"]
    decide(bench.proxy.client, approval_id, "approved")
    approval = bench.outcome(approval_id)

    assert (asked.status_code, before) == (202, [])
    assert approval["response"]["status_code"] == 200
    assert approval["response"]["body"]


def test_a_repeated_request_waits_once(bench: Bench):
    """The same key finds its approval and later its answer; another body does not."""
    headers = {"Idempotency-Key": str(uuid4())}
    answers = [
        bench.caller.http.post(CHARGE, json={"amount": 10}, headers=headers)
        for _ in range(2)
    ]
    first, again = (answer.json()["approval_id"] for answer in answers)
    other = bench.caller.http.post(CHARGE, json={"amount": 11}, headers=headers)
    decide(bench.proxy.client, first, "approved")
    bench.outcome(first)
    done = bench.caller.http.post(CHARGE, json={"amount": 10}, headers=headers)

    assert first == again
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [
        None,
        "true",
    ]
    assert other.json()["error"]["code"] == "idempotency_conflict"
    assert (done.status_code, done.json()) == (201, {"id": "ch_1"})
    assert done.headers["idempotent-replayed"] == "true"
    assert len(bench.proxy.upstream.asked) == 1


def test_the_order_of_fields_makes_no_other_request(bench: Bench):
    """The same JSON waits once, as it is answered once where nobody is asked."""
    headers = {"Idempotency-Key": str(uuid4())}
    body = message()
    backwards = {name: body[name] for name in reversed(body)}
    first, again, other = (
        bench.caller.http.post("/v1/messages", json=asked, headers=headers)
        for asked in (body, backwards, {**body, "max_tokens": 7})
    )

    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert other.json()["error"]["code"] == "idempotency_conflict"


def test_each_operation_has_keys_of_its_own(bench: Bench):
    """One that is used for a message says nothing of a charge."""
    headers = {"Idempotency-Key": str(uuid4())}
    asked = bench.caller.http.post("/v1/messages", json=message(), headers=headers)

    assert asked.status_code == 202
    assert bench.ask(**headers) != asked.json()["approval_id"]


def test_few_requests_of_a_key_may_wait(bench: Bench):
    """The eleventh is refused; decided ones make room."""
    waiting = [bench.ask() for _ in range(10)]
    refused = bench.caller.http.post(CHARGE, json={})
    decide(bench.proxy.client, waiting[0], "rejected")

    assert refused.status_code == 403
    error = refused.json()["error"]
    assert error["code"] == "approval_cap_exceeded"
    assert error["details"] == {"pending": 10, "max": 10}
    assert bench.ask()


def test_a_revoked_key_performs_nothing(bench: Bench):
    """Who may no longer ask gets nothing done by what was asked before."""
    approval_id = bench.ask()
    client = bench.proxy.client
    client.admin.post(f"/v1/admin/keys/{bench.key['id']}/revoke")
    decide(client, approval_id, "approved")
    params = {"project_id": bench.project}
    [approval] = until(
        lambda: client.admin.get("/v1/admin/approvals", params=params).json()["data"],
        lambda found: found[0]["response"] is not None,
    )

    assert approval["response"]["status_code"] == 401
    assert bench.proxy.upstream.asked == []


def test_a_foreign_approval_is_unknown(bench: Bench):
    """To other projects, and to other keys of the same."""
    approval_id = bench.ask()
    strangers = [
        bench.proxy.caller(bench.project),
        bench.proxy.caller(bench.proxy.project()),
    ]

    for stranger in strangers:
        for method, path in (("GET", ""), ("POST", "/cancel")):
            url = f"/v1/approvals/{approval_id}{path}"
            unknown = f"/v1/approvals/appr_{'0' * 26}{path}"
            told = [stranger.http.request(method, at).json() for at in (url, unknown)]
            errors = [{**item["error"], "request_id": ""} for item in told]
            assert errors[0] == errors[1]
            assert errors[0]["code"] == "not_found"


def test_a_credential_that_was_brought_is_not_stored(bench: Bench):
    """It is used when the request is performed, and is in no file."""
    secret = f"brought-{uuid4()}"
    approval_id = bench.ask(**{"X-Upstream-Authorization": secret})
    decide(bench.proxy.client, approval_id, "approved")
    bench.outcome(approval_id)
    kept = b"".join(file.read_bytes() for file in bench.proxy.folder.iterdir())

    assert bench.proxy.upstream.asked[0].headers["authorization"] == secret
    assert secret.encode() not in kept


def approved_in_the_store(file: Path) -> None:
    """What is there when a gateway died right after the decision was kept."""
    with sqlite3.connect(file) as database:
        database.execute("UPDATE approvals SET status = 'approved'")
    database.close()


def approved_while_away(
    folder: Path, path: str, body: object, **headers: str
) -> tuple[RestUpstream, dict[str, Any], dict[str, Any]]:
    """A request whose gateway dies when it is agreed to, and what the next one does.

    The upstream, the answer for now, and the approval when it is over.
    """
    with running_rest_upstream() as upstream:
        upstream.answers(201, b"{}")
        with running_gateway(folder, LOOPBACK) as gateway:
            proxy = ProxyBench(Client(gateway), upstream, folder)
            project = proxy.project()
            proxy.service(project, credential_id=proxy.credential(project))
            require_approval(proxy.client, project)
            secret = proxy.client.new_key(project)["secret"]
            caller = proxy.client.with_key(secret)
            asked = caller.http.post(path, json=body, headers=headers).json()
            proxy.client.close()
        approved_in_the_store(folder / "gateway.sqlite3")
        with running_gateway(folder, LOOPBACK) as gateway:
            again = Client(gateway, api_key=secret)
            url = f"/v1/approvals/{asked['approval_id']}"
            approval = again.http.get(url, params={"wait": 20}).json()
            again.close()
    return upstream, asked, approval


def test_a_decision_outlives_its_gateway(tmp_path: Path):
    """A gateway that died after the decision: the next one performs the request."""
    upstream, _, approval = approved_while_away(tmp_path, CHARGE, {})

    assert approval["response"]["status_code"] == 201
    assert len(upstream.asked) == 1


def test_a_request_is_not_repeated_after_a_death(tmp_path: Path):
    """Died while the upstream had it: nobody sends it again, and the caller is told."""
    settings = {**LOOPBACK, "HEADGATE_GATEWAY_LEASE": "1"}
    held = threading.Event()
    with running_rest_upstream() as upstream:
        upstream.pieces = [held]
        gateway = MortalGateway(tmp_path, settings)
        gateway.start()
        address = Gateway(gateway.url, API_KEY, ADMIN_KEY)
        proxy = ProxyBench(Client(address), upstream, tmp_path)
        project = proxy.project()
        proxy.service(project)
        require_approval(proxy.client, project)
        secret = proxy.client.new_key(project)["secret"]
        caller = proxy.client.with_key(secret)
        approval_id = caller.http.post(CHARGE, json={}).json()["approval_id"]
        decide(proxy.client, approval_id, "approved")
        until(lambda: upstream.asked, bool)
        gateway.kill()
        held.set()
        gateway.start()
        url = f"/v1/approvals/{approval_id}"
        approval = caller.http.get(url, params={"wait": 20}).json()
        proxy.client.close()
        gateway.stop()

        assert approval["response"]["status_code"] == 502
        assert len(upstream.asked) == 1
