"""What the gateway asks of a provider: its models, and messages as streams."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from headgate_gateway.events import EventSource
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.embedding import Embedded, EmbeddingCall
from headgate_gateway.providers.keys import NO_KEYS, ProviderKeys
from headgate_gateway.providers.whole import OneText


@dataclass(slots=True, kw_only=True)
class ModelCall:
    """One call of a model: a ``MessageRequest``, and the gateway's tools on offer."""

    model: str
    """The provider's own name of the model."""
    messages: Sequence[JsonObject]
    request: JsonObject
    """The request as it came, for everything else: limits, system, tools, metadata."""
    server_tools: Sequence[str] = ()
    keys: ProviderKeys = NO_KEYS
    whole: bool = False
    """Whether nobody reads along, so that the answer may come in one piece."""
    most_output: int | None = None
    """The most tokens that the model can write, where that is known."""

    @property
    def turn(self) -> int:
        """How many times the model has spoken in this conversation."""
        return sum(message["role"] == "assistant" for message in self.messages)

    @property
    def max_tokens(self) -> int | None:
        """The most tokens that the answer may have."""
        return self.request.get("max_tokens")

    @property
    def metadata(self) -> dict[str, Any]:
        """The request's free metadata."""
        return self.request.get("metadata") or {}


class Taking(Protocol):
    """Who takes an answer that nobody reads along."""

    def events(self, batch: list[JsonObject]) -> bool:
        """Take the next events; True when no more of them are needed."""
        ...

    def one_text(self, answer: OneText) -> None:
        """Take an answer that is one text."""
        ...


class Provider(Protocol):
    """Answers model calls. A whole answer is the fold of its stream."""

    @property
    def id(self) -> str:
        """The part of a model's id before the slash."""
        ...

    def models(self) -> Sequence[JsonObject]:
        """The ``Model`` objects that the provider serves."""
        ...

    @property
    def prefixes(self) -> Sequence[str]:
        """Beginnings of bare model names that mean this provider."""
        ...

    def model(self, name: str) -> JsonObject | None:
        """The ``Model`` called ``name``, listed or not; None if there is none."""
        ...

    def stream(self, call: ModelCall) -> EventSource:
        """The message stream events of one answer.

        Raises GatewayError when the provider fails, before the first event or after it.
        Closing the iterator aborts the call.
        """
        ...

    async def whole(self, call: ModelCall, taking: Taking) -> None:
        """Have one answer taken, for a call that is ``whole``.

        Fails as ``stream`` does. What nobody reads along needs no generators.
        """
        ...

    async def embed(self, call: EmbeddingCall) -> Embedded:
        """The vectors of some texts; GatewayError when the provider makes none."""
        ...


async def give_all(events: EventSource, taking: Taking) -> None:
    """Have the events of a stream taken until no more are needed."""
    async with aclosing(events) as source:
        async for batch in source:
            if taking.events(batch):
                return
