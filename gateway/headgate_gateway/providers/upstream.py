"""A provider elsewhere: a manifest, a dialect and the connection between them."""

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing

from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource, up_to_failure
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.dialects import (
    DIALECTS,
    gemini_embeddings,
    openai_embeddings,
)
from headgate_gateway.providers.dialects.failures import Refusals
from headgate_gateway.providers.dialects.interface import Reading
from headgate_gateway.providers.embedding import Embedded, EmbeddingCall
from headgate_gateway.providers.http import Exchange, Reply, UpstreamClient
from headgate_gateway.providers.interface import ModelCall, Take
from headgate_gateway.providers.keys import ProviderKeys
from headgate_gateway.providers.manifest import Manifest
from headgate_gateway.providers.wire import FRAMINGS, Framing


class UpstreamProvider:
    """Serves the models of one manifest, with the keys of those who call."""

    def __init__(self, manifest: Manifest, client: UpstreamClient) -> None:
        self.manifest = manifest
        self._client = client
        self._dialect = DIALECTS[manifest.dialect]
        self._framing = FRAMINGS[manifest.framing]
        self._refusals = Refusals(manifest.errors, manifest.rate_limit_headers)

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
        asked = await self._opened(call)
        async with asked as reply, aclosing(self._pieces(reply, call)) as pieces:
            async for piece in pieces:
                batch, failure = up_to_failure(piece)
                if batch:
                    yield batch
                if failure is not None:
                    raise _told(failure)

    async def whole(self, call: ModelCall, take: Take) -> None:
        """The events of one answer, given to ``take``."""
        async with await self._opened(call) as reply:
            if not self._comes_whole(reply, call):
                async with aclosing(self._pieces(reply, call)) as pieces:
                    async for piece in pieces:
                        if _taken(piece, take):
                            return
                return
            model = f"{self.id}/{call.model}"
            _taken(self._dialect.answered(await reply.whole(), model=model), take)

    async def _opened(self, call: ModelCall) -> Exchange:
        accept = "application/json" if call.whole else "text/event-stream"
        return self._client.opened(
            self._url(self._dialect.path(call)),
            headers={"Accept": accept, **await self._headers(call.keys)},
            body=_renamed(self._dialect.body(call), self.manifest.parameters),
            refusals=self._refusals,
        )

    def _comes_whole(self, reply: Reply, call: ModelCall) -> bool:
        """Whether an answer is one piece, whatever was asked for.

        But a stream of JSON lines may be called JSON too.
        """
        return reply.is_whole and (call.whole or self.manifest.framing == "sse")

    async def _pieces(
        self, reply: Reply, call: ModelCall
    ) -> AsyncGenerator[Iterator[JsonObject], None]:
        """What came, read as what it is: a provider may not do as it was asked."""
        model = f"{self.id}/{call.model}"
        if self._comes_whole(reply, call):
            yield self._dialect.answered(await reply.whole(), model=model)
            return
        reading, framing = self._dialect.reading(model), self._framing()
        async for piece in reply.pieces():
            yield _read(reading, framing.feed(piece))
            if reading.ended:
                return
        yield _rest(reading, framing)

    async def embed(self, call: EmbeddingCall) -> Embedded:
        """The vectors of some texts, where the dialect has them."""
        if self.manifest.dialect in gemini_embeddings.DIALECTS:
            path, body = gemini_embeddings.path(call), gemini_embeddings.body_of(call)
            return gemini_embeddings.read(await self._asked(call, path, body), call)
        if self.manifest.dialect not in openai_embeddings.DIALECTS:
            raise GatewayError(
                "unsupported_operation",
                f"{self.manifest.name} makes no embeddings here.",
                param="model",
            )
        body = openai_embeddings.body_of(call)
        answer = await self._asked(call, openai_embeddings.PATH, body)
        return openai_embeddings.read(answer, count=len(call.inputs))

    async def _asked(
        self, call: EmbeddingCall, path: str, body: JsonObject
    ) -> JsonObject:
        return await self._client.ask(
            self._url(path),
            headers=await self._headers(call.keys),
            body=body,
            refusals=self._refusals,
        )

    def _url(self, path: str) -> str:
        return self.manifest.base_url.rstrip("/") + path

    async def _headers(self, keys: ProviderKeys) -> dict[str, str]:
        """The manifest's headers and the key; 401 without one."""
        manifest = self.manifest
        if manifest.auth is None:
            return dict(manifest.headers)
        key = await keys.of(
            manifest.id, header=manifest.key_header, url=manifest.base_url
        )
        if key is None:
            raise GatewayError(
                "provider_key_missing",
                f"Send the key for {manifest.name} as {manifest.key_header}.",
                param=manifest.key_header,
            )
        return {**manifest.headers, manifest.auth.header: manifest.auth.value(key)}


def _renamed(body: JsonObject, names: Mapping[str, str]) -> JsonObject:
    """The request with the settings that the provider calls otherwise renamed."""
    if not names:
        return body
    return {names.get(name, name): value for name, value in body.items()}


def _taken(piece: Iterator[JsonObject], take: Take) -> bool:
    """Whether ``take`` needs no more than these events and those before them."""
    batch, failure = up_to_failure(piece)
    if batch and take(batch):
        return True
    if failure is not None:
        raise _told(failure)
    return False


def _read(reading: Reading, frames: Iterable[str]) -> Iterator[JsonObject]:
    for data in frames:
        yield from reading.frame(data)
        if reading.ended:
            return


def _rest(reading: Reading, framing: Framing) -> Iterator[JsonObject]:
    yield from _read(reading, framing.end())
    if not reading.ended:
        yield from reading.end()


def _told(failure: Exception) -> Exception:
    """What a failure to understand the provider is to the caller."""
    if isinstance(failure, KeyError | TypeError | AttributeError):
        said = f"The provider sent an event of no known form ({failure!r})."
        error = GatewayError("upstream_failed", said)
        error.__cause__ = failure
        return error
    return failure
