"""Services, as the operator works with them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.gateway.client import Client

UNKNOWN = "01JD2M5R9V3K7W8X4Y6Z0A1B2C"


@pytest.fixture
def project(client: Client) -> str:
    return client.new_project(f"project {uuid4()}")


def create(client: Client, project: str, **fields: object) -> tuple[int, dict]:
    body = {
        "name": "billing",
        "project_id": project,
        "base_url": "https://api.example.com/v1",
        **fields,
    }
    answer = client.admin.post("/v1/admin/services", json=body)
    return answer.status_code, answer.json()


def test_a_service_has_all_its_fields(client: Client, project: str):
    """What was not said has its default; it is read back as it was made."""
    _, made = create(client, project)

    assert made["name"] == "billing"
    assert made["service_type"] == "generic"
    assert made["is_active"] is True
    assert made["credential_id"] is None
    assert made["allowed_methods"] is None
    assert client.admin.get(f"/v1/admin/services/{made['id']}").json() == made
    params = {"project_id": project}
    listed = client.admin.get("/v1/admin/services", params=params).json()
    assert listed["data"] == [made]


def test_a_name_belongs_to_one_service_of_a_project(client: Client, project: str):
    """In another project it is free, and one's own is no conflict."""
    _, first = create(client, project)
    _, second = create(client, project, name="other")
    url = f"/v1/admin/services/{second['id']}"
    renamed = client.admin.patch(url, json={"name": "billing"})
    kept = client.admin.patch(url, json={"name": "other", "description": "d"})
    elsewhere, _ = create(client, client.new_project(f"project {uuid4()}"))

    assert create(client, project)[0] == 409
    assert renamed.json()["error"]["code"] == "name_taken"
    assert kept.json()["description"] == "d"
    assert elsewhere == 201
    assert first["name"] == "billing"


def test_a_service_uses_credentials_of_its_project(client: Client, project: str):
    """A foreign credential is unknown, and one in use stays."""
    stored = client.admin.post(
        "/v1/admin/credentials",
        json={"name": "c", "project_id": project, "secret": "s"},
    ).json()
    other = client.new_project(f"project {uuid4()}")
    status, made = create(client, project, credential_id=stored["id"])
    url = f"/v1/admin/credentials/{stored['id']}"
    held = client.admin.delete(url)
    client.admin.delete(f"/v1/admin/services/{made['id']}")

    assert status == 201
    assert create(client, other, credential_id=stored["id"])[0] == 404
    assert held.status_code == 409
    assert client.admin.delete(url).status_code == 204


def test_a_deleted_service_is_gone(client: Client, project: str):
    """It is 404 to every operation, as one that never was."""
    _, made = create(client, project)
    url = f"/v1/admin/services/{made['id']}"

    assert client.admin.delete(url).status_code == 204
    for path in (url, f"/v1/admin/services/svc_{UNKNOWN}"):
        assert client.admin.get(path).status_code == 404
        assert client.admin.patch(path, json={}).status_code == 404
        assert client.admin.delete(path).status_code == 404


def test_a_service_needs_its_project(client: Client):
    """An unknown project is 404, with the field that named it."""
    status, body = create(client, f"proj_{UNKNOWN}")

    assert status == 404
    assert body["error"]["param"] == "project_id"
