"""One HTTP/1.1 connection to a provider, with no more than a gateway needs of it.

A general client spends most of its time on what is never asked for here: redirects,
cookies, proxies, middlewares, forms. What is left is a request that is bytes already
and an answer whose pieces come as they were read.
"""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools
from starlette.datastructures import Headers

_MOST_WAITING = 256 * 1024
"""Bytes as they come that may wait to be taken before no more are read."""
_LONGEST_HEAD = 64 * 1024


class BrokenConnectionError(Exception):
    """The connection, or what came over it, was no whole HTTP answer."""


class Connection(asyncio.Protocol):
    """Carries one exchange after the other: ``ask``, then ``read`` until it is empty.

    ``closed`` is called when the connection is no longer of use.
    """

    def __init__(self, closed: Callable[["Connection"], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self._closed = closed
        self._transport: asyncio.Transport | None = None
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._pieces: list[bytes] = []
        self.on_body = self._pieces.append
        """Called by the parser, for every chunk of a body: this costs no frame."""
        self._parser = httptools.HttpResponseParser(self)
        self._begin()

    def _begin(self) -> None:
        self._fields: list[tuple[bytes, bytes]] = []
        self._head_bytes = 0
        self._waiting = 0
        self._has_head = False
        self._complete = False
        self._stays = False
        self._paused = False

    @property
    def is_reusable(self) -> bool:
        """Whether another exchange may follow the one that was read to its end."""
        return (
            self._complete
            and self._stays
            and self._failure is None
            and not self._pieces
        )

    async def ask(self, request: bytes) -> tuple[int, Headers]:
        """Send a request; the status and the headers of its answer."""
        if self._transport is None or self._transport.is_closing():
            raise BrokenConnectionError("closed")
        self._begin()
        self._transport.write(request)
        while not self._has_head:
            if self._failure is not None:
                raise self._failure
            # As in ``_more``, without which every exchange waits this once.
            self._waiter = self.loop.create_future()
            await self._waiter
        return self._parser.get_status_code(), Headers(raw=self._fields)

    def arrived(self) -> bytes | None:
        """The rest of the body, if all of it is there."""
        return self._taken() if self._complete else None

    async def read(self) -> bytes:
        """What has come of the body; empty at its end."""
        while not self._pieces:
            if self._complete:
                return b""
            await self._more()
        return self._taken()

    def _taken(self) -> bytes:
        read = b"".join(self._pieces)
        self._pieces.clear()
        self._waiting = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return read

    def close(self) -> None:
        """End the connection, wherever the exchange is."""
        if self._transport is not None:
            self._transport.close()

    async def _more(self) -> None:
        """Wait until something has come; raises what the connection ended with."""
        if self._failure is not None:
            raise self._failure
        self._waiter = self.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, failure: Exception) -> None:
        if self._failure is None:
            self._failure = failure
        self.close()
        self._wake()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop: parse, and wake who waits once for all of it."""
        if self._complete:
            self._fail(BrokenConnectionError("an answer that nobody asked for"))
            return
        if not self._has_head:
            self._head_bytes += len(data)
        self._waiting += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(BrokenConnectionError(type(error).__name__))
            return
        if not self._has_head and self._head_bytes > _LONGEST_HEAD:
            self._fail(BrokenConnectionError("a head without an end"))
            return
        if self._waiting > _MOST_WAITING and not self._paused:
            self._paused = True
            cast("asyncio.Transport", self._transport).pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Called by the event loop: without a length, this is how a body ends."""
        self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        if self._has_head and exc is None and self._ends_with_connection():
            self._complete = True
        if self._failure is None:
            name = "end of data" if exc is None else type(exc).__name__
            self._failure = BrokenConnectionError(name)
        self._closed(self)
        self._wake()

    def _ends_with_connection(self) -> bool:
        names = {name for name, _ in self._fields}
        return not names & {b"content-length", b"transfer-encoding"}

    def on_message_begin(self) -> None:
        """Called by the parser."""
        if self._complete:
            self._fail(BrokenConnectionError("two answers to one request"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self._fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Called by the parser; what only announces an answer is none."""
        if self._parser.get_status_code() < 200:
            self._fields = []
        else:
            self._has_head = True

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._complete = self._has_head
        # The parser knows it only here: after this it has forgotten the headers.
        self._stays = self._parser.should_keep_alive()
