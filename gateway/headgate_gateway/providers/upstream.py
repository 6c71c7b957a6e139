"""A provider elsewhere: a manifest, a dialect and the connection between them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource, up_to_failure
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.dialects import (
    DIALECTS,
    gemini_embeddings,
    openai_embeddings,
)
from headgate_gateway.providers.dialects.failures import Refusals
from headgate_gateway.providers.embedding import Embedded, EmbeddingCall
from headgate_gateway.providers.http import Exchange, UpstreamClient
from headgate_gateway.providers.interface import ModelCall, Taking
from headgate_gateway.providers.keys import ProviderKeys
from headgate_gateway.providers.manifest import Manifest
from headgate_gateway.providers.reader import Piece, Reader
from headgate_gateway.providers.trace import trace_of
from headgate_gateway.providers.whole import OneText
from headgate_gateway.providers.wire import FRAMINGS

_UNKNOWN_FORM = (KeyError, TypeError, AttributeError)
"""What it comes to when something is not of the form that it should have."""


class UpstreamProvider:
    """Serves the models of one manifest, with the keys of those who call."""

    def __init__(self, manifest: Manifest, client: UpstreamClient) -> None:
        self.manifest = manifest
        self.id = manifest.id
        """The part of a model's id before the slash."""
        self._client = client
        self._dialect = DIALECTS[manifest.dialect]
        self._framing = FRAMINGS[manifest.framing]
        self._refusals = Refusals(manifest.errors, manifest.rate_limit_headers)

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
        with self._opened(call, await self._key(call.keys)) as exchange:
            await exchange.begin()
            source = self._source(exchange, call)
            while (pieces := await source.next()) is not None:
                for batch, failure in pieces:
                    if batch:
                        yield batch
                    if failure is not None:
                        raise _told(failure)

    async def whole(self, call: ModelCall, taking: Taking) -> None:
        """Have one answer taken."""
        manifest = self.manifest
        key = call.keys.brought(manifest.key_header)
        if key is None:
            key = await self._key(call.keys)
        with self._opened(call, key) as exchange:
            await exchange.begin()
            if exchange.is_whole:
                answer = exchange.arrived()
                if answer is None:
                    answer = await exchange.whole()
                self._take_whole(answer, f"{self.id}/{call.model}", taking)
                return
            source = self._source(exchange, call)
            while (pieces := await source.next()) is not None:
                for batch, failure in pieces:
                    if batch and taking.events(batch):
                        return
                    if failure is not None:
                        raise _told(failure)

    def _take_whole(self, answer: JsonObject, model: str, taking: Taking) -> None:
        answered = self._answered(answer, model)
        if isinstance(answered, OneText):
            taking.one_text(answered)
            return
        batch, failure = up_to_failure(answered)
        if batch and taking.events(batch):
            return
        if failure is not None:
            raise _told(failure)

    def _answered(
        self, answer: JsonObject, model: str
    ) -> Iterator[JsonObject] | OneText:
        try:
            return self._dialect.answered(answer, model=model)
        except _UNKNOWN_FORM as failure:
            raise _told(failure) from None

    def _opened(self, call: ModelCall, key: str | None) -> Exchange:
        accept = "application/json" if call.whole else "text/event-stream"
        return self._client.opened(
            self._url(self._dialect.path(call)),
            headers={"Accept": accept, **self._headers(call.keys, key)},
            body=_renamed(self._dialect.body(call), self.manifest.parameters),
            refusals=self._refusals,
        )

    def _source(self, exchange: Exchange, call: ModelCall) -> "_Whole | _Stream":
        """What came, read as what it is: a provider may not do as it was asked.

        But a stream of JSON lines may be called JSON too.
        """
        model = f"{self.id}/{call.model}"
        if exchange.is_whole and (call.whole or self.manifest.framing == "sse"):
            return _Whole(exchange, partial(self._answered, model=model))
        return _Stream(exchange, Reader(self._dialect.reading(model), self._framing()))

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
            headers=self._headers(call.keys, await self._key(call.keys)),
            body=body,
            refusals=self._refusals,
        )

    def _url(self, path: str) -> str:
        return self.manifest.base_url.rstrip("/") + path

    def _headers(self, keys: ProviderKeys, key: str | None) -> Mapping[str, str]:
        """The manifest's headers, the caller's trace and the key."""
        manifest = self.manifest
        headers = {**manifest.headers, **trace_of(keys.headers)}
        if manifest.auth is not None and key is not None:
            headers[manifest.auth.header] = manifest.auth.value(key)
        return headers

    async def _key(self, keys: ProviderKeys) -> str | None:
        """The key, where the provider asks for one; 401 without it."""
        manifest = self.manifest
        if manifest.auth is None:
            return None
        key = await keys.of(
            manifest.id, header=manifest.key_header, url=manifest.base_url
        )
        if key is None:
            raise GatewayError(
                "provider_key_missing",
                f"Send the key for {manifest.name} as {manifest.key_header}.",
                param=manifest.key_header,
            )
        return key


def _renamed(body: JsonObject, names: Mapping[str, str]) -> JsonObject:
    """The request with the settings that the provider calls otherwise renamed."""
    if not names:
        return body
    return {names.get(name, name): value for name, value in body.items()}


class _Whole:
    """An answer in one piece."""

    def __init__(
        self,
        exchange: Exchange,
        answered: Callable[[JsonObject], Iterator[JsonObject] | OneText],
    ) -> None:
        self._exchange: Exchange | None = exchange
        self._answered = answered

    async def next(self) -> Iterable[Piece] | None:
        """All of it, once."""
        if self._exchange is None:
            return None
        exchange, self._exchange = self._exchange, None
        answered = self._answered(await exchange.whole())
        if isinstance(answered, OneText):
            return ((answered.events(), None),)
        return (up_to_failure(answered),)


class _Stream:
    """An answer on its way."""

    def __init__(self, exchange: Exchange, reader: Reader) -> None:
        self._exchange = exchange
        self._reader = reader
        self._has_ended = False

    async def next(self) -> Iterable[Piece] | None:
        """What comes next; None at the end."""
        if self._has_ended or self._reader.ended:
            return None
        if data := await self._exchange.read():
            return self._reader.feed(data)
        self._has_ended = True
        return self._reader.end()


def _told(failure: Exception) -> Exception:
    """What a failure to understand the provider is to the caller."""
    if isinstance(failure, _UNKNOWN_FORM):
        said = f"The provider sent an event of no known form ({failure!r})."
        error = GatewayError("upstream_failed", said)
        error.__cause__ = failure
        return error
    return failure
