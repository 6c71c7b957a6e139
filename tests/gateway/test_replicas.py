"""Two processes on one store: what one runs, the other shows and stops."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.client import Client, breaches, run
from tests.gateway.conftest import STORES, store_settings
from tests.gateway_process import running_gateway


@pytest.fixture(params=STORES)
def replicas(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Client, Client]]:
    """Clients of two gateways that share a store."""
    settings = {
        "HEADGATE_GATEWAY_DATABASE_URL": f"sqlite:///{tmp_path / 'shared.sqlite3'}",
        "HEADGATE_GATEWAY_LEASE": "2",
        **store_settings(request.param),
    }
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with (
        running_gateway(tmp_path / "one", settings) as first,
        running_gateway(tmp_path / "two", settings) as second,
    ):
        clients = Client(first), Client(second)
        yield clients
        for client in clients:
            client.close()


def test_a_run_is_followed_from_anywhere(replicas: tuple[Client, Client]):
    """The other process gives the same frames, while they happen and after."""
    here, there = replicas
    script = {"turns": [{"text": "far and near", "chunk": 2, "delay_ms": 100}]}
    answer = here.http.post("/v1/runs", json=run(script, background=True)).json()
    run_id = answer["run"]["id"]

    followed = there.follow(run_id)

    assert followed.types[-1] == "run_complete"
    assert followed.frames == here.follow(run_id).frames


def test_a_run_is_cancelled_from_anywhere(replicas: tuple[Client, Client]):
    """A cancel reaches the process that carries the run out, in time."""
    here, there = replicas
    script = {"turns": [{"text": "x" * 900, "chunk": 1, "delay_ms": 30}]}
    answer = here.http.post("/v1/runs", json=run(script, background=True)).json()
    run_id = answer["run"]["id"]

    started = time.monotonic()
    cancelled = there.http.post(f"/v1/runs/{run_id}/cancel").json()
    recording = here.follow(run_id)

    assert time.monotonic() - started < 5
    assert cancelled["status"] == "cancelled"
    assert recording.events[-1]["result"]["stop_reason"] == "cancelled"
    assert breaches("run", recording) == []


def test_the_same_key_starts_one_run_anywhere(replicas: tuple[Client, Client]):
    """An Idempotency-Key holds across processes."""
    headers = {"Idempotency-Key": "anywhere"}
    first, second = (
        client.http.post("/v1/runs", json=run("text"), headers=headers)
        for client in replicas
    )

    assert second.json() == first.json()
    assert second.headers["idempotent-replayed"] == "true"


def test_a_revoked_key_is_refused_everywhere(replicas: tuple[Client, Client]):
    """Within two seconds of the revocation no process takes the key."""
    here, there = replicas
    key = here.new_key(here.new_project("shared"))
    caller = there.with_key(key["secret"])
    before = caller.http.get("/v1/models").status_code
    here.admin.post(f"/v1/admin/keys/{key['id']}/revoke")
    time.sleep(1.5)
    after = caller.http.get("/v1/models").status_code

    assert (before, after) == (200, 401)
