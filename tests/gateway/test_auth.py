"""Who may do what: a table made from the route list, and the life of a key."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.client import Client, message, run
from tests.gateway.route_list import UNKNOWN, Route, routes
from tests.gateway_process import ADMIN_KEY, Gateway, running_gateway

BODIES: dict[str, Any] = {
    "messages.create": message(),
    "messages.count_tokens": message(),
    "runs.create": run("text"),
    "runs.stream": run("text"),
    "admin.projects.create": {"name": "auth table"},
    "admin.projects.update": {},
    "admin.keys.create": {"name": "k", "project_id": f"proj_{UNKNOWN}"},
    "admin.keys.update": {},
}
ROUTES = routes()


@pytest.fixture(scope="module")
def withdrawn(server: Gateway) -> Iterator[dict[str, str]]:
    """Secrets that were good once, by what became of them."""
    client = Client(server)
    project = client.new_project("withdrawn")
    revoked, deleted = client.new_key(project), client.new_key(project)
    expired = client.new_key(project, expires_at="2020-02-29T12:00:00Z")
    client.admin.post(f"/v1/admin/keys/{revoked['id']}/revoke")
    client.admin.delete(f"/v1/admin/keys/{deleted['id']}")
    keys = {"revoked": revoked, "deleted": deleted, "expired": expired}
    yield {f"a key that is {name}": key["secret"] for name, key in keys.items()}
    client.admin.delete(f"/v1/admin/projects/{project}", params={"force": True})
    client.close()


def credentials(
    client: Client, withdrawn: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Headers that carry each kind of credential."""
    gateway = client.gateway
    return {
        "nothing": {},
        "a gateway key": {"Authorization": f"Bearer {gateway.api_key}"},
        "a gateway key in X-API-Key": {"X-API-Key": gateway.api_key},
        "an admin key": {"X-Admin-Key": gateway.admin_key},
        "an admin key as bearer": {"Authorization": f"Bearer {gateway.admin_key}"},
        "rubbish": {"Authorization": "Bearer rubbish"},
        "another scheme": {"Authorization": "Basic Zm9vOmJhcg=="},
        "no token": {"Authorization": "Bearer"},
        "SQL": {"Authorization": "Bearer ' OR 1=1 --"},
        "not ASCII": {"Authorization": "Bearer sch\u00fcssel"},
        "rubbish for the admin": {"X-Admin-Key": "rubbish"},
        **{
            name: {"Authorization": f"Bearer {secret}"}
            for name, secret in withdrawn.items()
        },
    }


WITHDRAWN = dict.fromkeys(
    ["a key that is revoked", "a key that is deleted", "a key that is expired"], 401
)
EXPECTED = {
    "none": dict.fromkeys(
        ["nothing", "a gateway key", "an admin key", "rubbish", "SQL", "not ASCII"],
        None,
    ),
    "GatewayKey": {
        "nothing": 401,
        "a gateway key": None,
        "a gateway key in X-API-Key": None,
        "an admin key": 403,
        "an admin key as bearer": 403,
        "rubbish": 401,
        "another scheme": 401,
        "no token": 401,
        "SQL": 401,
        "not ASCII": 401,
        **WITHDRAWN,
    },
    "AdminKey": {
        "nothing": 401,
        "a gateway key": 403,
        "an admin key": None,
        "an admin key as bearer": None,
        "rubbish": 401,
        "another scheme": 401,
        "SQL": 401,
        "not ASCII": 401,
        "rubbish for the admin": 401,
        **WITHDRAWN,
    },
}
"""What each scheme answers to each credential; None: anything but a refusal."""


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_every_route_opens_to_its_own_credential_only(
    client: Client, route: Route, withdrawn: dict[str, str]
):
    """Each operation refuses every credential but its own; open ones refuse none."""
    client.http.headers.pop("authorization")
    shown = credentials(client, withdrawn)
    answers: dict[str, int | None] = {}
    for name in EXPECTED[route.scheme]:
        headers = {key: value.encode("utf-8") for key, value in shown[name].items()}
        body = BODIES.get(route.operation)
        # Only as far as its status: some streams have no end.
        with client.http.stream(
            route.method, route.at(), headers=headers, json=body
        ) as answer:
            refused = answer.status_code in (401, 403)
            answers[name] = answer.status_code if refused else None

    assert answers == EXPECTED[route.scheme]


def test_401_says_how_to_authenticate(client: Client):
    """A 401 carries WWW-Authenticate and tells a missing key from a wrong one."""
    missing = client.http.get("/v1/models", headers={"Authorization": ""})
    wrong = client.with_key("hg_v1_wrong").http.get("/v1/models")

    assert wrong.headers["www-authenticate"] == 'Bearer realm="headgate"'
    assert missing.status_code == 401
    assert wrong.json()["error"]["code"] == "key_invalid"


def test_a_revoked_key_works_no_more(client: Client):
    """Revoking takes effect at once, and the error says what happened."""
    key = client.new_key(client.new_project("revoking"))
    caller = client.with_key(key["secret"])
    before = caller.http.get("/v1/models").status_code

    client.admin.post(f"/v1/admin/keys/{key['id']}/revoke")
    after = caller.http.get("/v1/models")

    assert before == 200
    assert after.status_code == 401
    assert after.json()["error"]["code"] == "key_revoked"


def test_a_deleted_key_is_unknown(client: Client):
    """After its deletion a key is as unknown as one that never was."""
    key = client.new_key(client.new_project("deleting"))
    caller = client.with_key(key["secret"])
    caller.http.get("/v1/models")

    client.admin.delete(f"/v1/admin/keys/{key['id']}")
    after = caller.http.get("/v1/models")

    assert after.json()["error"]["code"] == "key_invalid"


def test_an_expired_key_is_refused(client: Client):
    """`expires_at` is kept, also when it is set later."""
    project = client.new_project("expiring")
    key = client.new_key(project, expires_at="2020-02-29T12:00:00+02:00")
    expired = client.with_key(key["secret"]).http.get("/v1/models")
    client.admin.patch(f"/v1/admin/keys/{key['id']}", json={"expires_at": None})
    renewed = client.with_key(key["secret"]).http.get("/v1/models")

    assert key["expires_at"] == "2020-02-29T10:00:00.000Z"
    assert expired.status_code == 401
    assert renewed.status_code == 200


def test_rotation_replaces_the_secret(client: Client):
    """The old secret is good for the grace asked for, and for nothing without one."""
    key = client.new_key(client.new_project("rotating"))
    url = f"/v1/admin/keys/{key['id']}/rotate"
    second = client.admin.post(url, json={"grace_s": 60}).json()["secret"]
    both = [works(client, secret) for secret in (key["secret"], second)]
    third = client.admin.post(url).json()["secret"]
    last = [works(client, secret) for secret in (key["secret"], second, third)]

    assert both == [True, True]
    assert last == [False, False, True]


def works(client: Client, secret: str) -> bool:
    return client.with_key(secret).http.get("/v1/models").status_code == 200


def test_a_key_asks_for_its_models_only(client: Client):
    """`allowed_models` is kept on every route that asks a model."""
    key = client.new_key(client.new_project("models"), allowed_models=["mock/script"])
    caller = client.with_key(key["secret"]).http
    asked = [
        caller.post("/v1/messages", json=message()),
        caller.post("/v1/messages:count-tokens", json=message()),
        caller.post("/v1/runs", json=run()),
        caller.post("/v1/runs:stream", json=run()),
    ]
    allowed = caller.post("/v1/messages", json=message("text"))

    assert [answer.status_code for answer in asked] == [403] * 4
    assert {answer.json()["error"]["code"] for answer in asked} == {"model_not_allowed"}
    assert allowed.status_code == 200


def test_the_last_use_of_a_key_is_noted(client: Client):
    """`last_used_at` follows within seconds."""
    key = client.new_key(client.new_project("noting"))
    works(client, key["secret"])
    url = f"/v1/admin/keys/{key['id']}"
    deadline = time.monotonic() + 20
    while (
        client.admin.get(url).json()["last_used_at"] is None
        and time.monotonic() < deadline
    ):
        time.sleep(0.1)

    assert client.admin.get(url).json()["last_used_at"] is not None


@pytest.mark.parametrize("mode", ["optional", "disabled"])
def test_an_open_gateway_still_guards_its_admin_routes(
    tmp_path: Path, own_settings: dict[str, str], mode: str
):
    """Without required keys callers share a project; the admin stays alone."""
    settings = {**own_settings, "HEADGATE_GATEWAY_AUTH_MODE": mode}
    with running_gateway(tmp_path, settings) as gateway:
        nobody = Client(gateway, api_key="")
        wrong = nobody.with_key("rubbish")
        statuses = (
            nobody.http.post("/v1/messages", json=message()).status_code,
            nobody.http.get("/v1/admin/keys").status_code,
            wrong.http.get("/v1/models").status_code,
        )
        nobody.close()

    assert statuses == (200, 401, 401 if mode == "optional" else 200)


@pytest.mark.parametrize(
    ("setting", "value", "key"),
    [
        ("METRICS_KEY", "the scraper's", "the scraper's"),
        ("HOST", "0.0.0.0", ADMIN_KEY),
    ],
)
def test_metrics_open_to_their_own_key(
    tmp_path: Path, setting: str, value: str, key: str
):
    """Where one is set, or where others than this machine can connect."""
    settings = {f"HEADGATE_GATEWAY_{setting}": value}
    with running_gateway(tmp_path, settings) as gateway:
        client = Client(gateway, api_key="")
        statuses = [
            client.http.get("/metrics", headers=headers).status_code
            for headers in (
                {},
                {"Authorization": f"Bearer {gateway.api_key}"},
                {"Authorization": "Bearer schl\u00fcssel".encode()},
                {"Authorization": f"Bearer {key}"},
            )
        ]
        client.close()

    assert statuses[0] == statuses[2] == 401
    assert statuses[1] in {401, 403}
    assert statuses[3] == 200
