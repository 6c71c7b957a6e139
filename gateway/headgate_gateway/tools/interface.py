"""What the run engine asks of a tool."""

from typing import Literal, Protocol

from headgate_gateway.json import JsonObject


class ServerTool(Protocol):
    """A tool that the gateway runs."""

    @property
    def name(self) -> str:
        """The name that the model calls it by."""
        ...

    @property
    def effect_class(self) -> Literal["read", "idempotent", "write"]:
        """What a call does to the world."""
        ...

    async def call(self, arguments: JsonObject, config: JsonObject) -> list[JsonObject]:
        """The content blocks that a call gives; raises GatewayError when it fails."""
        ...
