"""A provider elsewhere: a manifest, a dialect and the connection between them."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import TypeAlias

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
from headgate_gateway.providers.wire import FRAMINGS

_Piece: TypeAlias = tuple[list[JsonObject], Exception | None]
"""Events that came together, and the failure that they broke off with."""


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
            async for batch, failure in pieces:
                if batch:
                    yield batch
                if failure is not None:
                    raise _told(failure)

    async def whole(self, call: ModelCall, take: Take) -> None:
        """The events of one answer, given to ``take``."""
        async with await self._opened(call) as reply:
            if not self._comes_whole(reply, call):
                await self._give(reply, call, take)
                return
            model = f"{self.id}/{call.model}"
            answered = self._dialect.answered(await reply.whole(), model=model)
            _taken(up_to_failure(answered), take)

    async def _give(self, reply: Reply, call: ModelCall, take: Take) -> None:
        async with aclosing(self._pieces(reply, call)) as pieces:
            async for piece in pieces:
                if _taken(piece, take):
                    return

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
    ) -> AsyncGenerator[_Piece, None]:
        """What came, read as what it is: a provider may not do as it was asked."""
        model = f"{self.id}/{call.model}"
        if self._comes_whole(reply, call):
            answered = self._dialect.answered(await reply.whole(), model=model)
            yield up_to_failure(answered)
            return
        reading, framing = self._dialect.reading(model), self._framing()
        has_content = False
        async for piece in reply.pieces():
            frames = framing.feed(piece)
            while not has_content and (frame := next(frames, None)) is not None:
                # An answer's first word does not wait for all that came with it.
                said = _read(reading, (frame,))
                has_content = any(map(_is_content, said[0]))
                yield said
            yield _read(reading, frames)
            if reading.ended:
                return
        yield _read(reading, framing.end())
        if not reading.ended:
            yield up_to_failure(reading.end())

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


def _taken(piece: _Piece, take: Take) -> bool:
    """Whether ``take`` needs no more than these events and those before them."""
    batch, failure = piece
    if batch and take(batch):
        return True
    if failure is not None:
        raise _told(failure)
    return False


def _is_content(event: JsonObject) -> bool:
    return bool(event["type"] == "content_block_delta")


def _read(reading: Reading, frames: Iterable[str]) -> _Piece:
    found: list[JsonObject] = []
    try:
        for data in frames:
            if reading.ended:
                break
            for event in reading.frame(data):
                found.append(event)  # noqa: PERF402 - extend may drop what came first
    except Exception as error:  # noqa: BLE001 - raised when these are passed on
        return found, error
    return found, None


def _told(failure: Exception) -> Exception:
    """What a failure to understand the provider is to the caller."""
    if isinstance(failure, KeyError | TypeError | AttributeError):
        said = f"The provider sent an event of no known form ({failure!r})."
        error = GatewayError("upstream_failed", said)
        error.__cause__ = failure
        return error
    return failure
