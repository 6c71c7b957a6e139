"""A table made from the route list: a foreign id is as unknown as one of nothing.

Every operation for a project's key whose path names a thing is asked for a thing of
another project and for one that nobody has. A new variable in a path needs a row here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.gateway.client import Client, run
from tests.gateway.route_list import Route, routes
from tests.gateway_process import Gateway

SHARED = {
    "model": "Models are the same to all projects, and so are their names.",
    "provider": "Providers are the same to all projects.",
    "path": "What lies behind a service, which is the service's to say.",
}
"""Variables that name nothing of a project's own, with the reason."""
ANSWERED = {"workspaces.get_by_client_id": 200}
"""What finds nothing and says so in its body: an app asks before it makes one."""
CHANGES_EVERY_TIME = {"date", "content-length", "x-request-id", "x-span-id"}
"""Headers that no two answers share; a body's length is compared with the body."""


def a_service(client: Client, project: str) -> dict[str, str]:
    """A service that the project's keys call by its name."""
    address = "https://api.example.com"
    body = {"name": "tenancy-table", "project_id": project, "base_url": address}
    return {
        "service": client.admin.post("/v1/admin/services", json=body).json()["name"]
    }


def a_run(client: Client, _: str) -> dict[str, str]:
    """A run that is over."""
    made = client.http.post("/v1/runs", json=run("text")).json()
    return {"run_id": made["run"]["id"]}


def an_approval(client: Client, project: str) -> dict[str, str]:
    """A chat that waits for a person."""
    rule = {"when": {"type": "always"}, "then": [{"type": "require_approval"}]}
    policy = {
        "name": "tenancy-table",
        "project_id": project,
        "mode": "enforce",
        "phase": "pre",
        "scope": {"operations": ["chat.completions.create"]},
        "rules": [rule],
    }
    client.admin.post("/v1/admin/policies", json=policy)
    body = {"model": "mock/echo", "messages": [{"role": "user", "content": "Hello"}]}
    waiting = client.http.post("/v1/chat/completions", json=body).json()
    return {"approval_id": waiting["approval_id"]}


def a_workspace(client: Client, _: str) -> dict[str, str]:
    """A workspace whose answer waits for somebody to agree to it."""
    body = {"mode": "shadow", "client_id": "tenancy-table", "initial_message": "Hello?"}
    made = client.http.post("/v1/workspaces", json=body).json()
    return {
        "workspace_id": made["workspace"]["id"],
        "client_id": "tenancy-table",
        "approval_id": made["approval_id"],
    }


MAKERS: tuple[Callable[[Client, str], dict[str, str]], ...] = (
    a_run,
    a_service,
    a_workspace,
    an_approval,
)
"""Each makes a thing in the caller's project and gives the ids that name it."""
TENANT = tuple(route for route in routes() if route.scheme == "GatewayKey")
NAMING = tuple(route for route in TENANT if route.examples.keys() - SHARED.keys())


@dataclass
class Tenants:
    """Two projects with a key each that may do everything, and what the first has."""

    one: Client
    two: Client
    things: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def tenants(server: Gateway) -> Iterator[Tenants]:
    """Two tenants, the first of whom has one of everything."""
    client = Client(server)
    projects = [client.new_project(name) for name in ("owner", "stranger")]
    one, two = (
        client.with_key(client.new_key(project, scopes=["*"])["secret"])
        for project in projects
    )
    made = Tenants(one, two)
    for maker in MAKERS:
        made.things |= maker(one, projects[0])
    yield made
    for project in projects:
        client.admin.delete(f"/v1/admin/projects/{project}", params={"force": True})
    client.close()


def asked(
    client: Client, route: Route, identifiers: dict[str, str]
) -> tuple[object, ...]:
    """The whole answer to a route, without what says which request it was."""
    path = route.at(identifiers)
    answer = client.http.request(
        route.method, path, params=dict(route.query), json=route.body
    )
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in CHANGES_EVERY_TIME
    }
    text = re.sub(r"req_\w{26}", "req", answer.text)
    for name, said in {**route.examples, **identifiers}.items():
        # An error may say what was asked for, which the caller said himself.
        text = text.replace(said, name)
    return answer.status_code, headers, text


@pytest.mark.parametrize("route", NAMING, ids=lambda route: route.operation)
def test_a_foreign_id_is_as_unknown_as_none(tenants: Tenants, route: Route):
    """Status, headers and body are the same, byte for byte."""
    own = {name: tenants.things[name] for name in route.examples.keys() - SHARED.keys()}
    foreign = asked(tenants.two, route, own)

    assert foreign == asked(tenants.two, route, {})
    assert foreign[0] == ANSWERED.get(route.operation, 404)


def test_what_is_asked_for_is_there(tenants: Tenants):
    """The ids of the table name things that their owner finds; streams just begin.

    A service's owner would be sent on to the service.
    """
    found = {}
    for route in (route for route in NAMING if route.method == "GET"):
        if "service" in route.examples:
            continue
        path = route.at(tenants.things)
        with tenants.one.http.stream("GET", path, params=dict(route.query)) as answer:
            found[route.operation] = answer.status_code

    assert set(found.values()) == {200}, found


def test_every_variable_has_a_row():
    """A route that names something new fails until the table has one of it."""
    named = {name for route in TENANT for name in route.examples}
    made = {"run_id", "service", "workspace_id", "client_id", "approval_id"}

    assert named == made | SHARED.keys()
