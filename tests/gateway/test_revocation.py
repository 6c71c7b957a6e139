"""What a key has open ends with the key, in whatever process it is open."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate_gateway.keys import Hasher, load_pepper
from headgate_gateway.settings import ENVIRONMENT_PREFIX, load_settings
from headgate_gateway.store.database import Database
from headgate_gateway.store.keys import KeyStore
from headgate_gateway.store.tables import secrets
from tests.gateway.client import Client, message, run
from tests.gateway.conftest import store_settings
from tests.gateway_process import Gateway, running_gateway

SLOW = {"text": "long " * 200, "delay_ms": 200}


def chat() -> dict[str, object]:
    """A chat that would go on for a minute."""
    hello = [{"role": "user", "content": "Hello"}]
    script = {"script": {"turns": [SLOW]}}
    body: dict[str, object] = {"model": "mock/script", "messages": hello}
    return {**body, "metadata": script, "stream": True}


@pytest.fixture(scope="module")
def pair(
    store: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Gateway, Gateway]]:
    """Two processes on one store."""
    folder, settings = tmp_path_factory.mktemp("pair"), store_settings(store)
    with (
        running_gateway(folder, settings) as one,
        running_gateway(folder, settings) as two,
    ):
        yield one, two


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_what_a_key_opened_ends_with_it(how: str, pair: tuple[Gateway, Gateway]):
    """Streams end with an error or are cut, long polls answer 401, elsewhere too."""
    one, two = pair
    with ThreadPoolExecutor() as threads:
        operator, observer = Client(one), Client(two)
        project = operator.new_project(f"revocation {how}")
        key = operator.new_key(project, scopes=["*"])
        caller = Client(two, api_key=key["secret"])
        policy = {
            "name": "ask",
            "project_id": project,
            "mode": "enforce",
            "phase": "pre",
            "scope": {"operations": ["embeddings.create"]},
            "rules": [
                {"when": {"type": "always"}, "then": [{"type": "require_approval"}]}
            ],
        }
        operator.admin.post("/v1/admin/policies", json=policy)
        asked = {"model": "mock/embed", "input": "x"}
        waiting = caller.http.post("/v1/embeddings", json=asked).json()
        made = caller.http.post("/v1/workspaces", json={}).json()
        events = f"/v1/workspaces/{made['workspace']['id']}/events"
        slow = message({"turns": [SLOW]}, stream=True)
        polled = threads.submit(
            caller.http.get, waiting["poll_url"], params={"wait": 60}
        )
        streams = {
            "message": threads.submit(caller.record, "POST", "/v1/messages", json=slow),
            "chat": threads.submit(
                caller.record, "POST", "/v1/chat/completions", json=chat()
            ),
            "run": threads.submit(caller.stream_run, run({"turns": [SLOW]})),
            "workspace": threads.submit(caller.record, "GET", events),
        }
        while observer.open_streams() < len(streams):
            time.sleep(0.02)
        place = f"/v1/admin/keys/{key['id']}"
        if how == "revoked":
            operator.admin.post(f"{place}/revoke")
        else:
            gone = {"expires_at": "2020-01-01T00:00:00Z"}
            assert operator.admin.patch(place, json=gone).status_code == 200
        ended = {name: each.result(timeout=20) for name, each in streams.items()}
        answer = polled.result(timeout=20)
        for client in (operator, observer, caller):
            client.close()

    code = "key_revoked" if how == "revoked" else "key_invalid"
    error = json.loads(ended["chat"].frames[-1].data)["error"]
    assert ended["message"].events[-1]["error"]["code"] == code
    assert (error["code"], ended["chat"].complete) == (code, True)
    assert not ended["run"].complete
    assert not ended["workspace"].complete
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)


class AdminSecret:
    """A secret of an admin beside the one of the settings, given and taken away."""

    text = "another admin's key"

    def __init__(self, settings: dict[str, str]) -> None:
        self._settings = load_settings(None, settings)

    def give(self) -> None:
        """Accept it from now on."""
        asyncio.run(self._change(given=True))

    def withdraw(self) -> None:
        """Accept it no more."""
        asyncio.run(self._change(given=False))

    async def _change(self, *, given: bool) -> None:
        database = Database(self._settings.database_url)
        hasher = Hasher(load_pepper(self._settings, database.file))
        digest = hasher.digest(self.text)
        if given:
            await KeyStore(database).add_admin_secret(digest)
        else:
            async with database.writing() as connection:
                await connection.execute(
                    secrets.delete().where(secrets.c.hash == digest)
                )
        await database.close()


def test_the_audit_log_is_followed_by_those_who_may(
    tmp_path: Path, own_settings: dict[str, str]
):
    """Its stream is cut when the admin key that opened it is withdrawn."""
    url = f"{ENVIRONMENT_PREFIX}DATABASE_URL"
    settings = {url: f"sqlite:///{tmp_path / 'gateway.sqlite3'}", **own_settings}
    admin = AdminSecret(settings)
    with running_gateway(tmp_path, settings) as gateway, ThreadPoolExecutor() as pool:
        admin.give()
        operator, follower = Client(gateway), Client(gateway, api_key=admin.text)
        path = "/v1/admin/audit-logs:stream"
        stream = pool.submit(follower.record, "GET", path)
        while not operator.open_streams():
            time.sleep(0.02)
        operator.http.get("/v1/models")
        admin.withdraw()
        followed = stream.result(timeout=20)
        while (after := follower.http.get("/v1/admin/keys").status_code) == 200:
            time.sleep(0.02)
        for client in (operator, follower):
            client.close()

    assert followed.status == 200
    assert followed.types[0] == "audit_log.opened"
    assert not followed.complete
    assert after == 401
