"""Runs that ``post`` policies look at: judged whenever and whoever reads them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.gateway.client import Client, run, until
from tests.gateway.policy_bench import ALWAYS, DENY, PolicyBench, compare, new_policy
from tests.gateway.test_approvals import decide
from tests.gateway.test_audit import entries
from tests.gateway.test_run_approvals import the_approval
from tests.gateway_process import ADMIN_KEY, API_KEY, Gateway
from tests.mortal_gateway import MortalGateway

MAIL = "ada@example.com"
TELLS = {"turns": [{"text": f"Write to {MAIL}."}]}
SEARCHES = {
    "turns": [
        {"tools": [{"name": "web_search", "input": {"query": f"who is {MAIL}"}}]},
        {"text": f"Write to {MAIL}."},
    ]
}
REDACT = {"type": "redact", "patterns": ["email"]}
TELLS_MAIL = compare("response.body.result.response.content.*.text", "contains", MAIL)


def makes(caller: Client, script: object = TELLS, **fields: object) -> httpx2.Response:
    return caller.http.post("/v1/runs", json=run(script, **fields))


def made(caller: Client, script: object = TELLS, **fields: object) -> str:
    """The id of a new run."""
    return makes(caller, script, **fields).json()["run"]["id"]


def reads(caller: Client, run_id: str) -> httpx2.Response:
    return caller.http.get(f"/v1/runs/{run_id}")


def follows(caller: Client, run_id: str) -> httpx2.Response:
    """The events until now."""
    return caller.http.get(f"/v1/runs/{run_id}/events", params={"follow": False})


def listed(caller: Client) -> list[dict[str, Any]]:
    return caller.http.get("/v1/runs").json()["data"]


def told(answer: httpx2.Response) -> str:
    """What the model said at last."""
    return answer.json()["result"]["response"]["content"][0]["text"]


def test_a_redacted_run_stays_redacted(governed: PolicyBench):
    """Made, made again by its key, and read; its events, which pass nobody, are 403."""
    policy = governed.policy(REDACT, phase="post")
    caller, headers = governed.caller, {"Idempotency-Key": str(uuid4())}
    first, again = (
        caller.http.post("/v1/runs", json=run(SEARCHES), headers=headers)
        for _ in range(2)
    )
    run_id = first.json()["run"]["id"]
    read, followed = reads(caller, run_id), follows(caller, run_id)
    past = caller.http.get(
        f"/v1/runs/{run_id}/events", params={"starting_after": 10_000}
    )
    *_, denied, _ = entries(governed.proxy.client, 5, project_id=governed.project)

    assert [told(answer) for answer in (first, again, read)] == [
        "Write to [email]."
    ] * 3
    assert read.json() == first.json()
    assert not any(
        MAIL in answer.text for answer in (first, again, read, followed, past)
    )
    assert MAIL not in caller.http.get("/v1/runs").text
    assert (followed.status_code, past.status_code) == (403, 403)
    assert followed.json()["error"]["code"] == "policy_denied"
    assert followed.json()["error"]["details"]["policy_id"] == policy["id"]
    assert (denied["operation"], denied["policy_result"], denied["policy_id"]) == (
        "runs.events",
        "deny",
        policy["id"],
    )


def test_a_denied_run_stays_denied(governed: PolicyBench):
    """It is kept and listed, and nobody is told what came of it."""
    governed.policy(DENY, when=TELLS_MAIL, phase="post")
    caller = governed.caller
    answer = makes(caller)
    [shown] = listed(caller)
    read, followed = reads(caller, shown["id"]), follows(caller, shown["id"])
    cancelled = caller.http.post(f"/v1/runs/{shown['id']}/cancel", json={})

    assert shown["status"] == "completed"
    assert [each.status_code for each in (answer, read, followed)] == [403] * 3
    assert read.json()["error"]["details"] == answer.json()["error"]["details"]
    assert cancelled.json() == shown
    assert not any(MAIL in each.text for each in (answer, read, followed, cancelled))


def test_what_fits_no_schema_is_not_read(governed: PolicyBench):
    """502, as for the run itself."""
    action = {"type": "validate_schema", "schema": {"required": ["total"]}}
    governed.policy(action, phase="post")
    answer = makes(governed.caller)
    read = reads(governed.caller, listed(governed.caller)[0]["id"])

    assert (answer.status_code, read.status_code) == (502, 502)
    assert read.json()["error"]["code"] == "output_validation_failed"


def test_nobody_sees_a_run_in_the_background(governed: PolicyBench):
    """So it is refused as a streamed one is, and none is made."""
    policy = governed.policy(REDACT, phase="post")
    background = makes(governed.caller, background=True)
    streamed = governed.caller.http.post("/v1/runs:stream", json=run(TELLS))
    found = entries(governed.proxy.client, 2, project_id=governed.project)
    errors = [answer.json()["error"] for answer in (background, streamed)]

    assert [answer.status_code for answer in (background, streamed)] == [403, 403]
    assert [error["code"] for error in errors] == ["policy_denied"] * 2
    assert [error["details"].keys() for error in errors] == [
        {"policy_id", "policy_name", "reason", "rule_index"}
    ] * 2
    assert "background" in errors[0]["message"]
    assert [(entry["policy_result"], entry["policy_id"]) for entry in found] == [
        ("deny", policy["id"])
    ] * 2
    assert listed(governed.caller) == []


def test_a_run_of_before_is_judged_by_what_is_now(governed: PolicyBench):
    """Streamed or in the background, when no policy looked; and so until none does."""
    caller = governed.caller
    streamed = caller.stream_run(run(TELLS)).events[0]["run_id"]
    queued = made(caller, background=True)
    until(lambda: reads(caller, queued).json()["run"]["status"], "completed".__eq__)
    before = [told(reads(caller, run_id)) for run_id in (streamed, queued)]
    policy = governed.policy(REDACT, phase="post")
    judged = [told(reads(caller, run_id)) for run_id in (streamed, queued)]
    refused = [follows(caller, run_id).status_code for run_id in (streamed, queued)]
    governed.proxy.client.admin.delete(f"/v1/admin/policies/{policy['id']}")

    assert before == [f"Write to {MAIL}."] * 2
    assert judged == ["Write to [email]."] * 2
    assert refused == [403, 403]
    assert told(reads(caller, queued)) == f"Write to {MAIL}."
    assert follows(caller, queued).status_code == 200


def test_a_run_that_waits_for_a_person_is_not_seen(governed: PolicyBench):
    """Its status is told meanwhile, of its steps nothing; then it is judged."""
    client, caller = governed.proxy.client, governed.caller
    governed.policy(REDACT, phase="post")
    governed.policy(
        {"type": "require_approval"},
        when=compare("tool.name", "eq", "web_search"),
        phase="tool",
    )
    with ThreadPoolExecutor() as pool:
        making = pool.submit(makes, caller, SEARCHES)
        approval = the_approval(client, governed.project)
        run_id = approval["tool"]["run_id"]
        during = until(
            lambda: reads(caller, run_id),
            lambda answer: answer.json()["run"]["status"] == "waiting_for_approval",
        )
        followed = follows(caller, run_id)
        decide(client, approval["id"], "approved")
        answer = making.result()
    after = reads(caller, run_id)

    assert during.json()["result"] is None
    assert followed.status_code == 403
    assert not any(MAIL in each.text for each in (during, followed, answer, after))
    assert told(answer) == told(after) == "Write to [email]."


def test_a_failed_run_says_why(governed: PolicyBench):
    """It has no result to be judged, and its failure is told as when it was made."""
    governed.policy(DENY, phase="post")
    fails = {"turns": [{"text": MAIL}], "faults": {"http": {"status": 400}}}
    answer = makes(governed.caller, fails)
    [shown] = listed(governed.caller)
    read = reads(governed.caller, shown["id"])

    assert shown["status"] == "failed"
    assert read.status_code == 200
    assert read.json()["run"]["error"]["code"] == answer.json()["error"]["code"]
    assert read.json()["result"] is None


@pytest.mark.parametrize("scoped", [True, False], ids=["scope", "condition"])
def test_no_other_key_reads_around_a_policy(governed: PolicyBench, *, scoped: bool):
    """Judged is what a key made whoever reads it, and what it reads whoever made it."""
    bound, client = governed.key["id"], governed.proxy.client
    free = client.with_key(client.new_key(governed.project)["secret"])
    governed.policy(
        REDACT,
        phase="post",
        when=ALWAYS if scoped else compare("key.id", "eq", bound),
        scope={"key_ids": [bound]} if scoped else {},
    )
    theirs, own = made(governed.caller), made(free)

    assert told(reads(free, theirs)) == "Write to [email]."
    assert told(reads(governed.caller, own)) == "Write to [email]."
    assert told(reads(free, own)) == f"Write to {MAIL}."
    assert follows(free, theirs).status_code == 403
    assert follows(governed.caller, own).status_code == 403
    assert follows(free, own).status_code == (200 if scoped else 403)


def test_conditions_see_the_request_for_the_run(governed: PolicyBench):
    """Its operation, path, method and body, and not those of who reads it."""
    conditions = [
        compare("request.operation", "eq", "runs.create"),
        compare("request.path", "eq", "/v1/runs"),
        compare("request.method", "eq", "POST"),
        compare("request.body_size", "gt", 20),
        compare("request.body.metadata.secret", "eq", value=True),
    ]
    when = {"type": "all", "conditions": conditions}
    governed.policy(REDACT, when=when, phase="post", scope={"paths": ["/v1/runs"]})
    secret = made(governed.caller, metadata={"secret": True})
    public = made(governed.caller, metadata={"secret": False})

    assert told(reads(governed.caller, secret)) == "Write to [email]."
    assert told(reads(governed.caller, public)) == f"Write to {MAIL}."


@pytest.mark.parametrize(
    ("operation", "statuses"),
    [
        ("messages.create", (200, 200, 200)),
        ("runs.stream", (200, 403, 403)),
        ("runs.create", (403, 200, 403)),
    ],
)
def test_a_scope_decides_what_is_seen(
    governed: PolicyBench, operation: str, statuses: tuple[int, int, int]
):
    """Events are refused if a policy looks at either way to make a run."""
    run_id = made(governed.caller)
    governed.policy(REDACT, phase="post", scope={"operations": [operation]})
    answers = (
        makes(governed.caller, background=True),
        governed.caller.http.post("/v1/runs:stream", json=run(TELLS)),
        follows(governed.caller, run_id),
    )

    assert tuple(answer.status_code for answer in answers) == statuses
    redacted = operation == "runs.create"
    assert (MAIL in reads(governed.caller, run_id).text) is not redacted


def test_a_policy_without_rules_has_to_see_nothing(governed: PolicyBench):
    """Nothing is refused in its name."""
    governed.policy(phase="post", rules=[])
    run_id = made(governed.caller, background=True)
    streamed = governed.caller.http.post("/v1/runs:stream", json=run(TELLS))

    assert streamed.status_code == 200
    assert follows(governed.caller, run_id).status_code == 200


def test_shadow_only_notes(governed: PolicyBench):
    """What would be refused of a run, whoever asks for it and however."""
    policy = governed.policy(DENY, phase="post", mode="shadow")
    run_id = made(governed.caller, background=True)
    until(lambda: listed(governed.caller)[0]["status"], "completed".__eq__)
    followed = follows(governed.caller, run_id)
    read = reads(governed.caller, run_id)
    noted = {"project_id": governed.project, "policy_result": "shadow_deny"}
    found = entries(governed.proxy.client, 3, **noted)

    assert followed.status_code == 200
    assert told(read) == f"Write to {MAIL}."
    assert [(entry["operation"], entry["shadow_violations"]) for entry in found] == [
        (operation, [policy["id"]])
        for operation in ("runs.create", "runs.events", "runs.get")
    ]


def test_another_process_judges_alike(tmp_path: Path):
    """A run that outlived its gateway, and whoever waited for its judged answer."""
    gateway = MortalGateway(tmp_path)
    gateway.start()
    client = Client(Gateway(gateway.url, API_KEY, ADMIN_KEY))
    project = client.new_project("to be killed")
    caller = client.with_key(client.new_key(project)["secret"])
    new_policy(client, project, REDACT, phase="post")
    slow = {"turns": [{"text": f"Write to {MAIL}.", "chunk": 2, "delay_ms": 200}]}
    with ThreadPoolExecutor() as pool:
        making = pool.submit(makes, caller, slow)
        run_id = until(lambda: listed(caller), bool)[0]["id"]
        gateway.kill()
        broken = making.exception()
    gateway.start()
    early = follows(caller, run_id)
    read = until(
        lambda: reads(caller, run_id), lambda answer: bool(answer.json()["result"])
    )
    late = follows(caller, run_id)
    client.close()
    gateway.stop()

    assert isinstance(broken, httpx2.TransportError)
    assert told(read) == "Write to [email]."
    assert (early.status_code, late.status_code) == (403, 403)
