"""What schemathesis does not see, but for order and resume: see tests/gateway."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from tests.gateway.client import SPECIFICATION, Client, bundle, message, run
from tests.gateway_process import Gateway


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    """A client of a gateway that others use too."""
    made = Client(gateway)
    yield made
    made.close()


def closed(schema: Any) -> Any:
    """The schema with every object of named properties refusing others."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        shut.setdefault("additionalProperties", False)
    return shut


@pytest.mark.parametrize(
    ("union", "method", "path", "body"),
    [
        (
            "MessageStreamEvent",
            "POST",
            "/v1/messages",
            message("thinking", stream=True),
        ),
        ("MessageStreamEvent", "POST", "/v1/messages", message("tools", stream=True)),
        ("RunStreamEvent", "POST", "/v1/runs:stream", run("research")),
        (
            "RunStreamEvent",
            "POST",
            "/v1/runs:stream",
            run({"turns": [{"text": "x"}], "faults": {"error_after": 2}}),
        ),
    ],
)
def test_events_hold_what_is_declared_and_nothing_else(
    client: Client, union: str, method: str, path: str, body: dict[str, Any]
):
    """Events are open to readers, but the gateway invents no fields of its own."""
    schema = json.loads(
        (SPECIFICATION.parent / "events.schema.json").read_text(encoding="utf-8")
    )
    shut = {**closed(copy.deepcopy(schema)), "$ref": f"#/$defs/{union}"}
    validator = jsonschema_rs.Draft202012Validator(shut)

    for event in client.record(method, path, json=body).events:
        validator.validate(event)


def test_a_stream_that_was_asked_for_is_a_stream(client: Client):
    """`stream: true` is answered by events, its absence by JSON."""
    streamed = client.record("POST", "/v1/messages", json=message(stream=True))
    whole = client.http.post("/v1/messages", json=message(stream=False))

    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert streamed.types[-1] == "message_stop"
    assert whole.headers["content-type"] == "application/json"


def test_what_was_created_can_be_got_and_is_listed(client: Client):
    """Every create is there afterwards, under the address that it gave."""
    project = client.admin.post("/v1/admin/projects", json={"name": "created"})
    project_id = project.json()["id"]
    key = client.admin.post(
        "/v1/admin/keys", json={"name": "k", "project_id": project_id}
    )
    shown = {name: value for name, value in key.json().items() if name != "secret"}
    listed = client.admin.get("/v1/admin/keys", params={"project_id": project_id})

    assert client.admin.get(project.headers["location"]).json() == project.json()
    assert client.admin.get(key.headers["location"]).json() == shown
    assert listed.json()["data"] == [shown]


@pytest.mark.parametrize("path", ["/v1/admin/projects", "/v1/admin/keys", "/v1/runs"])
def test_a_limit_is_kept(client: Client, path: str):
    """A page never holds more than was asked for, and says whether more follow."""
    for _ in range(3):
        project = client.admin.post("/v1/admin/projects", json={"name": _name()})
        client.new_key(project.json()["id"])
        client.http.post("/v1/runs", json=run("text"))
    caller = client.http if path == "/v1/runs" else client.admin

    page = caller.get(path, params={"limit": 2}).json()
    rest = caller.get(path, params={"limit": 100, "after": page["last_id"]}).json()
    back = caller.get(path, params={"limit": 1, "before": page["last_id"]}).json()
    turned = caller.get(path, params={"limit": 100, "order": "asc"}).json()

    assert len(page["data"]) == 2
    assert page["has_more"]
    assert [item["id"] for item in page["data"]] == [page["first_id"], page["last_id"]]
    assert rest["data"]
    assert all(item["id"] < page["last_id"] for item in rest["data"])
    assert [item["id"] for item in back["data"]] == [page["first_id"]]
    ids = [item["id"] for item in turned["data"]]
    assert ids == sorted(ids)


_names = iter(range(1000))


def _name() -> str:
    return f"limited {next(_names)}"


def test_the_documents_are_the_ones_that_hold(client: Client):
    """The gateway serves the very bytes that it was checked against."""
    spec = client.http.get("/openapi.json")
    events = client.http.get("/events.schema.json")

    assert spec.content == SPECIFICATION.read_bytes()
    assert spec.json() == bundle()
    assert events.content == (SPECIFICATION.parent / "events.schema.json").read_bytes()
