# Fixed runtime of a generated SDK: the same source in every package.
"""The network over aiohttp, for the async client; needs the extra `aiohttp`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import aiohttp
from yarl import URL

from .cancel import CancelToken, unless_cancelled
from .deadlines import Waits
from .errors import APIConnectionError, APITimeoutError, SDKError, TimeoutPhase
from .network import Reply
from .requests import Request

_FOREIGN = (aiohttp.ClientError, OSError, TimeoutError, ValueError)
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.InvalidURL)


class AiohttpTransport:
    """Sends over aiohttp, which spends half the time of httpx2 on each piece.

    Give it to the async client as `http_client`. `connector` is an own
    `aiohttp.BaseConnector`, with proxies, certificates and limits as they are wanted;
    without one there are as many connections as calls.
    It belongs to the event loop of its first call, and to the client, which closes it.
    """

    def __init__(self, *, connector: aiohttp.BaseConnector | None = None) -> None:
        self._connector = connector
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self, request: Request, headers: Mapping[str, str], waits: Waits
    ) -> Reply:
        """Send a request and give its answer once the head has arrived."""
        sent = self._sent(request, headers, waits)
        response = await unless_cancelled(request.cancel, sent)
        return _AiohttpReply(response, waits, request.cancel)

    async def sleep(self, seconds: float, cancel: CancelToken | None = None) -> None:
        """Wait, no longer than until the token is cancelled."""
        await unless_cancelled(cancel, asyncio.sleep(seconds))

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _sent(
        self, request: Request, headers: Mapping[str, str], waits: Waits
    ) -> aiohttp.ClientResponse:
        clock = _Clock(waits)
        try:
            async with clock.limit:
                return await self._open().request(
                    request.method,
                    URL(request.url, encoded=True),
                    headers=headers,
                    data=request.content,
                    allow_redirects=False,
                    trace_request_ctx=clock,
                )
        except TimeoutError:
            raise APITimeoutError(clock.phase, connected=clock.is_connected) from None
        except _FOREIGN as error:
            raise _translated(error) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            tracing = aiohttp.TraceConfig()
            tracing.on_connection_create_end.append(_connected)
            tracing.on_connection_reuseconn.append(_connected)
            self._session = aiohttp.ClientSession(
                # aiohttp's own would let the 101st call wait for another's end.
                connector=self._connector or aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                # The waits are our own: of aiohttp's, one counts for head and body.
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                skip_auto_headers=("content-type", "user-agent"),
                trace_configs=[tracing],
            )
        return self._session


class _Clock:
    """The wait for a connection, then the wait for the head of the answer."""

    def __init__(self, waits: Waits) -> None:
        self.limit = asyncio.timeout(waits.connect)
        self.is_connected = False
        self._first_byte = waits.first_byte

    @property
    def phase(self) -> TimeoutPhase:
        """What is being waited for."""
        return "first_byte" if self.is_connected else "connect"

    def connected(self) -> None:
        """Begin to wait for the head."""
        self.is_connected = True
        now = asyncio.get_running_loop().time()
        wait = self._first_byte
        self.limit.reschedule(None if wait is None else now + wait)


async def _connected(
    session: aiohttp.ClientSession, context: SimpleNamespace, parameters: Any
) -> None:
    clock: Any = context.trace_request_ctx
    if isinstance(clock, _Clock):
        clock.connected()


class _AiohttpReply:
    """An answer over aiohttp."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        waits: Waits,
        cancel: CancelToken | None,
    ) -> None:
        self.status_code = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._content = response.content
        self._waits = waits
        self._cancel = cancel

    async def chunk(self) -> bytes:
        try:
            if self._cancel is None:
                return await self._next()
            return await unless_cancelled(self._cancel, self._next())
        except TimeoutError:
            error = APITimeoutError("idle", connected=True)
            raise self._waits.deadline.named(error) from None
        except _FOREIGN as error:
            raise _translated(error) from error

    async def _next(self) -> bytes:
        # What is there already is given without a clock, which costs more than it.
        if piece := self._content.read_nowait():
            return piece
        waits = self._waits
        async with asyncio.timeout(waits.deadline.shortened(waits.idle)):
            return await self._content.readany()

    async def close(self) -> None:
        self._response.close()


def _translated(error: Exception) -> SDKError:
    text = str(error) or type(error).__name__
    connected = not isinstance(error, _NEVER_SENT)
    return APIConnectionError(text, connected=connected)
