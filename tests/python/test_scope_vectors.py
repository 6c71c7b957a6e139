"""Clients in scopes send and tell of themselves what the shared vectors state."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from headgate_sdk import AsyncHeadgate, Headgate
from tests.python.raw_server import answer, raw_server
from tests.python.shared_vectors import Case, check_keys, read_cases
from tests.python.twins import KEY, TWINS, Twin

CASES = read_cases("scopes")
MODELS = answer(200, {"object": "list", "data": [], "has_more": False})
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Made:
    """The identifiers that the SDK made in one vector, by their names."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def named(self, values: Any, stated: dict[str, Any]) -> dict[str, Any]:
        """Values as a vector states them: with names in place of what was made."""
        return {
            name: self._name(value, stated.get(name))
            for name, value in values.items()
            if value is not None
        }

    def _name(self, value: str, stated: Any) -> Any:
        if not isinstance(stated, dict):
            return value
        check_keys(stated, "made")
        assert UUID.fullmatch(value), value
        first = self.known.setdefault(stated["made"], value)
        return stated if first == value else value

    @property
    def are_all_different(self) -> bool:
        """Whether no two names stand for the same."""
        return len(set(self.known.values())) == len(self.known)


def clients_of(plain: Any, vector: dict[str, Any], made: Made) -> dict[str, Any]:
    """Every client of a vector by its name, after a look at what it tells."""
    clients = {"plain": plain}
    for scope in vector["scopes"]:
        check_keys(scope, "name", "of", "scope", "arguments", "told")
        given = dict(scope["arguments"])
        open_scope = getattr(clients[scope.get("of", "plain")], scope["scope"])
        # What a scope cannot do without stands before the names.
        first = [given.pop("key")] if "key" in given else []
        clients[scope["name"]] = client = open_scope(*first, **given)
        assert made.named(client.scope, scope["told"]) == scope["told"]
    assert plain.scope == {}
    return clients


def calls_of(vector: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    for call in vector["calls"]:
        check_keys(call, "client", "headers", "sent")
    return [
        (call["client"], {"headers": call.get("headers", {})})
        for call in vector["calls"]
    ]


def send_all(twin: Twin, url: str, vector: dict[str, Any], made: Made) -> None:
    """Make the calls of a vector, each with the client that it names."""
    client = vector.get("client", {})
    check_keys(client, "agent_name", "headers")
    settings: dict[str, Any] = {
        "base_url": url,
        "api_key": KEY,
        "agent_name": client.get("agent_name"),
        "default_headers": client.get("headers"),
    }

    async def run() -> None:
        async with AsyncHeadgate(**settings) as plain:
            clients = clients_of(plain, vector, made)
            for name, options in calls_of(vector):
                await clients[name].models.list(options=options)

    if twin.is_async:
        asyncio.run(run())
        return
    with Headgate(**settings) as plain:
        clients = clients_of(plain, vector, made)
        for name, options in calls_of(vector):
            clients[name].models.list(options=options)


@pytest.mark.parametrize("twin", TWINS, ids=repr)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_scopes(case: Case, twin: Twin) -> None:
    """Of the headers that scopes may send, each call sends those that are stated."""
    check_keys(case.shared, "class", "about", "headers")
    check_keys(case.vector, "name", "note", "client", "scopes", "calls")
    stated = [call["sent"] for call in case.vector["calls"]]
    made = Made()

    with raw_server(*[[MODELS]] * len(stated)) as server:
        send_all(twin, server.url, case.vector, made)

    sent = [
        made.named(
            {name: each.headers.get(name.lower()) for name in case.shared["headers"]},
            call,
        )
        for each, call in zip(server.requests, stated, strict=True)
    ]
    assert stated == sent
    assert made.are_all_different
