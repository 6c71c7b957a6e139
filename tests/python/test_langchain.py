"""A tool of LangChain's own calls what the gateway passes on."""

from __future__ import annotations

import asyncio

import pytest
from langchain_core.tools import StructuredTool

from headgate_sdk import AsyncHeadgate, ConfigurationError, Headgate, langchain_tool
from tests.python.raw_server import answer, raw_answer, raw_server
from tests.python.twins import KEY

FOUND = answer(200, {"name": "Ann"})
TARGET = "/v1/proxy/upstream/v1/customers/1"


def test_the_tool_makes_the_call_that_an_agent_asks_for() -> None:
    """Method, path and body arrive; the agent is told the body of the answer."""
    with (
        raw_server([FOUND]) as server,
        Headgate(base_url=server.url, api_key=KEY) as client,
    ):
        tool = langchain_tool(
            client, name="crm", description="The customers.", methods=["PUT"]
        )
        told = tool.invoke(
            {"method": "PUT", "path": "/v1/customers/1", "body": {"name": "Ann"}}
        )
    asked = server.requests[0]

    assert isinstance(tool, StructuredTool)
    assert (tool.name, tool.description) == ("crm", "The customers.")
    assert (asked.method, asked.target, asked.json) == ("PUT", TARGET, {"name": "Ann"})
    assert told == '{"name": "Ann"}'


def test_an_async_client_makes_a_tool_to_await() -> None:
    """It says so if it is called otherwise."""

    async def run(url: str) -> str:
        async with AsyncHeadgate(base_url=url, api_key=KEY) as client:
            tool = langchain_tool(client, name="crm", description="The customers.")
            told: str = await tool.ainvoke({"method": "GET", "path": "v1/customers/1"})
            return told

    with raw_server([FOUND]) as server:
        told = asyncio.run(run(server.url))

    assert [each.target for each in server.requests] == [TARGET]
    assert told == '{"name": "Ann"}'


def test_the_agent_is_told_what_the_upstream_refuses() -> None:
    """A status that is no success stands before the body."""
    gone = raw_answer(410, b"gone", content_type="text/plain")
    with (
        raw_server([gone]) as server,
        Headgate(base_url=server.url, api_key=KEY) as client,
    ):
        tool = langchain_tool(client, name="crm", description="The customers.")
        told = tool.invoke({"method": "GET", "path": "/v1/customers/1"})

    assert told == "HTTP 410: gone"


def test_other_methods_are_refused_before_anything_is_sent() -> None:
    """The agent sees which there are, and cannot ask for another."""
    with (
        raw_server([FOUND]) as server,
        Headgate(base_url=server.url, api_key=KEY) as client,
    ):
        tool = langchain_tool(client, name="crm", description="The customers.")
        with pytest.raises(ValueError, match="method"):
            tool.invoke({"method": "DELETE", "path": "/v1/customers/1"})
        with pytest.raises(ConfigurationError):
            tool.func("DELETE", "/v1/customers/1")

    assert tool.args["method"]["const"] == "GET"
    assert server.requests == []


def test_a_tool_needs_a_method() -> None:
    """None at all is a mistake."""
    with (
        Headgate(base_url="http://127.0.0.1:1", api_key=KEY) as client,
        pytest.raises(ConfigurationError),
    ):
        langchain_tool(client, name="crm", description="Nothing.", methods=[])
