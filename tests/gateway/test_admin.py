"""Projects and keys, as the operator works with them."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from tests.gateway.client import Client, run

UNKNOWN = "01JD2M5R9V3K7W8X4Y6Z0A1B2C"


def name() -> str:
    return f"project {uuid4()}"


def test_a_name_belongs_to_one_project(client: Client):
    """A taken name is a conflict on create and on update; one's own is none."""
    taken, other = name(), name()
    client.new_project(taken)
    project = client.new_project(other)
    url = f"/v1/admin/projects/{project}"

    created = client.admin.post("/v1/admin/projects", json={"name": taken})
    renamed = client.admin.patch(url, json={"name": taken})
    kept = client.admin.patch(url, json={"name": other, "metadata": {"a": [1, None]}})

    assert [created.status_code, renamed.status_code] == [409, 409]
    assert created.json()["error"]["code"] == "name_taken"
    assert created.json()["error"]["param"] == "name"
    assert kept.json()["metadata"] == {"a": [1, None]}


def test_an_update_changes_what_it_names(client: Client):
    """What is absent stays; `updated_at` moves."""
    first = client.admin.post(
        "/v1/admin/projects", json={"name": name(), "metadata": {"kept": True}}
    ).json()
    url = f"/v1/admin/projects/{first['id']}"
    changed = client.admin.patch(url, json={"name": name()}).json()
    untouched = client.admin.patch(url, json={}).json()

    assert changed["metadata"] == {"kept": True}
    assert changed["created_at"] == first["created_at"]
    assert changed["updated_at"] >= first["updated_at"]
    assert untouched["name"] == changed["name"]


def test_a_project_that_holds_something_stays(client: Client):
    """Without force a project with keys or runs is not deleted, with force all goes."""
    project = client.new_project(name())
    key = client.new_key(project)
    caller = client.with_key(key["secret"])
    run_id = caller.http.post("/v1/runs", json=run("text")).json()["run"]["id"]
    url = f"/v1/admin/projects/{project}"

    refused = client.admin.delete(url)
    forced = client.admin.delete(url, params={"force": True})

    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "resource_in_use"
    assert forced.status_code == 204
    assert client.admin.get(url).status_code == 404
    assert client.admin.get(f"/v1/admin/keys/{key['id']}").status_code == 404
    assert caller.http.get(f"/v1/runs/{run_id}").status_code == 401


def test_the_first_project_stays(client: Client):
    """The project of callers without a key of their own is never deleted."""
    page = client.admin.get("/v1/admin/projects", params={"order": "asc"}).json()
    first = page["data"][0]
    url = f"/v1/admin/projects/{first['id']}"

    assert first["name"] == "default"
    assert client.admin.delete(url, params={"force": True}).status_code == 409
    assert client.admin.get(url).json() == first


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/v1/admin/projects/proj_{UNKNOWN}"),
        ("PATCH", f"/v1/admin/projects/proj_{UNKNOWN}"),
        ("DELETE", f"/v1/admin/projects/proj_{UNKNOWN}"),
        ("POST", f"/v1/admin/projects/proj_{UNKNOWN}/purge"),
        ("GET", f"/v1/admin/keys/key_{UNKNOWN}"),
        ("PATCH", f"/v1/admin/keys/key_{UNKNOWN}"),
        ("DELETE", f"/v1/admin/keys/key_{UNKNOWN}"),
        ("POST", f"/v1/admin/keys/key_{UNKNOWN}/revoke"),
        ("POST", f"/v1/admin/keys/key_{UNKNOWN}/rotate"),
    ],
)
def test_what_is_not_there_is_404(client: Client, method: str, path: str):
    """Every admin operation on an unknown id says so."""
    body = {} if method == "PATCH" else None

    answer = client.admin.request(method, path, json=body)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_a_key_belongs_to_a_project_that_exists(client: Client):
    """An unknown project is 404, with the field that named it."""
    body = {"name": "k", "project_id": f"proj_{UNKNOWN}"}
    answer = client.admin.post("/v1/admin/keys", json=body)

    assert answer.status_code == 404
    assert answer.json()["error"]["param"] == "project_id"


def test_a_secret_is_shown_once(client: Client):
    """The secret names the project, starts with the prefix, and is never read again."""
    project = client.new_project(name())
    key = client.new_key(project)
    kept = client.admin.get(f"/v1/admin/keys/{key['id']}")

    pattern = (
        rf"hg_v1_proj_{project.removeprefix('proj_').lower()}_key_[A-Za-z0-9]{{43}}"
    )
    assert re.fullmatch(pattern, key["secret"])
    assert key["secret"].startswith(key["prefix"])
    assert key["secret"] not in kept.text
    assert "secret" not in kept.json()


def test_a_revoked_key_stays_revoked(client: Client):
    """Revoking twice is revoking once, and there is no new secret for it."""
    key = client.new_key(client.new_project(name()))
    url = f"/v1/admin/keys/{key['id']}"
    first = client.admin.post(f"{url}/revoke").json()
    second = client.admin.post(f"{url}/revoke").json()
    rotated = client.admin.post(f"{url}/rotate")

    assert first["status"] == "revoked"
    assert first["revoked_at"] is not None
    assert second == first
    assert rotated.status_code == 409


def test_a_key_is_changed_field_by_field(client: Client):
    """Null clears what may be cleared; the rest stays."""
    key = client.new_key(
        client.new_project(name()),
        allowed_models=["mock/*"],
        expires_at="2999-12-31T23:59:59Z",
    )
    url = f"/v1/admin/keys/{key['id']}"
    renamed = client.admin.patch(url, json={"name": "new"}).json()
    cleared = client.admin.patch(
        url, json={"allowed_models": None, "expires_at": None}
    ).json()

    assert renamed["allowed_models"] == ["mock/*"]
    assert renamed["expires_at"] == "2999-12-31T23:59:59.000Z"
    assert cleared["name"] == "new"
    assert cleared["allowed_models"] is None
    assert cleared["expires_at"] is None


@pytest.mark.parametrize(
    "when",
    [
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "2016-12-31T23:59:60Z",
        "2020-01-01t00:00:00.123456789z",
    ],
)
def test_every_valid_time_is_taken(client: Client, when: str):
    """RFC 3339 knows times that Python's datetime does not; they become the nearest."""
    key = client.new_key(client.new_project(name()), expires_at=when)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", key["expires_at"])
