"""Sends requests to providers and gives their bodies as they come."""

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
)

import aiohttp

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject, dumps
from headgate_gateway.providers.dialects.failures import answered_failure
from headgate_gateway.providers.wire import parse_object

_CONNECT_SECONDS = 5.0
_LONGEST_ERROR = 64 * 1024
_LONGEST_ANSWER = 128 * 1024 * 1024
_JSON = "application/json"


class UpstreamClient:
    """The connections to all providers, kept open between requests.

    Proxies and credentials of the environment are ignored and redirects not followed:
    a provider's key goes to that provider and nowhere else.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def opened(
        self, url: str, *, headers: Mapping[str, str], body: JsonObject
    ) -> AsyncGenerator["Reply", None]:
        """An answer whose body is still to be read; GatewayError for a failure."""
        with _failures():
            async with self._asked(url, headers=headers, body=body) as answer:
                if answer.status != 200:
                    raise await _refused(answer)
                yield Reply(answer)

    async def ask(
        self, url: str, *, headers: Mapping[str, str], body: JsonObject
    ) -> JsonObject:
        """The JSON object that a request is answered with; GatewayError for another."""
        async with self.opened(
            url, headers={"Accept": _JSON, **headers}, body=body
        ) as reply:
            return await reply.whole()

    def _asked(
        self, url: str, *, headers: Mapping[str, str], body: JsonObject
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        return self._connections().post(
            url,
            data=dumps(body),
            headers={"Content-Type": _JSON, **headers},
            allow_redirects=False,
        )

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=_CONNECT_SECONDS
                ),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=0),
            )
        return self._session


class Reply:
    """A provider's answer: a stream, or one piece of JSON."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    @property
    def is_whole(self) -> bool:
        """Whether it comes in one piece, whatever was asked for."""
        return self._answer.content_type == _JSON

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes, however long."""
        return _pieces(self._answer)

    async def whole(self) -> JsonObject:
        """The body, which is a JSON object of bounded size."""
        return parse_object(b"".join([piece async for piece in _bounded(self._answer)]))


async def _pieces(answer: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    async for piece in answer.content.iter_any():
        yield piece


@contextmanager
def _failures() -> Generator[None]:
    """What goes wrong on the way, in the gateway's own words."""
    try:
        yield
    except TimeoutError:
        raise GatewayError(
            "upstream_timeout", "The provider could not be reached in time."
        ) from None
    except aiohttp.ClientError as error:
        raise GatewayError(
            "upstream_failed",
            f"The connection to the provider broke: {type(error).__name__}.",
        ) from None


async def _bounded(answer: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    size = 0
    async for piece in answer.content.iter_any():
        size += len(piece)
        if size > _LONGEST_ANSWER:
            raise GatewayError(
                "upstream_failed", "The provider sent an answer beyond all bounds."
            )
        yield piece


async def _refused(answer: aiohttp.ClientResponse) -> GatewayError:
    body = await answer.content.read(_LONGEST_ERROR)
    retry_after = _seconds(answer.headers.get("Retry-After"))
    return answered_failure(answer.status, body, retry_after=retry_after)


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
