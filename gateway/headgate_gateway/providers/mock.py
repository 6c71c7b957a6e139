"""The ``mock`` provider: models that need no network and always answer the same."""

from collections.abc import Sequence

from headgate_gateway.events import EventSource
from headgate_gateway.json import JsonObject
from headgate_gateway.providers import hashing
from headgate_gateway.providers.echo import echo
from headgate_gateway.providers.embedding import Embedded, EmbeddingCall
from headgate_gateway.providers.interface import ModelCall, Taking, give_all
from headgate_gateway.providers.script import ScriptPlayer

_RELEASED = 1_763_683_200
_CAPABILITIES = {
    "messages": True,
    "streaming": True,
    "tools": True,
    "parallel_tools": True,
    "vision": True,
    "audio": True,
    "documents": True,
    "structured_output": True,
    "thinking": True,
    "embeddings": True,
}


class MockProvider:
    """``mock/echo``, ``mock/script`` and ``mock/embed``."""

    id = "mock"

    def __init__(self) -> None:
        self._player = ScriptPlayer()

    def models(self) -> Sequence[JsonObject]:
        """All three; each can do all that there is."""
        return [
            _model("echo", "Echo"),
            _model("script", "Script player"),
            _model("embed", "Hash vectors"),
        ]

    prefixes: Sequence[str] = ()

    def model(self, name: str) -> JsonObject | None:
        """One of the three."""
        return next((model for model in self.models() if model["name"] == name), None)

    def stream(self, call: ModelCall) -> EventSource:
        """The events of one answer."""
        model = f"{self.id}/{call.model}"
        if call.model == "script":
            return self._player.play(call, model=model)
        return echo(call, model=model)

    async def whole(self, call: ModelCall, taking: Taking) -> None:
        """Have one answer taken."""
        await give_all(self.stream(call), taking)

    async def embed(self, call: EmbeddingCall) -> Embedded:
        """Vectors of hashes."""
        return await hashing.embed(call)


def _model(name: str, display_name: str) -> JsonObject:
    return {
        "id": f"{MockProvider.id}/{name}",
        "object": "model",
        "created": _RELEASED,
        "owned_by": "headgate",
        "provider": MockProvider.id,
        "name": name,
        "display_name": display_name,
        "capabilities": _CAPABILITIES,
        "context_window": 1_000_000,
        "max_output_tokens": 1_000_000,
        "pricing": {"input_per_million": 0, "output_per_million": 0, "currency": "USD"},
        "performance": {"speed": "fast", "quality": "basic"},
        "auth": {"requires_byok_header": False},
        "aliases": [name],
    }
