"""Upstream servers that speak the providers' formats and note what they get."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Frames = list[dict[str, Any] | str]


@dataclass
class Asked:
    """A request as the upstream got it; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Upstream:
    """Where it listens, what it answers next, what it was asked."""

    url: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    asked: list[Asked] = field(default_factory=list)
    hangs: bool = False
    """Whether it keeps the connection after what it answers, until the caller goes."""
    left: threading.Event = field(default_factory=threading.Event)
    """Set when a caller has gone from an answer that hangs."""

    def streams(self, frames: Frames, *, named: bool = False) -> None:
        """Answer with these frames."""
        self.status, self.headers = 200, {"Content-Type": "text/event-stream"}
        self.hangs = False
        self.answer = b"".join(_frame(frame, named=named) for frame in frames)

    def never_ends(self, frames: Frames, *, named: bool = False) -> None:
        """Answer with these frames, and neither go on nor end."""
        self.streams(frames, named=named)
        self.hangs = True
        self.left.clear()

    def answers(self, body: Any) -> None:
        """Answer with this JSON."""
        self.fails(200, body)

    def fails(self, status: int, body: Any, **headers: str) -> None:
        """Answer with an error."""
        self.status, self.answer = status, json.dumps(body).encode()
        self.hangs = False
        self.headers = {"Content-Type": "application/json", **headers}


def _frame(frame: dict[str, Any] | str, *, named: bool) -> bytes:
    if isinstance(frame, str):
        return f"data: {frame}\n\n".encode()
    name = f"event: {frame['type']}\n" if named else ""
    return f"{name}data: {json.dumps(frame)}\n\n".encode()


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    """An upstream on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length))
            names = {name.lower(): value for name, value in self.headers.items()}
            upstream.asked.append(Asked(self.path, names, body))
            self.send_response(upstream.status)
            for name, value in upstream.headers.items():
                self.send_header(name, value)
            if upstream.hangs:
                self.hang()
                return
            self.send_header("Content-Length", str(len(upstream.answer)))
            self.end_headers()
            self.wfile.write(upstream.answer)

        def hang(self) -> None:
            """Send what there is, then wait until the caller closes the connection."""
            self.close_connection = True
            self.end_headers()
            self.wfile.write(upstream.answer)
            self.wfile.flush()
            while self.connection.recv(1024):
                pass
            upstream.left.set()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        upstream = Upstream(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield upstream
        finally:
            server.shutdown()
            thread.join()
