"""What a dialect has to be able to say and to understand."""

from collections.abc import AsyncGenerator
from typing import Protocol

from headgate_gateway.events import EventSource
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.interface import ModelCall


class Dialect(Protocol):
    """One provider API: a request to send, and a stream to understand."""

    def path(self, call: ModelCall) -> str:
        """The path below the base URL that streams an answer."""
        ...

    def body(self, call: ModelCall) -> JsonObject:
        """The JSON that asks for a streamed answer."""
        ...

    def events(self, data: AsyncGenerator[str, None], *, model: str) -> EventSource:
        """The message events that the data of a provider's frames stands for.

        ``model`` is the id that the message carries. Raises GatewayError for what the
        provider says has failed.
        """
        ...
