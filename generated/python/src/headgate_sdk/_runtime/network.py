# Fixed runtime of a generated SDK: the same source in every package.
"""The network, as little of it as the client needs, over httpx2.

The client is written once, as coroutines over `Network`. A blocking network's
coroutines never wait, so `run_now` drives them to their end in one step.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Lock, Timer
from typing import Any, Protocol, TypeVar

import httpx2

from .cancel import CancelToken, blocking_unless_cancelled, unless_cancelled
from .deadlines import Waits
from .errors import APIConnectionError, APITimeoutError, SDKError, TimeoutPhase
from .requests import Request

T = TypeVar("T")

_CLOSED = float("-inf")
"""When the last piece of an answer could be asked for that is closed."""
_FOREIGN = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError)
_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=20)
"""As many connections as there are calls: a stream may keep one for hours."""
_NEVER_SENT = (httpx2.ConnectError, httpx2.ProxyError, httpx2.UnsupportedProtocol)


class Reply(Protocol):
    """An answer whose body is still to be read."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, read without regard to case."""
        ...

    async def chunk(self) -> bytes:
        """Give the next piece of the body, b"" at its end."""
        ...

    async def close(self) -> None:
        """Free the connection, whether or not the body was read."""
        ...


class Network(Protocol):
    """What sends requests and waits."""

    async def send(
        self, request: Request, headers: Mapping[str, str], waits: Waits
    ) -> Reply:
        """Send a request and give its answer once the head has arrived."""
        ...

    async def sleep(self, seconds: float, cancel: CancelToken | None = None) -> None:
        """Wait, no longer than until the token is cancelled."""
        ...

    async def close(self) -> None:
        """Close what this network opened itself."""
        ...


def run_now(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("a blocking network waited")


def _translated(error: Exception, phase: TimeoutPhase) -> SDKError:
    """Give our error for one of the transport's."""
    if isinstance(error, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return APITimeoutError("connect", connected=False)
    if isinstance(error, httpx2.TimeoutException):
        return APITimeoutError(phase, connected=True)
    connected = not isinstance(error, (*_NEVER_SENT, httpx2.InvalidURL))
    text = str(error) or type(error).__name__
    return APIConnectionError(text, connected=connected)


def _no_cookies() -> CookieJar:
    """Give a jar that keeps nothing: all scopes of a client share its connections."""
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))


def _built(
    client: httpx2.Client | httpx2.AsyncClient,
    request: Request,
    headers: Mapping[str, str],
    timeouts: dict[str, float | None],
) -> httpx2.Request:
    try:
        return client.build_request(
            request.method,
            request.url,
            headers=headers,
            content=request.content,
            extensions={"timeout": timeouts},
        )
    except _FOREIGN as error:
        raise _translated(error, "connect") from error


class BlockingNetwork:
    """Sends over an `httpx2.Client`, its caller's or one made at the first request."""

    def __init__(self, client: httpx2.Client | None) -> None:
        self._own = client is None
        self._client = client
        self._opening = Lock()
        self._pause = time.sleep

    async def send(
        self, request: Request, headers: Mapping[str, str], waits: Waits
    ) -> Reply:
        """Send a request and give its answer once the head has arrived."""
        client = self._client or self._opened()
        timeouts = waits.extension()
        sent = _built(client, request, headers, timeouts)
        send = partial(client.send, sent, stream=True, follow_redirects=False)
        cancel = request.cancel
        try:
            if cancel is None:
                response = send()
            else:
                response = blocking_unless_cancelled(cancel, send, _closed)
        except _FOREIGN as error:
            raise _translated(error, "first_byte") from error
        if cancel is None:
            return _BlockingReply(response, waits, timeouts)
        return _CancellableReply(response, waits, timeouts, cancel)

    def _opened(self) -> httpx2.Client:
        """Give the one client of all threads, which may be the first at once."""
        with self._opening:
            if self._client is None:
                self._client = httpx2.Client(cookies=_no_cookies(), limits=_LIMITS)
            return self._client

    async def sleep(self, seconds: float, cancel: CancelToken | None = None) -> None:
        """Wait, no longer than until the token is cancelled."""
        if cancel is None:
            self._pause(seconds)
        else:
            cancel.wait(seconds)

    async def close(self) -> None:
        """Close the client unless the caller brought it."""
        if self._own and self._client is not None:
            self._client.close()


class _BlockingReply:
    """An answer over a blocking client."""

    def __init__(
        self,
        response: httpx2.Response,
        waits: Waits,
        timeouts: dict[str, float | None],
    ) -> None:
        self.status_code = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._deadline = waits.deadline
        self._timeouts = timeouts
        self._timeouts["read"] = idle = waits.deadline.shortened(waits.idle)
        self._chunks = _pieces(response)
        self._last_start = waits.deadline.last_start(idle)
        self._alarm: _Alarm | None = None
        self._error: SDKError | None = None
        self._is_read = False

    async def chunk(self) -> bytes:
        if self._error is not None:
            raise self._error
        try:
            if time.monotonic() > self._last_start:
                self._keep_deadline()
            piece = next(self._chunks, b"")
        except _FOREIGN as error:
            raise self._own(error) from error
        if not piece:
            self._is_read = True
        if self._alarm is not None:
            self._deadline.check()
        return piece

    def following(self) -> Iterator[bytes]:
        """Give the pieces after one, as they come.

        What stops them is raised by the next `chunk`; it stays there, for whoever reads
        these pieces is in the middle of the events.
        """
        now = time.monotonic
        try:
            while now() <= self._last_start or self._may_go_on():
                piece = next(self._chunks, b"")
                if not piece:
                    self._is_read = True
                    return
                yield piece
        except _FOREIGN as error:
            self._error = self._own(error)
            self._error.__cause__ = error
        except SDKError as error:
            self._error = error

    def _may_go_on(self) -> bool:
        """Say whether the answer is still open where the time is getting short."""
        if self._last_start == _CLOSED:
            return False
        self._keep_deadline()
        return True

    def _keep_deadline(self) -> None:
        """See that the next piece is not waited for longer than the call may take.

        The transport waits for every piece as long as for the first: what has to end
        earlier is hung up. Over HTTP/2, whose connection others share, it looks at the
        timeout again.
        """
        self._deadline.check()
        left = self._timeouts["read"] = self._deadline.shortened(None)
        if self._alarm is None and "stream_id" not in self._response.extensions:
            self._alarm = _Alarm(left or 0, self._response)

    def _own(self, error: Exception) -> SDKError:
        if self._alarm is not None and self._deadline.is_over:
            return APITimeoutError("total", connected=True)
        return _translated(error, "idle")

    def hang_up(self) -> None:
        """End another thread's wait for the next piece.

        A connection whose answer was read may serve another call by now, and one of
        HTTP/2 serves several.
        """
        if not self._is_read and "stream_id" not in self._response.extensions:
            _hang_up(self._response)

    async def close(self) -> None:
        self._last_start = _CLOSED
        if self._alarm is not None:
            self._alarm.silence()
        self._response.close()


class _CancellableReply(_BlockingReply):
    """An answer whose body a token in another thread stops from coming."""

    def __init__(
        self,
        response: httpx2.Response,
        waits: Waits,
        timeouts: dict[str, float | None],
        cancel: CancelToken,
    ) -> None:
        super().__init__(response, waits, timeouts)
        self._cancel = cancel
        self._forget = cancel.on_cancel(lambda: _hang_up(response))

    async def chunk(self) -> bytes:
        self._cancel.check()
        try:
            piece = await super().chunk()
        except APIConnectionError:
            self._cancel.check()
            raise
        self._cancel.check()
        return piece

    def following(self) -> Iterator[bytes]:
        """Give nothing: the token is looked at before each piece and after it."""
        return iter(())

    async def close(self) -> None:
        self._forget()
        await super().close()


class _Alarm:
    """Hangs up after some seconds, unless it is silenced before."""

    def __init__(self, seconds: float, response: httpx2.Response) -> None:
        self._lock = Lock()
        self._response: httpx2.Response | None = response
        self._timer = Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def _ring(self) -> None:
        with self._lock:
            if self._response is not None:
                _hang_up(self._response)

    def silence(self) -> None:
        """See that the connection, which may serve another call then, is let alone."""
        self._timer.cancel()
        with self._lock:
            self._response = None


def _closed(response: httpx2.Response) -> None:
    response.close()


def _hang_up(response: httpx2.Response) -> None:
    """End a wait for more of an answer: to close a socket alone does not."""
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream is not None else None
    if isinstance(connection, socket.socket):
        with suppress(OSError):
            # As a plain socket: TLS would first say goodbye, and wait for it.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _pieces(response: httpx2.Response) -> Iterator[bytes]:
    """Give the body as it arrives; what is not compressed comes by the shortest way."""
    stream = response.stream
    if "content-encoding" in response.headers or not isinstance(stream, Iterable):
        return response.iter_bytes()
    return iter(stream)


class HeldReply:
    """An answer that frees something else, too, once it is closed."""

    def __init__(self, reply: Reply, free: Callable[[], object]) -> None:
        self.status_code = reply.status_code
        self.headers = reply.headers
        self.held = reply
        self._free: Callable[[], object] | None = free

    async def chunk(self) -> bytes:
        """Give the next piece of the body, b"" at its end."""
        return await self.held.chunk()

    async def close(self) -> None:
        """Free the connection, then what else there is."""
        free, self._free = self._free, None
        try:
            await self.held.close()
        finally:
            if free is not None:
                free()


def following(reply: Reply) -> Iterator[bytes]:
    """Give the pieces that come after one without a coroutine's wait for them."""
    if isinstance(reply, HeldReply):
        reply = reply.held
    return reply.following() if isinstance(reply, _BlockingReply) else iter(())


def hang_up(reply: Reply) -> None:
    """End the wait of a thread that reads an answer, if one does."""
    if isinstance(reply, HeldReply):
        reply = reply.held
    if isinstance(reply, _BlockingReply):
        reply.hang_up()


class AsyncNetwork:
    """Sends over an `httpx2.AsyncClient`, its caller's or one made at need."""

    def __init__(self, client: httpx2.AsyncClient | None) -> None:
        self._own = client is None
        self._client = client

    async def send(
        self, request: Request, headers: Mapping[str, str], waits: Waits
    ) -> Reply:
        """Send a request and give its answer once the head has arrived."""
        if self._client is None:
            self._client = httpx2.AsyncClient(cookies=_no_cookies(), limits=_LIMITS)
        timeouts = waits.extension()
        sent = _built(self._client, request, headers, timeouts)
        try:
            response = await unless_cancelled(
                request.cancel,
                self._client.send(sent, stream=True, follow_redirects=False),
            )
        except _FOREIGN as error:
            raise _translated(error, "first_byte") from error
        timeouts["read"] = waits.deadline.shortened(waits.idle)
        return _AsyncReply(response, waits, timeouts["read"], request.cancel)

    async def sleep(self, seconds: float, cancel: CancelToken | None = None) -> None:
        """Wait, no longer than until the token is cancelled."""
        await unless_cancelled(cancel, asyncio.sleep(seconds))

    async def close(self) -> None:
        """Close the client unless the caller brought it."""
        if self._own and self._client is not None:
            await self._client.aclose()


def async_network(client: httpx2.AsyncClient | Network | None) -> Network:
    """Give the network that a caller brought, or one over httpx2."""
    if client is None or isinstance(client, httpx2.AsyncClient):
        return AsyncNetwork(client)
    return client


class _AsyncReply:
    """An answer over an async client."""

    def __init__(
        self,
        response: httpx2.Response,
        waits: Waits,
        idle: float | None,
        cancel: CancelToken | None,
    ) -> None:
        self.status_code = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._deadline = waits.deadline
        self._last_start = waits.deadline.last_start(idle)
        self._cancel = cancel
        self._chunks = response.aiter_bytes()

    async def chunk(self) -> bytes:
        try:
            if self._cancel is None:
                return await self._next()
            return await unless_cancelled(self._cancel, self._next())
        except _FOREIGN as error:
            raise _translated(error, "idle") from error

    async def _next(self) -> bytes:
        if time.monotonic() <= self._last_start:
            return await anext(self._chunks, b"")
        # The transport waits for every piece as long as for the first.
        try:
            async with asyncio.timeout(self._deadline.shortened(None)):
                return await anext(self._chunks, b"")
        except TimeoutError:
            raise APITimeoutError("total", connected=True) from None

    async def close(self) -> None:
        await self._response.aclose()
        # A reader in another task ends by itself, now that the answer is closed.
        with suppress(RuntimeError):
            await self._chunks.aclose()
