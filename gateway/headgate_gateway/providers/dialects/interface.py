"""What a dialect has to be able to say and to understand."""

from collections.abc import AsyncGenerator, Iterator
from typing import Protocol

from headgate_gateway.events import EventSource
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.interface import ModelCall


class Dialect(Protocol):
    """One provider API: a request to send, a stream and an answer to understand."""

    def path(self, call: ModelCall) -> str:
        """The path below the base URL that gives an answer."""
        ...

    def body(self, call: ModelCall) -> JsonObject:
        """The JSON that asks for an answer, streamed unless ``call.whole``."""
        ...

    def events(self, data: AsyncGenerator[str, None], *, model: str) -> EventSource:
        """The message events that the data of a provider's frames stands for.

        ``model`` is the id that the message carries. Raises GatewayError for what the
        provider says has failed.
        """
        ...

    def answered(self, answer: JsonObject, *, model: str) -> Iterator[JsonObject]:
        """The message events that a whole answer stands for, as few as there can be."""
        ...
