"""A gateway a store: the same tests on SQLite and, where there is one, PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.gateway.client import Client
from tests.gateway.policy_bench import PolicyBench
from tests.gateway.proxy_bench import ProxyBench, running_bench
from tests.gateway_process import Gateway, running_gateway

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "")

STORES = [pytest.param("sqlite", id="sqlite")]
if POSTGRES:
    STORES.append(pytest.param("postgres", id="postgres", marks=pytest.mark.postgres))


def fresh_postgres() -> str:
    """The URL of a database made just now on the server that the tests may use."""
    name = f"headgate_test_{secrets.token_hex(6)}"

    async def create() -> None:
        connection = await asyncpg.connect(POSTGRES)
        await connection.execute(f'CREATE DATABASE "{name}"')
        await connection.close()

    asyncio.run(create())
    return f"{POSTGRES.rsplit('/', 1)[0]}/{name}"


def store_settings(store: str) -> dict[str, str]:
    """The settings of a gateway on a new store of this kind."""
    if store == "sqlite":
        return {}
    return {
        "HEADGATE_GATEWAY_DATABASE_URL": fresh_postgres(),
        "HEADGATE_GATEWAY_PEPPER": "pepper of the tests",
    }


@pytest.fixture(scope="session", params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    """The kind of store that the test's gateway keeps things in."""
    return request.param


@pytest.fixture(scope="module")
def calling(
    store: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProxyBench]:
    """A file's own gateway, which may call loopback."""
    folder = tmp_path_factory.mktemp("calling")
    with running_bench(folder, store_settings(store)) as running:
        yield running


@pytest.fixture
def governed(calling: ProxyBench) -> PolicyBench:
    """A caller of a new project, whose policies are the test's own."""
    return PolicyBench.of(calling)


@pytest.fixture(scope="session")
def server(store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway a store, for tests that leave it as usable as they found it."""
    folder = tmp_path_factory.mktemp(f"gateway-{store}")
    settings = {**store_settings(store), "HEADGATE_GATEWAY_PING_INTERVAL": "0.2"}
    with running_gateway(folder, settings) as running:
        yield running


@pytest.fixture
def client(server: Gateway) -> Iterator[Client]:
    """A client of the session's gateway."""
    made = Client(server)
    yield made
    made.close()


@pytest.fixture
def own_settings(store: str, tmp_path: Path) -> dict[str, str]:
    """The settings of a gateway of the test's own."""
    return store_settings(store)
