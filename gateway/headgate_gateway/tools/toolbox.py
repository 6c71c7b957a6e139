"""The tools on offer, and one run's use of them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject
from headgate_gateway.tools.interface import ServerTool
from headgate_gateway.tools.web import WebFetch, WebSearch


def offline_tools() -> dict[str, ServerTool]:
    """The built-in tools by name."""
    tools: list[ServerTool] = [WebSearch(), WebFetch()]
    return {tool.name: tool for tool in tools}


class ToolSession:
    """The tools that one run may call, with its configuration and its count of uses."""

    def __init__(
        self,
        tools: Mapping[str, ServerTool],
        *,
        names: Sequence[str],
        config: Mapping[str, JsonObject],
    ) -> None:
        self._tools = {name: tools[name] for name in names}
        self._config = config
        self._uses: Counter[str] = Counter()

    def count(self, uses: Mapping[str, int]) -> None:
        """Count uses that an earlier process made for the same run."""
        self._uses.update(uses)

    def effect_class(self, name: str) -> str:
        """What a call does to the world; a tool that is not there does nothing."""
        return self._tools[name].effect_class if name in self._tools else "read"

    async def call(self, name: str, arguments: JsonObject) -> list[JsonObject]:
        """The content blocks of one call; GatewayError when it fails."""
        if name not in self._tools:
            raise GatewayError(
                "unsupported_server_tool", f"This run has no tool {name!r}."
            )
        config = self._config.get(name, {})
        self._uses[name] += 1
        if self._uses[name] > config.get("max_uses", self._uses[name]):
            raise GatewayError(
                "rate_limit_exceeded", f"The uses of {name!r} are used up."
            )
        return await self._tools[name].call(arguments, config)
