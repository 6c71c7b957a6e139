"""HTTP/1.1 for uvicorn's server, with an end to waiting for what does not come."""

import asyncio
from collections import deque
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote

import httptools
import structlog
import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.protocols.utils import get_local_addr, get_remote_addr
from uvicorn.server import ServerState

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import error_answer
from headgate_gateway.http.body import too_slow
from headgate_gateway.http.cycle import Cycle
from headgate_gateway.http.request import WHOLE
from headgate_gateway.ids import new_id

_ASGI = {"version": "3.0", "spec_version": "2.3"}
_EXTENSIONS: dict[str, dict[str, object]] = {WHOLE: {}}
_LONG = 128
"""Shorter targets without a query are read once: most requests go to few of them."""
_QUERY = ord("?")
_FORWARDED = b"x-forwarded-"
_LARGEST_HEAD = 64 * 1024
"""Bytes of a request's target, headers and trailers, of which nobody needs more."""
_MOST_LINES = 128
_BETWEEN = len(": \r\n")
"""Bytes of a header's line beside its name and its value."""
_NOT_HTTP = b"Invalid HTTP request received."
_REFUSED = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b"
)

_log = structlog.get_logger("headgate_gateway.connections")


class BoundedConfig(uvicorn.Config):
    """The configuration of a server whose connections are bounded; 0: they are not."""

    def __init__(
        self, app: ASGIApp, *, receive_timeout: float, most: int, **options: Any
    ) -> None:
        super().__init__(app, http=BoundedProtocol, proxy_headers=False, **options)
        self.receive_timeout = receive_timeout
        """How long a request's head may take to arrive, in seconds."""
        self.most = most
        """How many connections there may be."""
        self.direct = app
        self.forwarded: ASGIApp = ProxyHeadersMiddleware(  # type: ignore[assignment] # uvicorn has types of its own for the same
            app,  # type: ignore[arg-type]
            self.forwarded_allow_ips,
        )
        """Answers requests that a proxy says something about."""
        self._told: list[tuple[bytes, bytes]] = []
        self._lines = b""

    def lines_of(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """Headers as they are sent, written once for each list: one a second."""
        if headers is not self._told:
            self._told = headers
            self._lines = b"".join([b"%b: %b\r\n" % header for header in headers])
        return self._lines


class BoundedProtocol(asyncio.Protocol):
    """One connection. Outside of answers it is closed when nothing whole comes.

    A body that is still to be answered is waited for where it is read.
    """

    def __init__(
        self,
        config: BoundedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.loop = _loop or asyncio.get_running_loop()
        self.transport: asyncio.Transport
        self.flow: FlowControl
        self._config = config
        self._server = server_state
        self._connections = cast("set[asyncio.Protocol]", server_state.connections)
        self._parser = _parser(self)
        self._cycle: Cycle | None = None
        self._queued: deque[tuple[Cycle, ASGIApp]] = deque()
        """Requests that came before the one before them was answered."""
        self._deadline: asyncio.TimerHandle | None = None
        self._rest_timer: asyncio.TimerHandle | None = None
        self._resting_since: float | None = None
        self._in_head = False
        self._in_message = False
        self._is_offered = False
        """Whether a request with a body offers another protocol for what follows it."""
        self._is_deaf = False
        """Whether nothing more is listened to: an answer to come is the last one."""
        self._got_on = False
        """Whether a head, a piece of a body or a message ended in what came last."""
        self._unread = 0
        """Bytes of a message that came since then; the parser may keep all of them."""
        self._begin()

    def _begin(self) -> None:
        self._url = b""
        self._size = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects_continue = False
        self._is_forwarded = False

    @property
    def default_lines(self) -> bytes:
        """What every answer says, as it is sent."""
        return self._config.lines_of(self._server.default_headers)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self.transport = cast("asyncio.Transport", transport)
        self.flow = FlowControl(self.transport)
        self._address = get_local_addr(self.transport), get_remote_addr(self.transport)
        self._connections.add(self)
        if self._config.most and len(self._connections) > self._config.most:
            _log.warning("connection_refused", open=self._config.most)
            transport.close()
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._wait_no_more()
        if self._rest_timer is not None:
            self._rest_timer.cancel()
        self._connections.discard(self)
        self._queued.clear()
        if self._cycle is not None:
            self._cycle.disconnected()
        self.flow.resume_writing()
        # Each of them knows the connection: it should be gone without a search.
        del self._parser
        self._cycle = None

    def pause_writing(self) -> None:
        """Called by the event loop."""
        self.flow.pause_writing()

    def resume_writing(self) -> None:
        """Called by the event loop."""
        self.flow.resume_writing()

    def shutdown(self) -> None:
        """Close the connection, after the answer that is on its way."""
        if self._cycle is None or self._cycle.complete:
            self.transport.close()
        else:
            self._cycle.keep_alive = False

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        if self._is_deaf:
            return
        self._got_on = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._is_offered:
                self._decline(data[upgrade.args[0] :])
                return
            # Nothing else is spoken here: the request is answered as it is, and what
            # follows it may be of the other protocol.
            self._is_deaf = True
        except httptools.HttpParserError as error:
            self._refuse(_refusal(error))
            return
        if self._got_on:
            self._unread = 0
        elif self._in_message:
            self._unread += len(data)
            if self._unread > _LARGEST_HEAD:
                self._refuse(_told(_too_large()))
                return
        answering = self._cycle is not None and not self._cycle.complete
        if not answering and not self.transport.is_closing():
            self._await_more()

    def _decline(self, rest: bytes) -> None:
        """Read a request as if it offered no other protocol (RFC 9110, 7.8).

        The parser takes what follows such a head for the other protocol's, while it is
        the body: nobody goes over to it before an answer agrees. Java's client offers
        HTTP/2 with each request on a new connection.
        """
        self._is_offered = False
        method, version = self._parser.get_method(), self._parser.get_http_version()
        lines = [b"%b %b HTTP/%b" % (method, self._url, version.encode("ascii"))]
        for name, value in self._headers:
            if name != b"upgrade":
                kept = _without(b"upgrade", value) if name == b"connection" else value
                lines.append(b"%b: %b" % (name, kept))
        self._parser = _parser(self)
        self.data_received(b"\r\n".join([*lines, b"", rest]))

    def _refuse(self, answer: bytes) -> None:
        """Answer what cannot be read on, in its turn, and close the connection."""
        self._is_deaf = True
        cycle = self._cycle
        if cycle is not None and self._in_message and not self._in_head:
            # It is the body of a request that may be answered already, or has to wait.
            if not (cycle.is_answering or self._queued):
                self.transport.write(answer)
        elif cycle is not None and not cycle.complete:
            # An answer would be taken for one to a request before.
            cycle.keep_alive = False
            return
        else:
            self.transport.write(answer)
        self.transport.close()

    def _await_more(self) -> None:
        """Wait for what is left of a message, or for the next one."""
        if self._in_message:
            self._wait()
        elif self._resting_since is None:
            self._wait_no_more()
            self._rest()

    def on_message_begin(self) -> None:
        """Called by the parser."""
        self._resting_since = None
        self._in_head = self._in_message = True
        self._begin()

    def on_url(self, url: bytes) -> None:
        """Called by the parser."""
        self._url += url
        self._size += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser, for trailers too."""
        self._size += len(name) + len(value) + _BETWEEN
        if self._size > _LARGEST_HEAD:
            raise _too_large()
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self._expects_continue = True
        elif name.startswith(_FORWARDED):
            self._is_forwarded = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        if len(self._headers) > _MOST_LINES:
            raise _too_large()
        upgrade = self._parser.should_upgrade()
        if upgrade and _has_content(self._headers):
            if self._parser.get_method() == b"CONNECT":
                raise _unreadable()
            self._is_offered = True
            return
        self._in_head = False
        self._got_on = True
        self._wait_no_more()
        version = self._parser.get_http_version()
        earlier = self._cycle
        cycle = self._cycle = Cycle(
            self,
            self._scope(version),
            keep_alive=version != "1.0"
            and self._parser.should_keep_alive()
            and not upgrade,
            expects_continue=self._expects_continue,
        )
        # Trailers go nowhere (RFC 9110, 6.5.1): they would add to headers that have
        # been looked at.
        self._headers = []
        config = self._config
        app = config.forwarded if self._is_forwarded else config.direct
        if earlier is None or earlier.complete:
            self._answer(cycle, app)
        else:
            self.flow.pause_reading()
            self._queued.append((cycle, app))

    def _scope(self, version: str) -> Scope:
        url = self._url
        read = _read if len(url) > _LONG or _QUERY in url else _read_once
        path, raw_path, query = read(url)
        server, client = self._address
        return {
            "type": "http",
            "asgi": _ASGI,
            "extensions": _EXTENSIONS,
            "http_version": version,
            "server": server,
            "client": client,
            "scheme": "http",
            "root_path": "",
            "headers": self._headers,
            "state": {},
            "method": self._parser.get_method().decode("ascii"),
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
        }

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._got_on = True
        if self._cycle is not None:
            self._cycle.arrived(body)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if self._is_offered:
            return
        self._in_message = False
        self._got_on = True
        if self._cycle is not None:
            self._cycle.arrived_whole()

    def _answer(self, cycle: Cycle, app: ASGIApp) -> None:
        self._server.tasks.add(cycle.start(app))

    def let_go(self, task: asyncio.Task[None]) -> None:
        """Keep the task of an answer no more; a callback of it would cost a turn."""
        self._server.tasks.discard(task)

    def answered(self) -> None:
        """Go on to the next request, or wait for it."""
        self._server.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self._queued:
            self._answer(*self._queued.popleft())
        else:
            self._await_more()

    def _rest(self) -> None:
        """Close the connection if nothing comes for long; one timer does for many."""
        self._resting_since = self.loop.time()
        if self._rest_timer is None:
            seconds = self._config.timeout_keep_alive
            self._rest_timer = self.loop.call_later(seconds, self._look_at_rest)

    def _look_at_rest(self) -> None:
        self._rest_timer = None
        if self._resting_since is None:
            return
        ends = self._resting_since + self._config.timeout_keep_alive
        if ends <= self.loop.time():
            self.transport.close()
        else:
            self._rest_timer = self.loop.call_at(ends, self._look_at_rest)

    def _wait(self) -> None:
        seconds = self._config.receive_timeout
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
            self.transport.write(_told(too_slow()))
        self.transport.close()


def _parser(protocol: BoundedProtocol) -> httptools.HttpRequestParser:
    parser = httptools.HttpRequestParser(protocol)
    # What follows an answer that closes the connection is not looked at.
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def _without(option: bytes, value: bytes) -> bytes:
    """A list of options but for one."""
    options = [each.strip() for each in value.split(b",")]
    return b", ".join([each for each in options if each.lower() != option])


def _told(error: GatewayError) -> bytes:
    """The whole answer to what comes to no application."""
    answer = error_answer(error, new_id("req"))
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = STATUS_LINE[answer.status] + f"{lines}\r\n".encode("latin-1")
    return head + answer.body


def _refusal(error: httptools.HttpParserError) -> bytes:
    """The answer to what the parser gave up, or we did while it called."""
    reason = error.__context__
    if isinstance(reason, GatewayError):
        return _told(reason)
    return _REFUSED % (len(_NOT_HTTP), _NOT_HTTP)


def _too_large() -> GatewayError:
    """431 (RFC 6585, 5)."""
    return GatewayError(
        "payload_too_large",
        f"The request's head is larger than {_LARGEST_HEAD} bytes or has more than "
        f"{_MOST_LINES} headers.",
        status=431,
        details={"limit_bytes": _LARGEST_HEAD},
        headers={"Connection": "close"},
    )


def _has_content(headers: list[tuple[bytes, bytes]]) -> bool:
    given = dict(headers)
    length = given.get(b"content-length", b"")
    return b"transfer-encoding" in given or length.strip(b"0") != b""


def _unreadable() -> GatewayError:
    """400 for a body that would be a tunnel's."""
    return GatewayError(
        "validation_failed",
        "CONNECT has no body, and leads nowhere here.",
        headers={"Connection": "close"},
    )


def _read(target: bytes) -> tuple[str, bytes, bytes]:
    """The path of a request's target, as it is meant and as it came, and its query."""
    url = httptools.parse_url(target)
    path = url.path.decode("ascii")
    return unquote(path) if "%" in path else path, url.path, url.query or b""


_read_once = lru_cache(maxsize=1024)(_read)
