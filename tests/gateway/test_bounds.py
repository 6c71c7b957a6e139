"""What one caller may cost, and what may not get lost, done twice or told."""

from __future__ import annotations

import asyncio
import re
import signal
import threading
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from headgate_gateway.approvals.desk import ApprovalDesk
from headgate_gateway.clock import now_ms
from headgate_gateway.drain import Drain
from headgate_gateway.keys import Hasher
from headgate_gateway.principals import Authenticator
from headgate_gateway.redaction import PATTERNS, redact_text
from headgate_gateway.store.approvals import ApprovalStore
from headgate_gateway.store.bulk import Insert, Part
from headgate_gateway.store.database import Database
from headgate_gateway.store.idempotency import Claim, Earlier, IdempotencyStore
from headgate_gateway.store.instances import InstanceStore
from headgate_gateway.store.keys import KeyStore
from headgate_gateway.store.schema import migrate
from headgate_gateway.store.tables import projects
from tests.gateway.client import Client, message, until
from tests.gateway.proxy_bench import LOOPBACK, ProxyBench
from tests.gateway.rest_upstream import RestUpstream, running_rest_upstream
from tests.gateway.test_approvals import CHARGE, decide, require_approval
from tests.gateway.test_lifetime import (
    in_background,
    process,
    stream_of,
    wait_for_streams,
    wait_until_draining,
)

SLOW = message(
    {"turns": [{"text": "slow" * 10, "chunk": 1, "delay_ms": 75}]}, stream=True
)
"""Its answer keeps a drain open."""


@asynccontextmanager
async def new_store(folder: Path) -> AsyncGenerator[Database]:
    """A store with all its tables."""
    database = Database(f"sqlite:///{folder / 'store.sqlite3'}")
    await migrate(database)
    try:
        yield database
    finally:
        await database.close()


class Stopping:
    """A gateway that drains, whose callers asked for what a person agrees to."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.settings = {**LOOPBACK, **settings, "HEADGATE_GATEWAY_DRAIN_GRACE": "20"}
        self.secret = ""

    def caller(self, client: Client, upstream: RestUpstream) -> Client:
        """Who may call a service only when a person agrees."""
        proxy = ProxyBench(client, upstream, self.folder)
        project = proxy.project()
        proxy.service(project)
        require_approval(client, project)
        self.secret = client.new_key(project)["secret"]
        return client.with_key(self.secret)

    @contextmanager
    def draining_before(
        self, upstream: RestUpstream, path: str, body: object, **headers: str
    ) -> Generator[tuple[Client, str]]:
        """The caller and the approval; the gateway is gone after the block."""
        with process(self.folder, self.settings) as (gateway, client):
            caller = self.caller(client, upstream)
            asked = caller.http.post(path, json=body, headers=headers)
            thread, _ = in_background(stream_of, client, SLOW)
            wait_for_streams(client, 1)
            gateway.send_signal(signal.SIGTERM)
            wait_until_draining(client)
            yield caller, asked.json()["approval_id"]
            thread.join()
            gateway.wait(timeout=20)

    def outcome_in_the_next(self, approval_id: str) -> dict[str, Any]:
        """What came of it, from another process."""
        with process(self.folder, self.settings) as (_, client):
            http = client.with_key(self.secret).http
            url = f"/v1/approvals/{approval_id}"
            return http.get(url, params={"wait": 20}).json()["response"]


@pytest.fixture
def stopping(tmp_path: Path, own_settings: dict[str, str]) -> Stopping:
    return Stopping(tmp_path, own_settings)


@pytest.fixture
def upstream() -> Iterator[RestUpstream]:
    with running_rest_upstream() as running:
        running.answers(201, b"{}")
        yield running


def outcome(caller: Client, approval_id: str) -> dict[str, Any]:
    """What came of an approved request."""
    url = f"/v1/approvals/{approval_id}"
    return caller.http.get(url, params={"wait": 20}).json()["response"]


def test_what_is_approved_in_a_drain_is_done_by_the_next_process(
    stopping: Stopping, upstream: RestUpstream
):
    """The one that stops leaves it alone; it is neither lost nor done twice."""
    with stopping.draining_before(upstream, CHARGE, {}) as (caller, approval_id):
        decided = decide(caller, approval_id, "approved")
    before = len(upstream.asked)
    response = stopping.outcome_in_the_next(approval_id)

    assert (decided.status_code, before) == (200, 0)
    assert response["status_code"] == 201
    assert len(upstream.asked) == 1


def test_what_only_one_process_can_do_is_done_in_its_drain(
    stopping: Stopping, upstream: RestUpstream
):
    """No other has the credential that was brought."""
    headers = {"X-Upstream-Authorization": "brought"}
    drain = stopping.draining_before(upstream, CHARGE, {}, **headers)
    with drain as (caller, approval_id):
        decide(caller, approval_id, "approved")
        response = outcome(caller, approval_id)

    assert response["status_code"] == 201
    assert [asked.headers["authorization"] for asked in upstream.asked] == ["brought"]


def test_what_a_drain_refuses_gets_its_end_in_the_next_process(
    stopping: Stopping, upstream: RestUpstream
):
    """That it was refused is no end; here the caller's own key for a model is gone."""
    headers = {"X-Provider-Key-OpenAI": "sk-brought"}
    drain = stopping.draining_before(upstream, "/v1/messages", message(), **headers)
    with drain as (caller, approval_id):
        decide(caller, approval_id, "approved")
    response = stopping.outcome_in_the_next(approval_id)

    assert response["body"]["error"]["code"] == "credential_missing"


def test_a_call_cut_off_by_a_stop_is_not_made_again(
    stopping: Stopping, upstream: RestUpstream
):
    """The upstream has it already: who takes it up next only says so."""
    upstream.pieces = [threading.Event()]
    stopping.settings["HEADGATE_GATEWAY_DRAIN_GRACE"] = "0.3"
    with process(stopping.folder, stopping.settings) as (gateway, client):
        http = stopping.caller(client, upstream).http
        headers = {"Idempotency-Key": str(uuid4())}
        asked = http.post(CHARGE, json={}, headers=headers).json()
        decide(client, asked["approval_id"], "approved")
        until(lambda: upstream.asked, bool)
        gateway.send_signal(signal.SIGTERM)
        gateway.wait(timeout=20)
    response = stopping.outcome_in_the_next(asked["approval_id"])

    assert response["status_code"] == 502
    assert len(upstream.asked) == 1


class CountingStore(ApprovalStore):
    """Counts how often it is asked."""

    asked = 0

    async def get(
        self, approval_id: str, *, scope: str | None = None
    ) -> sa.RowMapping | None:
        """One look at an approval."""
        self.asked += 1
        return await super().get(approval_id, scope=scope)

    async def expire(self) -> None:
        """One look for what is late."""
        self.asked += 1
        await super().expire()


def pending(**values: object) -> dict[str, Any]:
    """A new approval."""
    return {
        "id": f"appr_{uuid4().hex[:26]}",
        "kind": "request",
        "scope": "key:1",
        "project_id": "proj_1",
        "key_id": "key_1",
        "principal_kind": "key",
        "request_id": "req_1",
        "status": "pending",
        "policy_id": "pol_1",
        "policy_name": "a policy",
        "fallback": "deny",
        "timeout_s": 60,
        "summary": {
            "operation": "messages.create",
            "method": "POST",
            "path": "/v1/messages",
            "agent_name": None,
        },
        "sealed": b"",
        "idempotency_key": None,
        "fingerprint": b"",
        "created_at": now_ms(),
        "expires_at": now_ms() + 60_000,
        **values,
    }


def new_desk(database: Database, store: ApprovalStore) -> ApprovalDesk:
    """A desk that performs nothing."""
    authenticator = Authenticator(
        KeyStore(database),
        Hasher(b"pepper"),
        mode="required",
        default_project="proj_1",
        admin_secret="",
        api_secret="",
    )
    return ApprovalDesk(store, authenticator, key=b"k" * 32, drain=Drain())


async def test_who_waits_for_a_decision_asks_the_store_seldom(tmp_path: Path):
    """Once a second, for what other processes decide."""
    async with new_store(tmp_path) as database:
        store = CountingStore(database, owner="inst_1")
        row, _ = await store.create(pending())
        kept = await new_desk(database, store).until_over(row, seconds=1.5)

    assert kept["status"] == "pending"
    assert store.asked <= 4


async def test_who_waits_hears_of_a_decision_at_once(tmp_path: Path):
    """It is told: nothing is asked for in vain."""
    async with new_store(tmp_path) as database:
        store = CountingStore(database, owner="inst_1")
        desk = new_desk(database, store)
        row, _ = await store.create(pending())
        waiting = asyncio.create_task(desk.until_over(row, seconds=30))
        await asyncio.sleep(0.1)
        await store.decide(row["id"], status="rejected")
        await desk.decided(row["id"])
        kept = await waiting

    assert kept["status"] == "rejected"
    assert store.asked <= 4


async def test_who_waits_sees_the_time_to_decide_end(tmp_path: Path):
    """Without waiting for the next look."""
    async with new_store(tmp_path) as database:
        store = ApprovalStore(database, owner="inst_1")
        row, _ = await store.create(pending(expires_at=now_ms() + 200))
        kept = await new_desk(database, store).until_over(row, seconds=30)

    assert kept["status"] == "expired"


async def test_an_error_of_the_store_tells_no_values(tmp_path: Path):
    """They are what callers sent, and errors go to the log."""
    async with new_store(tmp_path) as database:
        errors: list[pytest.ExceptionInfo[DBAPIError]] = []
        broken = sa.text("SELECT * FROM nowhere WHERE body = :body")
        for connect in (database.reading, database.writing):
            with pytest.raises(DBAPIError) as error:
                async with connect() as connection:
                    await connection.execute(broken, {"body": "canary"})
            errors.append(error)
        rows = [("canary", "canary", 1, "canary")] * 2
        insert = Insert(projects, ("id", "name", "created_at", "nothing"))
        with pytest.raises(DBAPIError) as error:
            await database.write_rows(Part(insert, rows))
        errors.append(error)

    assert [str(each.value) for each in errors if "canary" in str(each.value)] == []


def test_a_long_hostile_text_is_redacted():
    """Where there is something; the rest stays as it was."""
    text = "a." * 1_000_000 + "@ ada@example.com"

    assert redact_text(text, PATTERNS.items()) == (
        text.replace("ada@example.com", "[email]"),
        ["email"],
    )


ADDRESSES = [
    ("ada@example.com", "[email]"),
    ("<ada@example.com>, bob@b.org.", "<[email]>, [email]."),
    (f"{'x' * 100}@b.de", f"{'x' * 36}[email]"),
    ("a@b.de@c.de", "[email]@c.de"),
    ("a@b.de.x@c.de", "[email][email]"),
    ("a@b@c.de", "a@[email]"),
    ("@b.de a@b a@.de a@b.d \u00fc@b.de", "@b.de a@b a@.de a@b.d \u00fc@b.de"),
    ("a@b.de1", "[email]1"),
]


@pytest.mark.parametrize(("text", "redacted"), ADDRESSES)
def test_addresses_are_found_as_they_are_written(text: str, redacted: str):
    """From the first character that may belong to one, each character once."""
    found = ["email"] if redacted != text else []

    assert redact_text(text, PATTERNS.items()) == (redacted, found)


PLAIN = {
    "email": (
        r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}",
        "ab1.-%@@ ",
    ),
    "credit_card": (r"\d(?<!\d\d)[ -]?(?:\d[ -]?){11,17}\d(?!\d)", "1111111 -x"),
    "phone": (
        (
            r"[+\d](?<![\w.][+\d])(?:(?<=\+)\d{1,3}|(?<=\d)\d{0,2})"
            r"[ .-]?\(?\d{2,4}\)?(?:[ .-]\d{2,4}){2,3}"
        ),
        "11111+ -",
    ),
}
"""Patterns written the plain way, which takes long, and what texts are made of."""


@pytest.mark.parametrize("name", PLAIN)
def test_a_fast_search_finds_what_a_plain_one_does(name: str):
    """In texts that are nearly what is looked for."""
    pattern, letters = PLAIN[name]
    plain, chance = re.compile(pattern), Random(0)
    texts = [
        "".join(chance.choices(letters, k=chance.randrange(80))) for _ in range(5000)
    ]
    expected = [plain.subn("[x]", text) for text in texts]

    assert sum(count for _, count in expected) > 100
    assert [PATTERNS[name].subn("[x]", text) for text in texts] == expected


async def test_a_lost_claim_is_left_to_its_new_owner(tmp_path: Path):
    """A process whose lease lapsed neither answers nor frees another's key."""
    claim = Claim(scope="key:1", operation="x", key="k", fingerprint=b"f" * 32)
    async with new_store(tmp_path) as database:
        first, second = (
            IdempotencyStore(database, owner=owner, window_ms=60_000)
            for owner in ("inst_1", "inst_2")
        )
        instances = InstanceStore(database, instance="inst_2", lease_ms=1000)
        await first.claim(claim)
        await instances.bury("inst_1")
        taken = await second.claim(claim)
        await first.keep(claim, status=200, body=b"the first's")
        await first.release(claim)
        held = await first.claim(claim)
        await second.keep(claim, status=201, body=b"the second's")
        kept = await first.claim(claim)

    assert (taken, held) == (None, Earlier(b"f" * 32, None, None, None))
    assert kept == Earlier(b"f" * 32, None, 201, b"the second's")


def test_a_call_that_was_left_is_not_made_twice(calling: ProxyBench):
    """Who leaves half-way and asks again gets the answer of the first call."""
    calling.fresh(b"", status=201)
    project = calling.project()
    calling.service(project)
    caller = calling.caller(project)
    headers = {"Idempotency-Key": str(uuid4())}
    held = threading.Event()
    calling.upstream.pieces = [held, b"made"]
    with pytest.raises(httpx2.ReadTimeout):
        caller.http.post(CHARGE, headers=headers, timeout=0.5)
    left = calling.upstream.closed.wait(0.5)
    held.set()
    answer = until(
        lambda: caller.http.post(CHARGE, headers=headers),
        lambda told: told.status_code != 409,
    )

    assert not left
    assert answer.status_code == 201
    assert answer.content.endswith(b"made")
    assert answer.headers["idempotent-replayed"] == "true"
    assert len(calling.upstream.asked) == 1
