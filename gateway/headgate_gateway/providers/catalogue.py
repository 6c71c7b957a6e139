"""Which provider serves which model."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field

from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource
from headgate_gateway.json import JsonObject, object_at
from headgate_gateway.providers.embedding import Embedded, EmbeddingCall
from headgate_gateway.providers.guard import gathered, guarded
from headgate_gateway.providers.interface import ModelCall, Provider
from headgate_gateway.providers.keys import NO_KEYS, ProviderKeys
from headgate_gateway.providers.structured import in_form, strict_form
from headgate_gateway.providers.whole import Whole


@dataclass(frozen=True, slots=True)
class Resolved:
    """A model and who serves it."""

    model: JsonObject
    provider: Provider
    id: str = field(init=False)
    """The model's id, ``provider/model``."""

    def __post_init__(self) -> None:
        """Look for the id once: a call of the model asks for it again and again."""
        object.__setattr__(self, "id", str(self.model["id"]))


class Catalogue:
    """All models, by id and alias."""

    def __init__(
        self,
        providers: Sequence[Provider],
        *,
        upstream_idle: float,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self._idle = upstream_idle
        self._aliases = aliases or {}
        self._providers: dict[str, Provider] = {}
        self._by_name: dict[str, Resolved] = {}
        self.serve(providers)

    def serve(self, providers: Sequence[Provider]) -> None:
        """Resolve names to these providers from now on."""
        self._providers = {provider.id: provider for provider in providers}
        self._by_name = {}
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
        """The model that a name means; 404 when it means none.

        In this order: the operator's own name, a model's id or alias,
        ``provider/model`` of a known provider, a bare name that begins like a
        provider's.
        """
        name = self._aliases.get(name, name)
        resolved = self._by_name.get(name) or self._of_provider(name)
        resolved = resolved or self._by_prefix(name)
        if resolved is None:
            raise GatewayError("model_not_found", "No model has this id.", param=param)
        return resolved

    def _of_provider(self, name: str) -> Resolved | None:
        provider_id, _, model_name = name.partition("/")
        provider = self._providers.get(provider_id)
        if provider is None or not model_name:
            return None
        model = provider.model(model_name)
        return None if model is None else Resolved(model, provider)

    def _by_prefix(self, name: str) -> Resolved | None:
        for provider in self._providers.values():
            if any(name.startswith(prefix) for prefix in provider.prefixes):
                model = provider.model(name)
                return None if model is None else Resolved(model, provider)
        return None

    def stream(
        self,
        resolved: Resolved,
        request: JsonObject,
        *,
        messages: Sequence[JsonObject],
        server_tools: Sequence[str] = (),
        keys: ProviderKeys = NO_KEYS,
        whole: bool = False,
    ) -> EventSource:
        """One answer's events, in order and to the end, or a GatewayError.

        ``whole`` lets the provider answer in one piece, as few events. What was asked
        for in a strict form has that form.
        """
        form = strict_form(request)
        call = ModelCall(
            model=resolved.model["name"],
            messages=messages,
            request=request,
            server_tools=server_tools,
            keys=keys,
            whole=whole,
            most_output=resolved.model.get("max_output_tokens"),
        )
        events = guarded(
            resolved.provider.stream(call), call, model=resolved.model, idle=self._idle
        )
        return events if form is None else in_form(events, form)

    def whole(
        self,
        resolved: Resolved,
        request: JsonObject,
        *,
        messages: Sequence[JsonObject],
        keys: ProviderKeys,
        into: Whole,
    ) -> Awaitable[None]:
        """Add one answer to ``into``, also what came before a failure."""
        call = ModelCall(
            model=resolved.model["name"],
            messages=messages,
            request=request,
            keys=keys,
            whole=True,
            most_output=resolved.model.get("max_output_tokens"),
        )
        return gathered(
            resolved.provider,
            call,
            model=resolved.model,
            idle=self._idle,
            form=strict_form(request),
            into=into,
        )

    async def embed(self, resolved: Resolved, call: EmbeddingCall) -> Embedded:
        """The vectors of some texts, or a GatewayError."""
        if object_at(resolved.model, "capabilities").get("embeddings") is False:
            raise GatewayError(
                "unsupported_operation",
                "This model makes no embeddings.",
                param="model",
            )
        try:
            async with asyncio.timeout(self._idle):
                return await resolved.provider.embed(call)
        except TimeoutError:
            raise GatewayError(
                "upstream_timeout", f"The provider took more than {self._idle:g} s."
            ) from None
