"""One guard stands before every connection that the gateway makes to an upstream."""

from __future__ import annotations

import ast
import inspect
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import headgate_gateway
from headgate_gateway.outbound.client import OutboundClient
from headgate_gateway.outbound.exchanges import Exchanges
from headgate_gateway.outbound.pool import ConnectionPool
from headgate_gateway.outbound.resolver import GuardedResolver
from headgate_gateway.providers.http import UpstreamClient
from tests.gateway.client import Client
from tests.gateway.proxy_bench import LOOPBACK
from tests.gateway.rest_upstream import RestUpstream, running_rest_upstream
from tests.gateway.route_list import Route, routes
from tests.gateway_process import running_gateway

PACKAGE = Path(headgate_gateway.__file__).parent
CLIENTS = frozenset(
    "aiohttp http httpx httpx2 requests socket urllib3 websockets".split()
)
"""Libraries that open connections."""
OPENERS = frozenset(
    {"create_connection", "open_connection", "getaddrinfo", "sock_connect", "urlopen"}
)
"""Functions that do."""
GUARDED = (OutboundClient, Exchanges, ConnectionPool, GuardedResolver, UpstreamClient)
NEVER_LEFT = {"HEADGATE_GATEWAY_BREAKER_FAILURES": "0"}
"""A provider that fails is asked again each time."""
LEADING = {
    "messages.create",
    "chat.completions.create",
    "embeddings.create",
    "runs.create",
    "runs.stream",
    "workspaces.create",
    "workspaces.send_message",
    "admin.webhooks.test",
    *(
        f"proxy.{kind}.{method}"
        for kind in ("services", "upstream")
        for method in ("get", "post", "put", "patch", "delete")
    ),
}
"""The operations that call an upstream. A new one is added here, and is guarded."""


def opening(file: Path) -> Iterator[str]:
    """What a module uses to open connections, but for its types."""
    nodes: list[ast.AST] = [ast.parse(file.read_text("utf-8"))]
    while nodes:
        node = nodes.pop()
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import(names=names):
                roots = {alias.name.partition(".")[0] for alias in names}
                yield from roots & CLIENTS
            case ast.ImportFrom(module=str(module), level=0):
                yield from {module.partition(".")[0]} & CLIENTS
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in OPENERS:
                yield name
            case _:
                pass
        nodes += ast.iter_child_nodes(node)


def test_connections_are_opened_in_one_place():
    """Only the package of the guard has what it takes; the store has its drivers."""
    found = {
        str(file.relative_to(PACKAGE)): sorted(set(opening(file)))
        for file in PACKAGE.rglob("*.py")
    }

    assert {path: used for path, used in found.items() if used} == {
        "outbound/exchanges.py": ["aiohttp"],
        "outbound/resolver.py": ["aiohttp", "socket"],
        "outbound/guard.py": ["getaddrinfo", "socket"],
        "outbound/pool.py": ["create_connection"],
    }


@pytest.mark.parametrize("made", GUARDED, ids=lambda made: made.__name__)
def test_none_is_made_without_a_guard(made: Callable[..., object]):
    """What opens connections asks for the guard, and has none to fall back on."""
    guard = inspect.signature(made).parameters["guard"]

    assert guard.default is inspect.Parameter.empty


@pytest.mark.parametrize("is_open", [True, False], ids=["allowed", "forbidden"])
def test_no_route_leads_past_the_guard(tmp_path: Path, *, is_open: bool):
    """Each route that reaches an upstream where it may does not where it may not."""
    with (
        running_rest_upstream() as upstream,
        running_gateway(
            tmp_path, NEVER_LEFT | (LOOPBACK if is_open else {})
        ) as gateway,
    ):
        upstream.answers(200, b"{}", Content_Type="application/json")
        inside = Inside(Client(gateway), upstream)
        reached = {route.operation for route in routes() if inside.is_reached_by(route)}
        inside.close()

    assert reached == (LEADING if is_open else set())


class Inside:
    """An upstream inside, with everything of a gateway leading to it."""

    def __init__(self, client: Client, upstream: RestUpstream) -> None:
        self._admin = client
        self._upstream = upstream
        manifest = {"base_url": upstream.url, "dialect": "openai-chat", "name": "In"}
        answer = client.admin.put("/v1/admin/protocols/inside", json=manifest)
        assert answer.status_code == 200, answer.text
        self._project = client.new_project("inside")
        key = client.new_key(self._project, scopes=["*"], upstream_url=upstream.url)
        self._caller = client.with_key(key["secret"])
        self._made("services", name="inside", base_url=upstream.url)

    def close(self) -> None:
        """Close the clients."""
        self._admin.close()

    def is_reached_by(self, route: Route) -> bool:
        """Whether the upstream hears of a call of the route."""
        before = len(self._upstream.asked)
        is_admins = route.scheme == "AdminKey"
        http = self._admin.admin if is_admins else self._caller.http
        path = route.at(self._names(route))
        body = _leading_inside(route.body)
        with http.stream(route.method, path, params=route.query, json=body) as answer:
            if route.method != "GET":
                # Some that are read have no end.
                answer.read()
        if route.operation == "admin.webhooks.test":
            self._wait_for_a_try(path.removesuffix("/test"))
        return len(self._upstream.asked) > before

    def _names(self, route: Route) -> dict[str, str]:
        """Things that are there, where the upstream would be called for them."""
        names = {"service": "inside"}
        if route.operation == "workspaces.send_message":
            asked = {"model": "inside/x"}
            made = self._caller.http.post("/v1/workspaces", json=asked).json()
            names["workspace_id"] = made["workspace"]["id"]
        if route.operation == "admin.webhooks.test":
            # Only now, or it would be told of the runs before.
            names["webhook_id"] = self._made("webhooks", url=self._upstream.url)
        return names

    def _wait_for_a_try(self, webhook: str) -> None:
        """Deliveries are tried a moment after they are written down."""
        deliveries = f"{webhook}/deliveries"
        while not self._admin.admin.get(deliveries).json()["data"][0]["attempts"]:
            time.sleep(0.02)

    def _made(self, kind: str, **body: str) -> str:
        body = {"project_id": self._project, **body}
        answer = self._admin.admin.post(f"/v1/admin/{kind}", json=body)
        assert answer.status_code == 201, answer.text
        made: str = answer.json()["id"]
        return made


def _leading_inside(body: Any) -> Any:
    """The body with the upstream's model in the place of every other."""
    if isinstance(body, list):
        return [_leading_inside(item) for item in body]
    if not isinstance(body, dict):
        return body
    found = {name: _leading_inside(value) for name, value in body.items()}
    if "model" in found or "initial_message" in found:
        found["model"] = "inside/x"
    return found
