"""One request and its answer on a connection, with few calls for each of them."""

import asyncio
from functools import lru_cache
from typing import Protocol

import structlog
from starlette.types import ASGIApp, Message, Scope
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from headgate_gateway.http.request import TAKE_WHOLE, WHOLE

_BODILESS = frozenset({204, 304})
_TOKEN = frozenset(
    b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
"""What a header's name may consist of (RFC 9110, 5.6.2)."""
_PRINTABLE = bytes([9, *range(32, 127), *range(128, 256)])
"""What a header's value may consist of (RFC 9110, 5.5)."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_CLOSE = (b"connection", b"close")
_FAILED: Message = {
    "type": "http.response.start",
    "status": 500,
    "headers": [(b"content-length", b"0"), _CLOSE],
}

_log = structlog.get_logger("headgate_gateway.connections")


class Wire(Protocol):
    """What a cycle needs of its connection."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    flow: FlowControl

    @property
    def default_lines(self) -> bytes:
        """What every answer says, as it is sent."""
        ...

    def answered(self) -> None:
        """Go on to what comes after the answer."""
        ...

    def let_go(self, task: "asyncio.Task[None]") -> None:
        """The task of an answer is over."""
        ...


class Cycle:
    """What an application receives of one request, and sends for it."""

    def __init__(
        self, wire: Wire, scope: Scope, *, keep_alive: bool, expects_continue: bool
    ) -> None:
        scope[TAKE_WHOLE] = self.take_whole
        self.scope = scope
        self.keep_alive = keep_alive
        """Whether another request may follow on the connection."""
        self.complete = False
        """Whether the answer is written."""
        self._wire = wire
        self._task: asyncio.Task[None]
        self._expects_continue = expects_continue
        self._disconnected = False
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._more = True
        self._begun = False
        """Whether something of the body was received."""
        self._news = False
        """Whether something came that was not told yet."""
        self._told: asyncio.Event | None = None
        self._status = 0
        self._head: bytes | None = None
        """The head, until it goes out with what is sent next, or without that."""
        self._chunked = False
        self._left = 0
        """Bytes of the body that were declared and not sent yet."""

    @property
    def is_answering(self) -> bool:
        """Whether the answer has begun; it may be complete."""
        return self._status != 0

    def start(self, app: ASGIApp) -> asyncio.Task[None]:
        """Have an application answer, in a task that says when it is over."""
        self._task = self._wire.loop.create_task(self._run(app))
        return self._task

    async def _run(self, app: ASGIApp) -> None:
        """Let the application answer; it should itself say what goes wrong."""
        try:
            await app(self.scope, self.receive, self.send)
        except BaseException:  # noqa: BLE001 - nobody waits for this task
            _log.exception("answer_broke")
        try:
            if not self.complete and not self._disconnected:
                await self._break_off()
        finally:
            # The scope knows the cycle: without this both would go as garbage only.
            del self.scope[TAKE_WHOLE]
            self._wire.let_go(self._task)

    async def _break_off(self) -> None:
        """End an answer that its application left undone."""
        if self._status:
            self._flush()
            self._wire.transport.close()
            return
        await self.send(_FAILED)
        await self.send({"type": "http.response.body"})

    def arrived(self, piece: bytes) -> None:
        """A piece of the request's body has come."""
        if self.complete:
            return
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting > HIGH_WATER_LIMIT:
            self._wire.flow.pause_reading()
        self._tell()

    def arrived_whole(self) -> None:
        """The request's body has ended."""
        self._more = False
        self._tell()

    def disconnected(self) -> None:
        """The client has gone."""
        self._disconnected = not self.complete
        self._tell()

    def _tell(self) -> None:
        self._news = True
        if self._told is not None:
            self._told.set()

    def take_whole(self) -> bytes | None:
        """The request's body, if all of it is there and nobody has received of it."""
        if self._more or self._begun or self._disconnected:
            return None
        return self._taken()

    def _taken(self) -> bytes:
        self._begun, self._news = True, False
        pieces, self._pieces, self._waiting = self._pieces, [], 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def receive(self) -> Message:
        """What came of the request; waits for more when all was received."""
        if self._expects_continue and not self._status:
            self._expects_continue = False
            if not self._wire.transport.is_closing():
                self._wire.transport.write(_CONTINUE)
        while not (self._news or self._disconnected or self.complete):
            self._wire.flow.resume_reading()
            if self._told is None:
                self._told = asyncio.Event()
            await self._told.wait()
            self._told.clear()
        if self._disconnected or self.complete:
            return {"type": "http.disconnect"}
        body = self._taken()
        return {"type": "http.request", "body": body, "more_body": self._more}

    async def send(self, message: Message) -> None:
        """Send the head or a piece of the answer, or all of it in one message."""
        if self._wire.flow.write_paused and not self._disconnected:
            await self._wire.flow.drain()
        if self._disconnected:
            return
        if message["type"] == WHOLE:
            self._send_whole(message["status"], message["headers"], message["body"])
        elif not self._status:
            self._begin(message["status"], list(message.get("headers", ())))
            # It goes out with the first piece, or else at the loop's next turn.
            self._wire.loop.call_soon(self._flush)
        elif self.complete:
            raise ValueError("something is sent after the end of the answer")
        else:
            self._write(message.get("body", b""), more=message.get("more_body", False))

    def _begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        lines = [STATUS_LINE[status], self._wire.default_lines]
        for name, value in headers:
            lines += (_beginning(name), value, b"\r\n")
        given = dict(headers)
        length = given.get(b"content-length")
        if length is not None:
            self._left = int(length)
        elif status not in _BODILESS and self.scope["method"] != "HEAD":
            self._chunked = True
            lines.append(b"transfer-encoding: chunked\r\n")
        if b"close" in given.get(b"connection", b""):
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        head = b"".join(lines)
        if head.translate(None, _PRINTABLE) != b"\r\n" * head.count(b"\r\n"):
            raise ValueError("a header's value has a control character")
        self._status, self._head = status, head

    def _send_whole(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Send an answer that is all there, by as few calls as it takes."""
        lines = [f"{_spelled(name)}{value}\r\n" for name, value in headers.items()]
        if status not in _BODILESS:
            lines.append(f"content-length: {len(body)}\r\n")
        if "connection: close\r\n" in lines:
            self.keep_alive = False
        elif not self.keep_alive:
            lines.append("connection: close\r\n")
        told = "".join(lines).encode("latin-1")
        if told.translate(None, _PRINTABLE) != b"\r\n" * len(lines):
            raise ValueError("a header's value has a control character")
        head = b"".join([STATUS_LINE[status], self._wire.default_lines, told, b"\r\n"])
        self._status = status
        body = b"" if self.scope["method"] == "HEAD" else body
        self._wire.transport.write(head + body)
        self._finish()

    def _write(self, body: bytes, *, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            body, self._left = b"", 0
        elif self._chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            body = body if more else body + b"0\r\n\r\n"
        else:
            self._left -= len(body)
            if self._left < 0 or (self._left and not more):
                raise ValueError("the body is not as long as was declared")
        if self._head is not None:
            body, self._head = self._head + body, None
        if body:
            self._wire.transport.write(body)
        if not more:
            self._finish()

    def _flush(self) -> None:
        """Send the head where nothing came to go with it."""
        head, self._head = self._head, None
        if head is not None and not self._disconnected:
            self._wire.transport.write(head)

    def _finish(self) -> None:
        self.complete = True
        self._tell()
        if not self.keep_alive:
            self._wire.transport.close()
        self._wire.answered()


@lru_cache(maxsize=1024)
def _spelled(name: str) -> str:
    """How the line of a header begins, as text."""
    return _beginning(name.encode("latin-1")).decode("latin-1")


@lru_cache(maxsize=1024)
def _beginning(name: bytes) -> bytes:
    """How the line of a header begins; the names that are sent are few."""
    if not name or not _TOKEN.issuperset(name):
        raise ValueError(f"{name!r} is no header's name")
    return name.lower() + b": "
