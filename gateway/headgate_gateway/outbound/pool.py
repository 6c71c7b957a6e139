"""Connections to providers, kept open between requests, by where they lead."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from starlette.datastructures import Headers
from yarl import URL

from headgate_gateway import __version__
from headgate_gateway.outbound.connection import BrokenConnectionError, Connection
from headgate_gateway.outbound.guard import AddressGuard

_CONNECT_SECONDS = 5.0
_IDLE_SECONDS = 15.0
"""A connection that nobody used for so long may be closed at its other end."""
_AGENT = f"headgate-gateway/{__version__}"


class Origin(NamedTuple):
    """Where connections lead."""

    host: str
    port: int
    encrypted: bool


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads, and what is asked for there."""

    origin: Origin
    head: str
    """The first lines of a POST to it."""


@lru_cache(maxsize=1024)
def target_of(url: str) -> Target:
    """The parts of a URL that requests need; they go to few URLs."""
    parsed = URL(url)
    if parsed.raw_host is None or parsed.port is None:
        raise BrokenConnectionError("no address")
    head = (
        f"POST {parsed.raw_path_qs} HTTP/1.1\r\nHost: {parsed.host_port_subcomponent}"
        f"\r\nUser-Agent: {_AGENT}\r\nAccept-Encoding: identity\r\n"
    )
    origin = Origin(parsed.raw_host, parsed.port, parsed.scheme == "https")
    return Target(origin, head)


class Answer:
    """An answer on its way."""

    def __init__(
        self,
        status: int,
        headers: Headers,
        connection: Connection,
        *,
        close: Callable[[], None],
    ) -> None:
        self.status = status
        self.headers = headers
        self.close = close
        """Has to be called in the end; what is left of the body is not read then."""
        self._connection = connection

    @property
    def media_type(self) -> str:
        """The media type of the body, without parameters."""
        return _media_type(self.headers.get("content-type", ""))

    def read(self) -> Awaitable[bytes]:
        """What has come of the body; empty at its end."""
        return self._connection.read()

    def arrived(self) -> bytes | None:
        """The rest of the body, if all of it is there."""
        return self._connection.arrived()

    async def whole(self, longest: int) -> bytes:
        """The body, of which no more is read when it is longer than this."""
        pieces: list[bytes] = []
        size = 0
        while size <= longest and (piece := await self._connection.read()):
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)


class ConnectionPool:
    """Opens a connection where none is idle, and only where the guard allows."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._idle: dict[Origin, list[tuple[float, Connection]]] = {}
        self._open: set[Connection] = set()

    async def post(
        self, url: str, *, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """The answer to a request, which has to be closed; its body is to be read."""
        target = target_of(url)
        request = _request(target, headers, body)
        connection = self._take(target) or await self._connect(target.origin)
        try:
            status, told = await connection.ask(request)
        except BaseException:
            connection.close()
            raise
        return Answer(
            status,
            told,
            connection,
            close=lambda: self._give_back(target.origin, connection),
        )

    async def close(self) -> None:
        """Close all connections."""
        for connection in tuple(self._open):
            connection.close()

    def _take(self, target: Target) -> Connection | None:
        idle = self._idle.get(target.origin)
        while idle:
            _, connection = idle.pop()
            if connection in self._open:
                return connection
        return None

    def _give_back(self, origin: Origin, connection: Connection) -> None:
        if connection not in self._open or not connection.is_reusable:
            connection.close()
            return
        loop = connection.loop
        idle = self._idle.get(origin)
        if idle is None:
            idle = self._idle[origin] = []
            loop.call_later(_IDLE_SECONDS, self._let_go, origin)
        idle.append((loop.time(), connection))

    def _let_go(self, origin: Origin) -> None:
        """Close what was idle too long, and look again while there is more."""
        loop = asyncio.get_running_loop()
        oldest = loop.time() - _IDLE_SECONDS
        idle = self._idle.pop(origin, [])
        for since, connection in idle:
            if since < oldest:
                connection.close()
        fresh = [item for item in idle if item[0] >= oldest]
        if fresh:
            self._idle[origin] = fresh
            loop.call_later(_IDLE_SECONDS, self._let_go, origin)

    async def _connect(self, origin: Origin) -> Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_CONNECT_SECONDS):
            failure: OSError = OSError("no address")
            for address in await self._addresses(origin):
                try:
                    _, connection = await loop.create_connection(
                        lambda: Connection(self._open.discard),
                        address,
                        origin.port,
                        ssl=_tls() if origin.encrypted else None,
                        server_hostname=origin.host if origin.encrypted else None,
                    )
                except OSError as error:
                    failure = error
                    continue
                self._open.add(connection)
                return connection
            raise failure

    async def _addresses(self, origin: Origin) -> list[str]:
        """The addresses to try; a name is checked by what it means right now."""
        if self._guard.names(origin.host, origin.port, encrypted=origin.encrypted):
            return [origin.host]
        self._guard.check_literal(origin.host, encrypted=origin.encrypted)
        return await self._guard.resolve(
            origin.host, origin.port, encrypted=origin.encrypted
        )


@lru_cache(maxsize=64)
def _media_type(given: str) -> str:
    return given.partition(";")[0].strip().lower()


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    head = f"{target.head}{''.join(lines)}Content-Length: {len(body)}\r\n\r\n"
    # One line end a line: a value that has another one could begin a second request.
    if "\0" in head or head.count("\n") != len(lines) + _OWN_LINES:
        raise BrokenConnectionError("a header of several lines")
    return head.encode() + body


_OWN_LINES = 6
"""Lines of a head beside the caller's headers: five of ours and the empty one."""


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than a request."""
    return ssl.create_default_context()
