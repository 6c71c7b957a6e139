# Fixed runtime of a generated SDK: the same source in every package.
"""Tools for agents of other libraries, which call what an API passes on.

The libraries are extras of this package and imported when a tool is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field, create_model

from .errors import ConfigurationError
from .passing import AsyncPassingClient, RawAnswer, SyncPassingClient

if TYPE_CHECKING:
    from types import ModuleType

_METHOD = "The HTTP method."
_PATH = "Path of the resource, with its query if it has one."
_BODY = "Properties of the JSON body, for a method that sends one."


class _PassingCalls:
    """The calls that an agent may make, and what it is told of their answers."""

    def __init__(
        self,
        client: SyncPassingClient[Any] | AsyncPassingClient[Any],
        methods: Sequence[str],
    ) -> None:
        self._client = client
        self._methods = tuple(method.upper() for method in methods)
        if not self._methods:
            raise ConfigurationError("a tool has at least one method")

    def arguments(self) -> type[BaseModel]:
        """Make the model of what an agent says when it calls the tool."""
        fields: dict[str, Any] = {
            "method": (Literal[self._methods], Field(description=_METHOD)),
            "path": (str, Field(description=_PATH)),
            "body": (dict[str, Any] | None, Field(None, description=_BODY)),
        }
        return create_model("Call", **fields)

    def make(self, method: str, path: str, body: dict[str, Any] | None = None) -> str:
        """Make a call and wait for it."""
        self._check(method)
        if isinstance(self._client, AsyncPassingClient):
            raise ConfigurationError("an async client's tool has to be awaited")
        return _told(self._client.request(method, path, json=body))

    async def make_async(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> str:
        """Make a call without blocking."""
        self._check(method)
        if isinstance(self._client, AsyncPassingClient):
            return _told(await self._client.request(method, path, json=body))
        raise ConfigurationError("a blocking client's tool cannot be awaited")

    def _check(self, method: str) -> None:
        if method.upper() not in self._methods:
            raise ConfigurationError(f"{method} is none of the tool's methods")


def langchain_tool(
    client: SyncPassingClient[Any] | AsyncPassingClient[Any],
    *,
    name: str,
    description: str,
    methods: Sequence[str] = ("GET",),
) -> Any:
    """Make a LangChain `StructuredTool` that calls what the API passes on.

    Only `methods` are allowed; any other is refused before anything is sent. With an
    async client the tool is awaited (`ainvoke`). Needs the extra `langchain`.
    """
    calls = _PassingCalls(client, methods)
    tools = _library("langchain_core", "langchain_core.tools", "langchain")
    is_async = isinstance(client, AsyncPassingClient)
    return tools.StructuredTool.from_function(
        func=None if is_async else calls.make,
        coroutine=calls.make_async if is_async else None,
        name=name,
        description=description,
        args_schema=calls.arguments(),
    )


def crewai_tool(
    client: SyncPassingClient[Any],
    *,
    name: str,
    description: str,
    methods: Sequence[str] = ("GET",),
) -> Any:
    """Make a CrewAI `BaseTool` that calls what the API passes on.

    Only `methods` are allowed; any other is refused before anything is sent. Needs the
    extra `crewai`.
    """
    calls = _PassingCalls(client, methods)
    tools = _library("crewai", "crewai.tools.base_tool", "crewai")
    return tools.Tool(
        name=name,
        description=description,
        args_schema=calls.arguments(),
        func=calls.make,
    )


def _library(package: str, module: str, extra: str) -> ModuleType:
    if find_spec(package) is None:
        message = f"{package} is not installed; the extra {extra!r} brings it"
        raise ImportError(message)
    return import_module(module)


def _told(answer: RawAnswer) -> str:
    """Say what an agent is told: the body, behind the status if that is an error's."""
    if answer.is_success:
        return answer.text
    return f"HTTP {answer.status_code}: {answer.text}"
