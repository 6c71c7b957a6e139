"""A provider elsewhere: a manifest, a dialect and the connection between them."""

from collections.abc import Sequence
from contextlib import aclosing

from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.dialects import DIALECTS
from headgate_gateway.providers.http import UpstreamClient
from headgate_gateway.providers.interface import ModelCall
from headgate_gateway.providers.manifest import Manifest
from headgate_gateway.providers.wire import texts


class UpstreamProvider:
    """Serves the models of one manifest, with the keys of those who call."""

    def __init__(self, manifest: Manifest, client: UpstreamClient) -> None:
        self.manifest = manifest
        self._client = client
        self._dialect = DIALECTS[manifest.dialect]

    @property
    def id(self) -> str:
        """The part of a model's id before the slash."""
        return self.manifest.id

    @property
    def prefixes(self) -> Sequence[str]:
        """Beginnings of bare model names that mean this provider."""
        return self.manifest.prefixes

    def models(self) -> Sequence[JsonObject]:
        """The models that the manifest lists."""
        return [self.model(model["name"]) for model in self.manifest.models]

    def model(self, name: str) -> JsonObject:
        """Any model: the provider knows more of them than the manifest lists."""
        return self.manifest.model(name)

    async def stream(self, call: ModelCall) -> EventSource:
        """The events of one answer."""
        manifest = self.manifest
        key = await call.keys.of(
            manifest.id, header=manifest.key_header, url=manifest.base_url
        )
        if key is None:
            raise GatewayError(
                "provider_key_missing",
                f"Send the key for {manifest.name} as {manifest.key_header}.",
                param=manifest.key_header,
            )
        pieces = self._client.post(
            manifest.base_url.rstrip("/") + self._dialect.path(call),
            headers={
                **manifest.headers,
                manifest.auth.header: manifest.auth.value(key),
            },
            body=self._dialect.body(call),
        )
        model = f"{self.id}/{call.model}"
        async with aclosing(self._dialect.events(texts(pieces), model=model)) as events:
            try:
                async for event in events:
                    yield event
            except (KeyError, TypeError, AttributeError) as error:
                raise GatewayError(
                    "upstream_failed",
                    f"The provider sent an event of no known form ({error!r}).",
                ) from error
