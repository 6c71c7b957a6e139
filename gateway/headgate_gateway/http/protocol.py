"""HTTP/1.1 as uvicorn speaks it, with an end to waiting for what does not come."""

import asyncio
from typing import Any, cast

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import (
    HttpToolsProtocol,
    RequestResponseCycle,
)

from headgate_gateway.http.answers import error_answer
from headgate_gateway.http.body import too_slow
from headgate_gateway.ids import new_id

_log = structlog.get_logger("headgate_gateway.connections")


class BoundedConfig(uvicorn.Config):
    """The configuration of a server whose connections are bounded; 0: they are not."""

    def __init__(
        self, app: ASGIApp, *, receive_timeout: float, most: int, **options: Any
    ) -> None:
        super().__init__(app, http=BoundedProtocol, **options)
        self.receive_timeout = receive_timeout
        """How long a request's head may take to arrive, in seconds."""
        self.most = most
        """How many connections there may be."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Outside of answers it is closed when nothing whole comes.

    uvicorn itself waits for ever for the rest of a head, and for the rest of a body
    after its answer. A body that is still to be answered is waited for where it is
    read.
    """

    config: BoundedConfig

    def __init__(self, config: BoundedConfig, *arguments: Any, **options: Any) -> None:
        super().__init__(config, *arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = False
        self._in_message = False

    def connection_made(  # type: ignore[override] # as uvicorn's own
        self, transport: asyncio.Transport
    ) -> None:
        """Called by the event loop."""
        super().connection_made(transport)
        if self.config.most and len(self.connections) > self.config.most:
            _log.warning("connection_refused", open=self.config.most)
            transport.close()
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        super().data_received(data)
        # None before the first request, whatever its type says.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        answering = cycle is not None and not cycle.response_complete
        if answering or self.transport.is_closing():
            return
        if self._in_message:
            self._wait()
        elif self.timeout_keep_alive_task is None:
            # The rest of a body that nobody read: now the connection is idle again.
            self._wait_no_more()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_message_begin(self) -> None:
        """Called by the parser."""
        self._in_head = self._in_message = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._in_head = False
        self._wait_no_more()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._in_message = False
        super().on_message_complete()

    def _wait(self) -> None:
        seconds = self.config.receive_timeout
        if seconds and self._deadline is None:
            self._deadline = self.loop.call_later(seconds, self._give_up)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        """Say why where a request has begun; no answer to none."""
        self._deadline = None
        if self.transport.is_closing():
            return
        if self._in_head:
            answer = error_answer(too_slow(), new_id("req"))
            headers = {**answer.headers, "Content-Length": str(len(answer.body))}
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            head = f"HTTP/1.1 408 Request Timeout\r\n{lines}\r\n"
            self.transport.write(head.encode("latin-1") + answer.body)
        self.transport.close()
