"""Exchanges by aiohttp, which knows all of HTTP that services may speak."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp
from yarl import URL

from headgate_gateway.errors import GatewayError
from headgate_gateway.outbound.client import Outgoing
from headgate_gateway.outbound.guard import AddressGuard, ForbiddenAddressError
from headgate_gateway.outbound.resolver import GuardedResolver

_CONNECT_SECONDS = 5.0
_PAUSES = (0.05, 0.2)
"""Seconds between the attempts."""
_OWN_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class Exchanges:
    """What ``OutboundClient`` makes them with."""

    def __init__(self, guard: AddressGuard, *, idle: float) -> None:
        self._guard = guard
        self._idle = idle
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()

    @asynccontextmanager
    async def exchange(
        self, request: Outgoing
    ) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        """The answer, of any status; GatewayError when none comes."""
        try:
            async with await self._sent(request) as answer:
                yield answer
        except (ForbiddenAddressError, aiohttp.InvalidURL):
            # An odd spelling of a number is no URL to the client library.
            raise _not_allowed() from None
        except TimeoutError:
            raise GatewayError(
                "upstream_timeout", "The upstream did not answer in time."
            ) from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            if isinstance(error.__cause__, ForbiddenAddressError):
                raise _not_allowed() from None
            raise GatewayError(
                "upstream_failed",
                f"The connection to the upstream broke: {type(error).__name__}.",
            ) from None

    async def _sent(
        self, request: Outgoing
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        url = URL(request.url, encoded=True)
        encrypted = url.scheme == "https"
        self._guard.check_literal(url.host or "", encrypted=encrypted)
        for pause in (*_PAUSES, None):
            try:
                return await self._session(encrypted=encrypted).request(
                    request.method,
                    url,
                    headers=request.headers,
                    data=request.body,
                    allow_redirects=False,
                    skip_auto_headers=_OWN_HEADERS,
                )
            except aiohttp.ClientConnectionError as error:
                if pause is None or not _may_go_again(request, error):
                    raise
                await asyncio.sleep(pause)
        raise LookupError("no attempt was made")

    def _session(self, *, encrypted: bool) -> aiohttp.ClientSession:
        if encrypted not in self._sessions:
            resolver = GuardedResolver(self._guard, encrypted=encrypted)
            self._sessions[encrypted] = aiohttp.ClientSession(
                auto_decompress=False,
                connector=aiohttp.TCPConnector(limit=0, resolver=resolver),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=_CONNECT_SECONDS, sock_read=self._idle
                ),
                trust_env=False,
            )
        return self._sessions[encrypted]


def _not_allowed() -> GatewayError:
    return GatewayError(
        "upstream_failed", "The upstream's address is not allowed.", retryable=False
    )


def _may_go_again(request: Outgoing, error: aiohttp.ClientConnectionError) -> bool:
    """Whether a request that got no answer is sent once more."""
    if isinstance(error, TimeoutError):
        return False
    if isinstance(error.__cause__, ForbiddenAddressError):
        return False
    # On a connection that did not come about nothing was sent.
    return request.is_repeatable or isinstance(error, aiohttp.ClientConnectorError)
