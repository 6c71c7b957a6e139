"""A server on loopback that plays scripts, down to the byte and the reset.

Each connection plays the next script: it reads one request, then takes the script's
steps in order. A connection beyond the last script is refused by closing it.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

RESET: Final = "reset"
"""End the connection with a TCP reset."""
STALL: Final = "stall"
"""Send nothing more until the client has gone or the server closes."""
Step: TypeAlias = bytes | float | Literal["reset", "stall"]
"""Bytes to send, seconds to wait before the next ones, or how the connection ends."""
Script: TypeAlias = Sequence[Step]

_LINGER = struct.pack("ii", 1, 0)


@dataclass
class Request:
    """A request as it came over the wire; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class RawServer:
    """Where the server listens and what it was asked."""

    url: str
    requests: list[Request] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    closed_by_client: threading.Event = field(default_factory=threading.Event)


@contextmanager
def raw_server(*scripts: Script) -> Iterator[RawServer]:
    """Play a script on each connection, in order."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(f"http://127.0.0.1:{listener.getsockname()[1]}")
        stopping = threading.Event()
        thread = threading.Thread(
            target=_serve, args=(listener, server, scripts, stopping)
        )
        thread.start()
        try:
            yield server
        finally:
            stopping.set()
            with socket.create_connection(listener.getsockname()):
                thread.join()


def _serve(
    listener: socket.socket,
    server: RawServer,
    scripts: Sequence[Script],
    stopping: threading.Event,
) -> None:
    workers: list[threading.Thread] = []
    waiting = list(scripts)
    while not stopping.is_set():
        connection, _ = listener.accept()
        if stopping.is_set() or not waiting:
            connection.close()
            continue
        arguments = (connection, waiting.pop(0), server, stopping)
        workers.append(threading.Thread(target=_play, args=arguments))
        workers[-1].start()
    for worker in workers:
        worker.join()


def _play(
    connection: socket.socket,
    script: Script,
    server: RawServer,
    stopping: threading.Event,
) -> None:
    with connection:
        request = _read_request(connection)
        if request is None:
            return
        server.requests.append(request)
        server.asked.set()
        for step in script:
            if step == RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
                return
            if step == STALL:
                _wait_for_client(connection, server, stopping)
                return
            if not isinstance(step, bytes):
                stopping.wait(float(step))
                continue
            try:
                connection.sendall(step)
            except ConnectionError:
                # A client may leave on the way; tests tell what it asked for.
                server.closed_by_client.set()
                return


def _wait_for_client(
    connection: socket.socket, server: RawServer, stopping: threading.Event
) -> None:
    connection.settimeout(0.05)
    while not stopping.is_set():
        try:
            if connection.recv(1) == b"":
                server.closed_by_client.set()
                return
        except TimeoutError:
            continue
        except ConnectionError:
            server.closed_by_client.set()
            return


def _read_request(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    headers = {name.lower(): value for name, value in pairs}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    method, target, _ = first.split(" ")
    return Request(method, target, headers, body)


def answer(status: int, body: Any = None, **headers: str) -> bytes:
    """Write a whole answer that closes its connection; `_` in a name means `-`."""
    content = b"" if body is None else json.dumps(body).encode()
    return raw_answer(status, content, **{"content_type": "application/json"} | headers)


def raw_answer(status: int, content: bytes, **headers: str) -> bytes:
    """Write a whole answer with a body of any kind."""
    lines = [f"HTTP/1.1 {status} Status", f"content-length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += ["connection: close", "", ""]
    return "\r\n".join(lines).encode() + content


STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"x-request-id: req_stream\r\nconnection: close\r\n\r\n"
)
"""The head of a stream whose end is the connection's end."""

CHUNKED_HEAD = STREAM_HEAD.replace(
    b"\r\n\r\n", b"\r\ntransfer-encoding: chunked\r\n\r\n"
)
"""The head of a stream that says itself where it ends."""


def chunk(content: bytes) -> bytes:
    """Write one chunk of a chunked body."""
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


def frame(event: dict[str, Any], *, id_: int | None = None) -> bytes:
    """Write an event as the gateway does."""
    lines = [f"event: {event['type']}"]
    lines += [f"id: {id_}"] if id_ is not None else []
    lines += [f"data: {json.dumps(event)}", "", ""]
    return "\n".join(lines).encode()
