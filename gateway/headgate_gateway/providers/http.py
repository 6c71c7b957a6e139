"""Sends requests to providers and gives their bodies as they come."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
)

import aiohttp
from yarl import URL

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject, dumps
from headgate_gateway.outbound.guard import (
    AddressGuard,
    ForbiddenAddressError,
    GuardedResolver,
)
from headgate_gateway.providers.dialects.failures import PLAIN, Refusals
from headgate_gateway.providers.wire import parse_object

_CONNECT_SECONDS = 5.0
_LONGEST_ERROR = 64 * 1024
_LONGEST_ANSWER = 128 * 1024 * 1024
_JSON = "application/json"


class UpstreamClient:
    """The connections to all providers, kept open between requests.

    Proxies and credentials of the environment are ignored and redirects not followed:
    a provider's key goes to that provider and nowhere else. What the guard says of
    addresses holds; without one all are allowed.
    """

    def __init__(self, guard: AddressGuard | None = None) -> None:
        self._guard = guard
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()

    @asynccontextmanager
    async def opened(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: JsonObject,
        refusals: Refusals = PLAIN,
    ) -> AsyncGenerator["Reply", None]:
        """An answer whose body is still to be read; GatewayError for a failure."""
        with _failures():
            async with self._asked(url, headers=headers, body=body) as answer:
                if answer.status != 200:
                    raise await _refused(answer, refusals)
                yield Reply(answer)

    async def ask(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: JsonObject,
        refusals: Refusals = PLAIN,
    ) -> JsonObject:
        """The JSON object that a request is answered with; GatewayError for another."""
        async with self.opened(
            url, headers={"Accept": _JSON, **headers}, body=body, refusals=refusals
        ) as reply:
            return await reply.whole()

    def _asked(
        self, url: str, *, headers: Mapping[str, str], body: JsonObject
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        target = URL(url)
        encrypted = target.scheme == "https"
        if self._guard is not None:
            self._guard.check_literal(target.host or "", encrypted=encrypted)
        return self._connections(encrypted=encrypted).post(
            target,
            data=dumps(body),
            headers={"Content-Type": _JSON, **headers},
            allow_redirects=False,
        )

    def _connections(self, *, encrypted: bool) -> aiohttp.ClientSession:
        if encrypted not in self._sessions:
            resolver = (
                None
                if self._guard is None
                else GuardedResolver(self._guard, encrypted=encrypted)
            )
            self._sessions[encrypted] = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=_CONNECT_SECONDS
                ),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=0, resolver=resolver),
            )
        return self._sessions[encrypted]


class Reply:
    """A provider's answer: a stream, or one piece of JSON."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    @property
    def is_whole(self) -> bool:
        """Whether it comes in one piece, whatever was asked for."""
        return self._answer.content_type == _JSON

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes, however long."""
        return self._answer.content.iter_any()

    async def whole(self) -> JsonObject:
        """The body, which is a JSON object of bounded size."""
        return parse_object(b"".join([piece async for piece in _bounded(self._answer)]))


@contextmanager
def _failures() -> Generator[None]:
    """What goes wrong on the way, in the gateway's own words."""
    try:
        yield
    except ForbiddenAddressError:
        raise _not_allowed() from None
    except TimeoutError:
        raise GatewayError(
            "upstream_timeout", "The provider could not be reached in time."
        ) from None
    except aiohttp.ClientError as error:
        if isinstance(error.__cause__, ForbiddenAddressError):
            raise _not_allowed() from None
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


def _not_allowed() -> GatewayError:
    return GatewayError("upstream_failed", "The provider's address is not allowed.")


async def _refused(answer: aiohttp.ClientResponse, refusals: Refusals) -> GatewayError:
    body = await answer.content.read(_LONGEST_ERROR)
    return refusals.failure(answer.status, answer.headers, body)
