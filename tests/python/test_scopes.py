"""A scope gives the same client with headers of its own, and changes no other."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import pytest

from headgate_sdk import AsyncHeadgate, Headgate
from tests.python.raw_server import answer, raw_server
from tests.python.samples import ASK, MESSAGE
from tests.python.twins import KEY, TWINS, Twin

ANSWER = answer(200, MESSAGE)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


def sent(twin: Twin, make: Any) -> dict[str, str]:
    """The headers of the one request that a function makes with a client."""
    with raw_server([ANSWER]) as server:
        twin.call(server.url, make)
    headers: dict[str, str] = server.requests[0].headers
    return headers


def test_the_calls_of_a_scope_carry_its_headers(twin: Twin) -> None:
    """Each argument goes into its header; what was not given is not sent."""
    headers = sent(
        twin,
        lambda c: c.trace(session_id="s1", agent_name="mail").messages.create(**ASK),
    )

    assert headers["x-session-id"] == "s1"
    assert headers["x-agent-name"] == "mail"
    assert "x-parent-span-id" not in headers


def test_a_session_is_made_where_none_is_given() -> None:
    """All calls of one scope share it; a scope inside keeps it, another has its own."""
    with Headgate(base_url="http://127.0.0.1:1", api_key=KEY) as client:
        outer, other = client.trace(), client.trace()
        inner = outer.trace(parent_span_id="span_1")

    assert UUID.fullmatch(outer.scope["session_id"])
    assert inner.scope == {**outer.scope, "parent_span_id": "span_1"}
    assert other.scope["session_id"] != outer.scope["session_id"]
    assert client.scope == {}


def test_scopes_compose(twin: Twin) -> None:
    """A key for the upstream and a session are both sent, whichever is the inner."""
    headers = sent(
        twin,
        lambda c: (
            c.with_upstream_key("k-of-mine", scheme="")
            .trace(session_id="s1")
            .messages.create(**ASK)
        ),
    )

    assert headers["x-upstream-authorization"] == "k-of-mine"
    assert headers["x-session-id"] == "s1"
    assert headers["authorization"] == f"Bearer {KEY}"


def test_nothing_leaks_into_siblings() -> None:
    """The client around, and scopes beside, send what they sent before."""
    with (
        raw_server(*[[ANSWER]] * 4) as server,
        Headgate(base_url=server.url, api_key=KEY) as client,
    ):
        with client.trace(session_id="s1") as first:
            first.messages.create(**ASK)
        with client.with_upstream_key("k-of-mine") as second:
            second.messages.create(**ASK)
        client.messages.create(**ASK)
        first.messages.create(**ASK, options={"headers": {"X-Session-ID": None}})

    told = [
        (each.headers.get("x-session-id"), each.headers.get("x-upstream-authorization"))
        for each in server.requests
    ]
    assert told == [
        ("s1", None),
        (None, "Bearer k-of-mine"),
        (None, None),
        (None, None),
    ]


def test_tasks_side_by_side_keep_their_sessions() -> None:
    """Calls in flight at once carry each their own scope's headers."""

    async def run(url: str) -> None:
        async with AsyncHeadgate(base_url=url, api_key=KEY) as client:
            await asyncio.gather(
                *(
                    client.trace(session_id=f"s{number}").messages.create(
                        **ASK, options={"headers": {"X-Number": str(number)}}
                    )
                    for number in range(5)
                )
            )

    with raw_server(*[[ANSWER]] * 5) as server:
        asyncio.run(run(server.url))

    told = {
        each.headers["x-number"]: each.headers["x-session-id"]
        for each in server.requests
    }
    assert told == {str(number): f"s{number}" for number in range(5)}


def test_the_key_of_a_scope_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the log nor the scope's own account has it."""
    caplog.set_level(logging.DEBUG, logger="headgate_sdk")
    with (
        raw_server([ANSWER]) as server,
        Headgate(base_url=server.url, api_key=KEY) as client,
    ):
        scoped = client.with_upstream_key("very-secret-key")
        scoped.messages.create(**ASK)

    assert "x-upstream-authorization" in caplog.text
    assert "very-secret-key" not in caplog.text
    assert scoped.scope == {"scheme": "Bearer"}
