"""Limits of keys: how often they are used, and how many times at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from headgate_gateway.store.database import Database
from headgate_gateway.store.limits import Bucket, LimitStore
from tests.gateway.client import Client, message
from tests.gateway.conftest import STORES, store_settings
from tests.gateway_process import running_gateway

Pair = tuple[Client, Client]
SLOW = {"turns": [{"text": "word " * 400, "chunk": 5, "delay_ms": 20}]}


@pytest.fixture(scope="module", params=STORES)
def gateways(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Clients of two gateways that share a store."""
    folder = tmp_path_factory.mktemp("limits")
    settings = {
        "HEADGATE_GATEWAY_DATABASE_URL": f"sqlite:///{folder / 'shared.sqlite3'}",
        **store_settings(request.param),
    }
    (folder / "one").mkdir()
    (folder / "two").mkdir()
    with (
        running_gateway(folder / "one", settings) as one,
        running_gateway(folder / "two", settings) as two,
    ):
        clients = Client(one), Client(two)
        yield clients
        for client in clients:
            client.close()


def limited(gateways: Pair, **limits: object) -> Pair:
    """Both gateways with a new key that has limits."""
    project = gateways[0].new_project(f"limits {time.monotonic_ns()}")
    secret = gateways[0].new_key(project, **limits)["secret"]
    return gateways[0].with_key(secret), gateways[1].with_key(secret)


def test_a_bucket_is_exact_over_processes(gateways: Pair):
    """Of many requests at once through two processes just as many pass as may."""
    clients = limited(gateways, rate_limit={"requests": 7, "window_s": 3600})

    def ask(turn: int) -> int:
        return clients[turn % 2].http.get("/v1/models").status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = Counter(pool.map(ask, range(20)))

    assert statuses == {200: 7, 429: 13}


def test_a_refused_request_is_told_when_to_come_again(gateways: Pair):
    """429 has the limit, the time to wait, and the time when all is free again."""
    client, _ = limited(gateways, rate_limit={"requests": 2, "window_s": 60})
    passed = [client.http.post("/v1/messages", json=message()) for _ in range(2)]
    refused = client.http.post("/v1/messages", json=message())

    error = refused.json()["error"]
    assert [a.headers["X-RateLimit-Remaining"] for a in passed] == ["1", "0"]
    assert refused.status_code == 429
    assert refused.headers["X-RateLimit-Limit"] == "2"
    assert 1 <= int(refused.headers["Retry-After"]) <= 30
    assert int(refused.headers["X-RateLimit-Reset"]) > time.time()
    assert (error["code"], error["retryable"]) == ("rate_limit_exceeded", True)
    assert (error["details"]["limit"], error["details"]["window"]) == (2, "60s")
    assert error["details"]["reset_at"].endswith("Z")


def test_a_stream_is_limited_too(gateways: Pair):
    """A stream's headers tell what is left, and one too many is an HTTP error."""
    client, _ = limited(gateways, rate_limit={"requests": 1, "window_s": 3600})
    body = message("text", stream=True)
    first, second = (client.record("POST", "/v1/messages", json=body) for _ in "ab")

    assert (first.status, first.headers["X-RateLimit-Remaining"]) == (200, "0")
    assert second.status == 429


def test_only_so_many_are_in_flight(gateways: Pair):
    """Over both processes; who leaves makes room, and reading takes none."""
    here, there = limited(gateways, max_concurrent=1)
    body = message(SLOW, stream=True)
    with here.frames("POST", "/v1/messages", json=body) as frames:
        next(frames)
        refused = there.http.post("/v1/messages", json=message())
        read = there.http.get("/v1/models")
    again = there.http.post("/v1/messages", json=message())
    while again.status_code == 429:
        again = there.http.post("/v1/messages", json=message())

    error = refused.json()["error"]
    assert (refused.status_code, read.status_code) == (429, 200)
    assert error["code"] == "concurrent_limit_exceeded"
    assert (error["details"]["current"], error["details"]["max"]) == (1, 1)
    assert int(refused.headers["Retry-After"]) >= 1
    assert again.status_code == 200


def test_keys_have_limits_of_their_own(gateways: Pair):
    """One key's empty bucket is nobody else's; a key without limits has no headers."""
    client, _ = limited(gateways, rate_limit={"requests": 1, "window_s": 3600})
    other, _ = limited(gateways)
    statuses = [client.http.get("/v1/models").status_code for _ in range(2)]
    free = other.http.get("/v1/models")

    assert statuses == [200, 429]
    assert free.status_code == 200
    assert "X-RateLimit-Limit" not in free.headers


def test_a_limit_is_shown_changed_and_lifted(gateways: Pair):
    """The key tells its limits; null lifts them."""
    admin = gateways[0].admin
    project = gateways[0].new_project(f"limits {time.monotonic_ns()}")
    limit = {"requests": 1, "window_s": 3600}
    made = gateways[0].new_key(project, rate_limit=limit, max_concurrent=3)
    client = gateways[0].with_key(made["secret"])
    url = f"/v1/admin/keys/{made['id']}"
    statuses = [client.http.get("/v1/models").status_code for _ in range(2)]
    lifted = admin.patch(url, json={"rate_limit": None, "max_concurrent": None}).json()

    assert (made["rate_limit"], made["max_concurrent"]) == (limit, 3)
    assert statuses == [200, 429]
    assert (lifted["rate_limit"], lifted["max_concurrent"]) == (None, None)
    assert client.http.get("/v1/models").status_code == 200


async def test_without_a_store_nothing_passes(tmp_path: Path):
    """A limit that cannot be looked up is not taken for none."""
    database = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    store = LimitStore(database, instance="inst")

    with pytest.raises(SQLAlchemyError):
        await store.take("key", Bucket(requests=1, window_ms=1000), now=0)
    with pytest.raises(SQLAlchemyError):
        await store.enter("key", 1)
    await database.close()


def test_a_bucket_fills_evenly():
    """No drop is lost or gained by looking often, and none before time began."""
    bucket = Bucket(requests=3, window_ms=1000)
    level = 0
    for _ in range(999):
        level = bucket.filled(level, 1)

    assert level == bucket.filled(0, 999) == 2997
    assert bucket.milliseconds(1000 - level % 1000) == 1
    assert bucket.filled(5, -10) == 5
    assert bucket.filled(level, 10**9) == bucket.size
