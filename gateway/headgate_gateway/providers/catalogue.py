"""Which provider serves which model."""

from collections.abc import Sequence
from dataclasses import dataclass

from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.guard import guarded
from headgate_gateway.providers.interface import ModelCall, Provider


@dataclass(frozen=True, slots=True)
class Resolved:
    """A model and who serves it."""

    model: JsonObject
    provider: Provider

    @property
    def id(self) -> str:
        """The model's id, ``provider/model``."""
        return str(self.model["id"])


class Catalogue:
    """All models, by id and alias."""

    def __init__(self, providers: Sequence[Provider], *, upstream_idle: float) -> None:
        self._idle = upstream_idle
        self._by_name: dict[str, Resolved] = {}
        for provider in providers:
            for model in provider.models():
                resolved = Resolved(model, provider)
                for name in (model["id"], *model.get("aliases", ())):
                    self._by_name.setdefault(name, resolved)

    def models(self) -> list[JsonObject]:
        """Every model once, by id."""
        unique = {resolved.id: resolved.model for resolved in self._by_name.values()}
        return [unique[name] for name in sorted(unique)]

    def resolve(self, name: str, *, param: str | None = "model") -> Resolved:
        """The model with this id or alias; 404 when there is none."""
        if name not in self._by_name:
            raise GatewayError("model_not_found", "No model has this id.", param=param)
        return self._by_name[name]

    def stream(
        self,
        resolved: Resolved,
        request: JsonObject,
        *,
        messages: Sequence[JsonObject],
        server_tools: Sequence[str] = (),
    ) -> EventSource:
        """One answer's events, in order and to the end, or a GatewayError."""
        call = ModelCall(
            model=resolved.model["name"],
            messages=messages,
            request=request,
            server_tools=server_tools,
        )
        return guarded(resolved.provider.stream(call), call, idle=self._idle)
