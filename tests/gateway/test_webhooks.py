"""Webhooks: what happens in a project is told to those who asked, signed, until taken.

Receivers listen on loopback; what they get is verified by the Python SDK.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from headgate_sdk import WebhookVerificationError
from headgate_sdk.webhooks import WebhookEvent, unwrap
from tests.gateway.client import Client, message, run
from tests.gateway.conftest import store_settings
from tests.gateway_process import Gateway, running_gateway

SETTINGS = {
    "HEADGATE_GATEWAY_PRIVATE_NETWORKS": "127.0.0.0/8",
    "HEADGATE_GATEWAY_WEBHOOK_FIRST_DELAY": "0.05",
    "HEADGATE_GATEWAY_WEBHOOK_ATTEMPTS": "3",
    "HEADGATE_GATEWAY_LEASE": "1",
}


@dataclass
class Receiver:
    """Where it listens, what it answers, and the requests that came."""

    url: str
    statuses: list[int] = field(default_factory=list)
    """The next answers; 204 when there is none left."""
    came: queue.Queue[tuple[dict[str, str], bytes]] = field(default_factory=queue.Queue)
    answers: threading.Semaphore | None = None
    """How many it may still answer; None: any number."""
    waiting: set[int] = field(default_factory=set)
    """The threads whose requests it does not answer yet."""

    def wait_for(self, count: int) -> None:
        """Return when so many requests wait for their answer."""
        deadline = time.monotonic() + 20
        while len(self.waiting) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.waiting) >= count

    def next(self) -> tuple[dict[str, str], bytes]:
        """The next request, as headers and body."""
        return self.came.get(timeout=20)

    def event(self, secret: str) -> WebhookEvent:
        """What the next request says, which the secret verifies."""
        headers, body = self.next()
        return unwrap(body, headers, secret=secret)


@contextmanager
def listening() -> Iterator[Receiver]:
    """A receiver on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            names = {name.lower(): value for name, value in self.headers.items()}
            if receiver.answers is not None:
                receiver.waiting.add(threading.get_ident())
                receiver.answers.acquire()
                receiver.waiting.discard(threading.get_ident())
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
            self.end_headers()
            receiver.came.put((names, body))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hooks")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def hooked(store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that may call loopback, and tries again soon."""
    folder = tmp_path_factory.mktemp(f"webhooks-{store}")
    with running_gateway(folder, {**store_settings(store), **SETTINGS}) as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of the test's own."""
    with listening() as made:
        yield made


@dataclass
class Project:
    """A project with a webhook and a key."""

    client: Client
    id: str
    receiver: Receiver
    webhook: dict[str, Any]
    key: str
    api: Client

    @property
    def secret(self) -> str:
        """The secret of its webhook."""
        return self.webhook["secret"]

    @property
    def place(self) -> str:
        """Where its webhook is administered."""
        return f"/v1/admin/webhooks/{self.webhook['id']}"

    def delivery(self, status: str) -> dict[str, Any]:
        """Its newest delivery, once that has a status."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            page = self.client.admin.get(f"{self.place}/deliveries").json()
            if page["data"] and page["data"][0]["status"] == status:
                return page["data"][0]
            time.sleep(0.02)
        raise AssertionError(f"no delivery is {status}: {page}")

    def policy(self, *actions: dict[str, Any], **when: Any) -> str:
        """A policy of the project for chats."""
        body = {
            "name": f"policy {time.monotonic_ns()}",
            "project_id": self.id,
            "mode": "enforce",
            "phase": "pre",
            "scope": {"operations": ["messages.create"]},
            "rules": [{"when": {"type": "always"}, "then": list(actions)}],
        }
        made = self.client.admin.post("/v1/admin/policies", json=body)
        assert made.status_code == 201, made.text
        return made.json()["name"]


def project_of(client: Client, receiver: Receiver, **webhook: Any) -> Project:
    """A new project whose webhook is the receiver."""
    project = client.new_project(f"webhooks {time.monotonic_ns()}")
    body = {"project_id": project, "url": receiver.url, **webhook}
    made = client.admin.post("/v1/admin/webhooks", json=body)
    assert made.status_code == 201, made.text
    key = client.new_key(project, scopes=["*"])["secret"]
    return Project(client, project, receiver, made.json(), key, client.with_key(key))


@pytest.fixture
def project(hooked: Gateway, receiver: Receiver) -> Iterator[Project]:
    """A project whose webhook is told of everything."""
    client = Client(hooked)
    yield project_of(client, receiver)
    client.close()


def test_a_trial_is_signed_and_its_secret_shown_once(project: Project):
    """A trial comes with a right signature; no answer but the first has the secret."""
    trial = project.client.admin.post(f"{project.place}/test").json()
    headers, body = project.receiver.next()
    event = unwrap(body, headers, secret=project.secret)
    done = project.delivery("delivered")
    shown = project.client.admin.get(project.place)

    assert event.type == "webhook_test"
    assert event.id == headers["webhook-id"] == trial["event_id"] == done["event_id"]
    assert event.data.webhook_id == project.webhook["id"]
    assert (done["attempts"], done["response_status"]) == (1, 204)
    assert project.secret not in shown.text
    assert shown.json()["last_delivered_at"] is not None
    with pytest.raises(WebhookVerificationError):
        unwrap(body + b" ", headers, secret=project.secret)


def test_an_event_is_tried_until_it_is_taken(project: Project):
    """After 500 the same event comes again, signed anew, and then no more."""
    project.receiver.statuses = [500, 302]
    project.client.admin.post(f"{project.place}/test")
    tries = [project.receiver.next() for _ in range(3)]
    done = project.delivery("delivered")

    assert len({headers["webhook-id"] for headers, _ in tries}) == 1
    assert len({body for _, body in tries}) == 1
    for headers, body in tries:
        unwrap(body, headers, secret=project.secret)
    assert (done["attempts"], done["error"]) == (3, None)
    assert project.receiver.came.empty()


def test_a_webhook_that_takes_nothing_is_given_up(project: Project):
    """With its last try an event fails and the webhook too, until it is activated."""
    project.receiver.statuses = [500] * 3
    assert project.api.http.post("/v1/runs", json=run("text")).status_code == 200
    failed = project.delivery("failed")
    given_up = project.client.admin.get(project.place).json()
    project.client.admin.patch(project.place, json={"is_active": True})
    again = project.client.admin.post(
        f"{project.place}/deliveries/{failed['id']}/redeliver"
    )
    done = project.delivery("delivered")

    assert (failed["attempts"], failed["response_status"]) == (3, 500)
    assert (given_up["is_active"], given_up["disabled_reason"]) == (False, "failing")
    assert again.json()["event_id"] == failed["event_id"] == done["event_id"]
    assert done["attempts"] == 1


def test_a_receiver_that_is_gone_is_left_alone(project: Project):
    """410 ends it at once."""
    project.receiver.statuses = [410]
    project.api.http.post("/v1/runs", json=run("text"))
    failed = project.delivery("failed")
    given_up = project.client.admin.get(project.place).json()

    assert failed["attempts"] == 1
    assert (given_up["is_active"], given_up["disabled_reason"]) == (False, "gone")


def test_both_secrets_sign_while_one_gives_way(project: Project):
    """Either secret verifies for a time, and then the new one alone."""
    rotated = project.client.admin.post(f"{project.place}/rotate", json={"grace_s": 60})
    project.client.admin.post(f"{project.place}/test")
    headers, body = project.receiver.next()
    for secret in (project.secret, rotated.json()["secret"]):
        unwrap(body, headers, secret=secret)
    last = project.client.admin.post(f"{project.place}/rotate", json={"grace_s": 0})
    project.client.admin.post(f"{project.place}/test")
    headers, body = project.receiver.next()

    unwrap(body, headers, secret=last.json()["secret"])
    with pytest.raises(WebhookVerificationError):
        unwrap(body, headers, secret=rotated.json()["secret"])


def test_approvals_are_told(project: Project):
    """A request that waits is told, and what was decided, once each."""
    name = project.policy({"type": "require_approval"})
    waiting = project.api.http.post(
        "/v1/messages", json=message(), headers={"X-Agent-Name": "billing-bot"}
    ).json()
    asked = project.receiver.event(project.secret)
    place = f"/v1/admin/approvals/{waiting['approval_id']}/decision"
    decision = {"decision": "rejected", "reason": "No.", "reviewed_by": "ada"}
    project.client.admin.post(place, json=decision)
    decided = project.receiver.event(project.secret)

    assert asked.type == "approval_requested"
    assert asked.project_id == project.id
    assert asked.data.approval_id == waiting["approval_id"]
    assert (asked.data.policy_name, asked.data.agent_name) == (name, "billing-bot")
    assert decided.type == "approval_decided"
    assert (decided.data.status, decided.data.reason) == ("rejected", "No.")
    assert decided.data.reviewed_by == "ada"
    assert project.client.admin.post(place, json=decision).status_code == 409
    assert (
        len(project.client.admin.get(f"{project.place}/deliveries").json()["data"]) == 2
    )


def test_policies_are_told(project: Project):
    """A refusal is told, and what a rule's action points out; an allowed one is not."""
    name = project.policy(
        {"type": "webhook", "message": "Somebody said hello."},
        {"type": "deny", "message": "Not today."},
    )
    refused = project.api.http.post("/v1/messages", json=message())
    events = {}
    for _ in range(2):
        event = project.receiver.event(project.secret)
        events[event.type] = event.data
    matched, violated = events["policy_matched"], events["policy_violated"]

    assert refused.status_code == 403
    assert (matched.policy_name, matched.message) == (name, "Somebody said hello.")
    assert (violated.policy_name, violated.message) == (name, "Not today.")
    assert violated.operation == "messages.create"
    assert violated.request_id == refused.headers["X-Request-ID"]


def test_limits_are_told_once(project: Project):
    """Of many refusals by a limit the first is told, and each cap once a period."""
    key = project.client.new_key(
        project.id, scopes=["*"], rate_limit={"requests": 1, "window_s": 3600}
    )
    limited = project.client.with_key(key["secret"])
    statuses = [limited.http.get("/v1/models").status_code for _ in range(4)]
    told = project.receiver.event(project.secret)
    capped = project.client.new_key(project.id, scopes=["*"])
    place = f"/v1/admin/keys/{capped['id']}/spend-caps/daily"
    project.client.admin.put(place, json={"limit_usd": "0"})
    poor = project.client.with_key(capped["secret"])
    poor_statuses = [
        poor.http.post("/v1/messages", json=message()).status_code for _ in range(3)
    ]
    spent = project.receiver.event(project.secret)
    page = project.client.admin.get(f"{project.place}/deliveries").json()

    assert statuses == [200, 429, 429, 429]
    assert (told.type, told.data.limit) == ("rate_limit_exceeded", 1)
    assert (told.data.key_id, told.data.window) == (key["id"], "3600s")
    assert poor_statuses == [402] * 3
    assert (spent.type, spent.data.period) == ("spend_cap_exceeded", "daily")
    assert spent.data.key_id == capped["id"]
    assert len(page["data"]) == 2


def test_ends_of_runs_are_told(project: Project):
    """A run that ends and one that fails are told, each once."""
    done = project.api.http.post("/v1/runs", json=run("text")).json()["run"]
    completed = project.receiver.event(project.secret)
    script = {"turns": [{"text": "x"}], "faults": {"http": {"status": 503}}}
    project.api.http.post("/v1/runs", json=run(script))
    failed = project.receiver.event(project.secret)

    assert completed.type == "run_completed"
    assert (completed.data.run_id, completed.data.status) == (done["id"], "completed")
    assert completed.data.stop_reason == done["stop_reason"]
    assert (failed.type, failed.data.error.code) == ("run_failed", "overloaded")


def test_only_what_was_asked_for_is_told(hooked: Gateway, receiver: Receiver):
    """Events that a webhook does not name, and those of others, do not come."""
    client = Client(hooked)
    mine = project_of(client, receiver, events=["run_completed"])
    with listening() as elsewhere:
        other = project_of(client, elsewhere)
        mine.policy({"type": "deny"})
        mine.api.http.post("/v1/messages", json=message())
        other.api.http.post("/v1/runs", json=run("text"))
        theirs = elsewhere.next()
        mine.api.http.post("/v1/runs", json=run("text"))
        event = mine.receiver.event(mine.secret)
    client.close()

    assert event.type == "run_completed"
    assert event.project_id == mine.id
    assert receiver.came.empty()
    assert other.id.encode() in theirs[1]


def test_a_backlog_keeps_no_other_webhook_waiting(hooked: Gateway, receiver: Receiver):
    """Of many deliveries that are due together a slow receiver gets a few at a time."""
    client = Client(hooked)
    receiver.answers = threading.Semaphore(0)
    slow = project_of(client, receiver, events=["run_completed"])
    for _ in range(40):
        slow.api.http.post("/v1/runs", json=run("text"))
    receiver.wait_for(4)
    receiver.answers.release()
    receiver.next()
    receiver.wait_for(4)
    with listening() as elsewhere:
        other = project_of(client, elsewhere, events=["run_completed"])
        other.api.http.post("/v1/runs", json=run("text"))
        event = elsewhere.event(other.secret)
    at_once = len(receiver.waiting)
    receiver.answers.release(1000)
    client.close()

    assert event.project_id == other.id
    assert at_once < 8


def test_webhooks_do_not_lead_inside(client: Client):
    """An address inside is not called where the operator named no networks."""
    with listening() as inside:
        project = project_of(client, inside)
        client.admin.post(f"{project.place}/test")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            [tried] = client.admin.get(f"{project.place}/deliveries").json()["data"]
            if tried["error"] is not None:
                break
            time.sleep(0.02)

    assert "not allowed" in tried["error"]
    assert inside.came.empty()


def test_two_processes_tell_once_and_outlive_each_other(
    own_settings: dict[str, str], receiver: Receiver, tmp_path: Path
):
    """Each event is told by one of two processes; one that ends loses none."""
    settings = {**own_settings, **SETTINGS, "HEADGATE_GATEWAY_WEBHOOK_FIRST_DELAY": "2"}
    with running_gateway(tmp_path, settings) as second:
        with running_gateway(tmp_path, settings) as first:
            client, other = Client(first), Client(second)
            project = project_of(client, receiver)
            beside = other.with_key(project.key)
            for asked in (project.api, beside) * 4:
                asked.http.post("/v1/runs", json=run("text"))
            told = {receiver.next()[0]["webhook-id"] for _ in range(8)}
            receiver.statuses = [503]
            project.api.http.post("/v1/runs", json=run("text"))
            refused = receiver.next()
            client.close()
        headers, body = receiver.next()
        other.close()

    unwrap(body, headers, secret=project.secret)
    assert len(told) == 8
    assert (headers["webhook-id"], body) == (refused[0]["webhook-id"], refused[1])
    assert receiver.came.empty()
