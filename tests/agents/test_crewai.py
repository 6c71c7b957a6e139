"""A tool of CrewAI's calls what the gateway passes on; the package is the real one."""

from __future__ import annotations

import pytest
from crewai.tools import BaseTool

from headgate_sdk import Headgate, crewai_tool
from tests.python.raw_server import answer, raw_server

FOUND = answer(200, {"name": "Ann"})


def test_the_tool_makes_the_call_that_an_agent_asks_for() -> None:
    """Method, path and body arrive; the agent is told the body of the answer."""
    with (
        raw_server([FOUND]) as server,
        Headgate(base_url=server.url, api_key="none") as client,
    ):
        tool = crewai_tool(
            client, name="crm", description="The customers.", methods=["POST"]
        )
        told = tool.run(method="POST", path="/v1/customers", body={"name": "Ann"})
    asked = server.requests[0]

    assert isinstance(tool, BaseTool)
    assert (asked.method, asked.target) == (
        "POST",
        "/v1/proxy/upstream/v1/customers",
    )
    assert asked.json == {"name": "Ann"}
    assert told == '{"name": "Ann"}'


def test_other_methods_are_refused_before_anything_is_sent() -> None:
    """The agent cannot ask for another."""
    with (
        raw_server([FOUND]) as server,
        Headgate(base_url=server.url, api_key="none") as client,
    ):
        tool = crewai_tool(client, name="crm", description="The customers.")
        with pytest.raises(ValueError, match="method"):
            tool.run(method="DELETE", path="/v1/customers/1")

    assert server.requests == []
