"""Projects see nothing of each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.gateway.client import Client, run

UNKNOWN = "run_01JD2M5R9V3K7W8X4Y6Z0A1B2C"


@pytest.fixture
def pair(client: Client) -> Iterator[tuple[Client, Client]]:
    """Two callers of two projects."""
    made = [client.new_project(name) for name in ("tenant one", "tenant two")]
    yield tuple(client.with_key(client.new_key(one)["secret"]) for one in made)
    for project in made:
        client.admin.delete(f"/v1/admin/projects/{project}", params={"force": True})


def answers(client: Client, run_id: str) -> list[tuple[int, str]]:
    """Everything one can ask about a run, with request ids blanked."""
    asked = [
        client.http.get(f"/v1/runs/{run_id}"),
        client.http.get(f"/v1/runs/{run_id}/events"),
        client.http.get(f"/v1/runs/{run_id}/events", params={"starting_after": 3}),
        client.http.get(f"/v1/runs/{run_id}/events", headers={"Last-Event-ID": "9"}),
        client.http.post(f"/v1/runs/{run_id}/cancel"),
        client.http.post(f"/v1/runs/{run_id}/cancel", json={"reason": "mine now"}),
    ]
    return [(a.status_code, re.sub(r"req_\w{26}", "req", a.text)) for a in asked]


def test_a_foreign_run_is_as_unknown_as_none(pair: tuple[Client, Client]):
    """Byte for byte the same answers, alive or over."""
    one, two = pair
    over = one.http.post("/v1/runs", json=run("text")).json()["run"]["id"]
    slow = {"turns": [{"text": "slow", "delay_ms": 60_000}]}
    alive = one.http.post("/v1/runs", json=run(slow, background=True)).json()
    alive_id = alive["run"]["id"]

    assert answers(two, over) == answers(two, UNKNOWN)
    assert answers(two, alive_id) == answers(two, UNKNOWN)
    assert {status for status, _ in answers(two, over)} == {404}
    assert one.http.get(f"/v1/runs/{alive_id}").json()["run"]["status"] == "running"


def test_lists_and_cursors_show_ones_own(pair: tuple[Client, Client]):
    """A list holds the project's runs; a foreign cursor is a place like any other."""
    one, two = pair
    mine = [
        one.http.post("/v1/runs", json=run("text")).json()["run"]["id"] for _ in "ab"
    ]
    theirs = two.http.post("/v1/runs", json=run("text")).json()["run"]["id"]

    shown = one.http.get("/v1/runs").json()["data"]
    after_theirs = one.http.get("/v1/runs", params={"after": theirs}).json()["data"]

    assert [item["id"] for item in shown] == mine[::-1]
    assert [item["id"] for item in after_theirs] == mine[::-1]
    assert len(two.http.get("/v1/runs").json()["data"]) == 1


def test_idempotency_keys_are_ones_own(pair: tuple[Client, Client]):
    """The same key in two projects starts two runs."""
    one, two = pair
    headers = {"Idempotency-Key": "shared"}
    first = one.http.post("/v1/runs", json=run("text"), headers=headers).json()
    second = two.http.post("/v1/runs", json=run("text"), headers=headers)

    assert "idempotent-replayed" not in second.headers
    assert second.json()["run"]["id"] != first["run"]["id"]
