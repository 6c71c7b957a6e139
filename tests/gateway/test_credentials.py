"""Upstream credentials: sealed, never shown, sent to their own host and no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from headgate_gateway.errors import GatewayError
from headgate_gateway.keys import Hasher
from headgate_gateway.settings import Settings, SettingsError
from headgate_gateway.store.credentials import CredentialStore
from headgate_gateway.store.database import Database
from headgate_gateway.store.tables import credentials
from headgate_gateway.vault import Vault, load_master_keys
from tests.gateway.client import Client, message
from tests.gateway.provider_streams import OPENAI_CHAT
from tests.gateway.upstreams import Upstream, running_upstream
from tests.gateway_process import running_gateway

SECRET = "sk-stored-canary-1f9b"
UNKNOWN = "01JD2M5R9V3K7W8X4Y6Z0A1B2C"
MASTER_ONE, MASTER_TWO = f"1:{'1a' * 32}", f"2:{'2b' * 32}"


@dataclass
class Bench:
    """A gateway whose OpenAI is a loopback server, with a key of the operator's."""

    client: Client
    upstream: Upstream
    folder: Path
    settings: dict[str, str]

    def asks(self, caller: Client, **headers: str) -> str | None:
        """What the upstream is sent as its key; None when it is not asked at all."""
        self.upstream.streams(OPENAI_CHAT)
        seen = len(self.upstream.asked)
        body = {**message(), "model": "openai/some-model"}
        caller.http.post("/v1/messages", json=body, headers=headers)
        asked = self.upstream.asked[seen:]
        return asked[0].headers["authorization"] if asked else None


@pytest.fixture
def bench(tmp_path: Path, own_settings: dict[str, str]) -> Iterator[Bench]:
    folder = tmp_path / "gateway"
    folder.mkdir()
    with running_upstream() as upstream:
        settings = {
            **own_settings,
            "HEADGATE_GATEWAY_PROVIDER_URLS": f"openai={upstream.url}",
            "HEADGATE_GATEWAY_PROVIDER_KEYS": "openai=sk-operator",
            "HEADGATE_GATEWAY_MASTER_KEYS": MASTER_ONE,
        }
        with running_gateway(folder, settings) as gateway:
            client = Client(gateway)
            yield Bench(client, upstream, folder, settings)
            client.close()


def store_one(client: Client, project: str, **fields: object) -> dict[str, Any]:
    body = {"name": "stored", "project_id": project, "secret": SECRET, **fields}
    answer = client.admin.post("/v1/admin/credentials", json=body)
    assert answer.status_code == 201, answer.text
    assert SECRET not in answer.text
    return answer.json()


def test_whose_key_opens_a_provider(bench: Bench):
    """The caller's header, then the key's, the project's, the operator's credential."""
    client = bench.client
    project = client.new_project("order of keys")
    caller = client.with_key(client.new_key(project)["secret"])
    operator = bench.asks(caller)
    mine = store_one(client, project, provider="openai", secret="sk-of-the-key")
    special = client.with_key(
        client.new_key(project, credential_id=mine["id"])["secret"]
    )
    store_one(client, project, provider="openai", secret="sk-of-the-project")
    store_one(client, project, provider="groq", secret="sk-of-another-provider")
    other = client.with_key(client.new_key(client.new_project("other"))["secret"])

    assert operator == "Bearer sk-operator"
    assert bench.asks(caller) == "Bearer sk-of-the-project"
    assert bench.asks(special) == "Bearer sk-of-the-key"
    assert bench.asks(other) == "Bearer sk-operator"
    brought = {"X-Provider-Key-OpenAI": "sk-brought"}
    assert bench.asks(special, **brought) == "Bearer sk-brought"


def test_a_credential_leaves_to_its_own_host_only(bench: Bench):
    """With a host of its own it is not sent anywhere else."""
    project = bench.client.new_project("hosts")
    caller = bench.client.with_key(bench.client.new_key(project)["secret"])
    row = store_one(bench.client, project, provider="openai", host="api.example.com")
    refused = bench.asks(caller)
    here = bench.upstream.url.removeprefix("http://")
    url = f"/v1/admin/credentials/{row['id']}"
    bench.client.admin.patch(url, json={"host": here})

    assert refused is None
    assert bench.asks(caller) == f"Bearer {SECRET}"


def test_a_secret_is_replaced_without_a_gap(bench: Bench):
    """Every request gets the old secret or the new one, and soon the new one."""
    project = bench.client.new_project("rotation")
    caller = bench.client.with_key(bench.client.new_key(project)["secret"])
    row = store_one(bench.client, project, provider="openai")
    before = bench.asks(caller)
    url = f"/v1/admin/credentials/{row['id']}"
    rotated = bench.client.admin.post(f"{url}/rotate", json={"secret": "sk-new-9999"})

    assert before == f"Bearer {SECRET}"
    assert bench.asks(caller) == "Bearer sk-new-9999"
    assert rotated.json()["last4"] == "99"
    assert rotated.json()["rotated_at"] is not None
    assert "sk-new" not in bench.client.admin.get(url).text


def test_the_master_key_is_replaced_without_a_gap(bench: Bench):
    """Under a new first key the old one still opens; sealed anew, it can go."""
    client = bench.client
    project = client.new_project("master keys")
    key = client.new_key(project)["secret"]
    row = store_one(client, project, provider="openai")
    url = f"/v1/admin/credentials/{row['id']}"
    assert row["kek_version"] == 1
    found = []
    for masters in (f"{MASTER_TWO} {MASTER_ONE}", MASTER_TWO):
        settings = {**bench.settings, "HEADGATE_GATEWAY_MASTER_KEYS": masters}
        with running_gateway(bench.folder, settings) as gateway:
            again = Client(gateway)
            sent = bench.asks(again.with_key(key))
            version = again.admin.post(f"{url}/rotate").json()["kek_version"]
            found.append((sent, version))
            again.close()

    assert found == [(f"Bearer {SECRET}", 2), (f"Bearer {SECRET}", 2)]


def test_a_stored_secret_is_found_nowhere(bench: Bench):
    """Not in answers, lists, the log or the database."""
    project = bench.client.new_project("nowhere")
    row = store_one(bench.client, project, provider="openai")
    caller = bench.client.with_key(bench.client.new_key(project)["secret"])
    bench.asks(caller)
    bench.upstream.fails(401, {"error": {"message": "bad key"}})
    failed = caller.http.post(
        "/v1/messages", json={**message(), "model": "openai/some-model"}
    )
    texts = [
        failed.text,
        bench.client.admin.get("/v1/admin/credentials").text,
        bench.client.admin.get(f"/v1/admin/credentials/{row['id']}").text,
    ]
    kept = b"".join(file.read_bytes() for file in bench.folder.iterdir())

    assert not [text for text in texts if SECRET in text]
    assert SECRET.encode() not in kept
    assert row["last4"] == SECRET[-4:]


def test_what_uses_a_credential_keeps_it(bench: Bench):
    """It is deleted when nothing uses it; a foreign one is as unknown as none."""
    client = bench.client
    project = client.new_project("in use")
    row = store_one(client, project)
    key = client.new_key(project, credential_id=row["id"])
    url = f"/v1/admin/credentials/{row['id']}"
    refused = client.admin.delete(url)
    client.admin.patch(f"/v1/admin/keys/{key['id']}", json={"credential_id": None})
    body = {"name": "k", "project_id": client.new_project("thief")}
    foreign = client.admin.post(
        "/v1/admin/keys", json={**body, "credential_id": row["id"]}
    )
    unknown = client.admin.post(
        "/v1/admin/keys", json={**body, "credential_id": f"cred_{UNKNOWN}"}
    )

    assert refused.json()["error"]["code"] == "resource_in_use"
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json()["error"]["message"] == unknown.json()["error"]["message"]
    assert client.admin.delete(url).status_code == 204
    assert client.admin.get(url).status_code == 404


async def test_a_sealed_secret_opens_at_its_own_place_only(tmp_path: Path):
    """Copied to another row, project or version it opens nothing."""
    file = tmp_path / "vault.sqlite3"
    database = Database(f"sqlite:///{file}")
    settings = Settings(master_keys=f"{MASTER_ONE} {MASTER_TWO}")
    masters = load_master_keys(settings, Hasher(b"pepper"))
    vault = Vault(CredentialStore(database), masters, from_settings={})
    sealed = vault.seal(SECRET, project_id="p", credential_id="c")
    place = {"project_id": "p", "id": "c", "kek_version": 1, "sealed": sealed}

    async def opened(**changes: object) -> str:
        columns = {**place, **changes}
        query = sa.select(
            *(
                sa.literal(value, credentials.c[name].type).label(name)
                for name, value in columns.items()
            )
        )
        async with database.reading() as connection:
            row = (await connection.execute(query)).mappings().one()
        return vault.open(row)

    assert await opened() == SECRET
    for changes in (
        {"project_id": "q"},
        {"id": "d"},
        {"kek_version": 2},
        {"kek_version": 3},
        {"sealed": sealed[:-1] + bytes([sealed[-1] ^ 1])},
    ):
        with pytest.raises(GatewayError, match=r"cannot be opened|not configured"):
            await opened(**changes)
    await database.close()


@pytest.mark.parametrize("text", ["x", "1:zz", f"0:{'00' * 32}", "1:00"])
def test_malformed_master_keys_are_refused(text: str):
    """The gateway does not start with them."""
    with pytest.raises(SettingsError, match="master_keys"):
        load_master_keys(Settings(master_keys=text), Hasher(b"pepper"))
