"""What a dialect has to be able to say and to understand."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from headgate_gateway.json import JsonObject
from headgate_gateway.providers.interface import ModelCall
from headgate_gateway.providers.whole import OneText


class Reading(Protocol):
    """One stream on its way: what its frames have said so far."""

    @property
    def ended(self) -> bool:
        """Whether the stream has said that it is over; what follows is not read."""
        ...

    def frame(self, data: str) -> Iterable[JsonObject]:
        """The message events that the data of the next frame stands for.

        Raises GatewayError for what the provider says has failed.
        """
        ...

    def end(self) -> Iterator[JsonObject]:
        """The last events of a stream that ended without saying so.

        Raises GatewayError for one that was cut.
        """
        ...


class Dialect(Protocol):
    """One provider API: a request to send, a stream and an answer to understand."""

    def path(self, call: ModelCall) -> str:
        """The path below the base URL that gives an answer."""
        ...

    def body(self, call: ModelCall) -> JsonObject:
        """The JSON that asks for an answer, streamed unless ``call.whole``."""
        ...

    def reading(self, model: str) -> Reading:
        """What understands a stream; ``model`` is the id that the message carries."""
        ...

    def answered(
        self, answer: JsonObject, *, model: str
    ) -> Iterator[JsonObject] | OneText:
        """The message events that a whole answer stands for, as few as there can be.

        Or the one text that it is.
        """
        ...
