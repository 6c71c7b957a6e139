"""A scope gives the same client with headers of its own, and changes no other."""

from __future__ import annotations

import asyncio
import logging

import pytest

from headgate_sdk import AsyncHeadgate, Headgate
from tests.python.raw_server import answer, raw_server
from tests.python.samples import ASK, MESSAGE
from tests.python.twins import KEY

ANSWER = answer(200, MESSAGE)


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
