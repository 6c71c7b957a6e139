"""A REST API on loopback that says what it was sent and answers as it is told."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """A request as the upstream got it; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class RestUpstream:
    """Where it listens, what it answers next, what it was asked."""

    url: str
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[bytes | threading.Event | float] = field(default_factory=list)
    """Of the answer; an event is waited for, and a number is seconds of silence.

    They are sent in chunks, or as they are where the headers have a Content-Length.
    """
    asked: list[Asked] = field(default_factory=list)
    drops: int = 0
    """How many of the next requests get no answer but the connection's end."""
    closed: threading.Event = field(default_factory=threading.Event)
    """Set when a caller leaves before the answer's end."""

    def answers(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Answer with these from now on."""
        self.status, self.pieces = status, [body]
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.headers = list(names.items())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    upstream: RestUpstream

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers that leave with their answer unread."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        upstream = self.server.upstream
        names = {name.lower(): value for name, value in self.headers.items()}
        body = self._body(names)
        if body is None:
            self.close_connection = True
            return
        upstream.asked.append(Asked(self.command, self.path, names, body))
        if upstream.drops:
            upstream.drops -= 1
            self.close_connection = True
            return
        has_body = upstream.status not in (204, 304)
        self._chunked = not any(
            name == "Content-Length" for name, _ in upstream.headers
        )
        self.send_response(upstream.status)
        for name, value in upstream.headers:
            self.send_header(name, value)
        if has_body and self._chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if has_body:
            self._write(upstream)

    def _body(self, names: dict[str, str]) -> bytes | None:
        """The request's body; None where a chunked one breaks off."""
        if names.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(names.get("content-length", 0)))
        body = b""
        while line := self.rfile.readline():
            size = int(line, 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if not size:
                return body
        return None

    def _write(self, upstream: RestUpstream) -> None:
        try:
            for piece in upstream.pieces:
                if isinstance(piece, threading.Event):
                    self._wait(piece)
                elif isinstance(piece, float):
                    time.sleep(piece)
                elif piece:
                    self._send(piece)
            if self._chunked:
                self.wfile.write(b"0\r\n\r\n")
            else:
                # It may be shorter than declared: an answer that is cut.
                self.close_connection = True
        except OSError:
            upstream.closed.set()

    def _wait(self, event: threading.Event) -> None:
        """Send dots meanwhile: a caller that has left cannot be written to."""
        while not event.wait(0.05):
            self._send(b".")

    def _send(self, piece: bytes) -> None:
        chunk = b"%x\r\n%b\r\n" % (len(piece), piece)
        self.wfile.write(chunk if self._chunked else piece)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running_rest_upstream() -> Iterator[RestUpstream]:
    """An upstream on a free loopback port."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.upstream = RestUpstream(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.upstream
        finally:
            server.shutdown()
            thread.join()
