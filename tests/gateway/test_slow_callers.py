"""Callers that send slowly, or want too much at a time: what others have is theirs."""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx2
import pytest

from tests.gateway.client import Client, message
from tests.gateway.proxy_bench import LOOPBACK
from tests.gateway.rest_upstream import running_rest_upstream
from tests.gateway_process import running_gateway

MOST, MOST_OF_ONE, CONNECTIONS = 3, 2, 24
SETTINGS = {
    **LOOPBACK,
    "HEADGATE_GATEWAY_RECEIVE_TIMEOUT": "0.4",
    "HEADGATE_GATEWAY_MAX_CONNECTIONS": str(CONNECTIONS),
    "HEADGATE_GATEWAY_MAX_REQUESTS": str(MOST),
    "HEADGATE_GATEWAY_MAX_REQUESTS_PER_KEY": str(MOST_OF_ONE),
}
LONG = {"turns": [{"text": "long " * 400, "delay_ms": 200}]}
POST = "POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n{more}\r\n"
JSON = "Content-Type: application/json\r\nContent-Length: 10000\r\n"
CHUNKED = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
BEGUN = {
    "the first line": "POST /v1/mess",
    "a head": "POST /v1/messages HTTP/1.1\r\nHost: a\r\nX-A: ",
    "a body": POST.replace("{path}", "/v1/messages").replace("{more}", JSON),
    "a body in chunks": POST.replace("{path}", "/v1/messages").replace(
        "{more}", CHUNKED
    ),
    "a body of a service": POST.replace("{path}", "/v1/proxy/services/slow/x").replace(
        "{more}", JSON
    ),
}
"""Requests up to where they go on byte by byte, and never come to their end."""


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A gateway with little patience and few places."""
    folder = tmp_path_factory.mktemp("strict")
    with (
        running_rest_upstream() as upstream,
        running_gateway(folder, SETTINGS) as gateway,
    ):
        client = Client(gateway)
        [project] = client.admin.get("/v1/admin/projects").json()["data"]
        service = {"name": "slow", "base_url": upstream.url}
        body = {**service, "project_id": project["id"]}
        assert client.admin.post("/v1/admin/services", json=body).status_code == 201
        yield client
        client.close()


@contextmanager
def connection(client: Client) -> Iterator[socket.socket]:
    """A connection of its own."""
    host, port = client.gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as made:
        yield made


def dribbled(sock: socket.socket, byte: bytes) -> bytes:
    """All that is answered to somebody who sends this again and again."""
    answer = b""
    while True:
        if select.select([sock], [], [], 0.05)[0]:
            piece = sock.recv(65536)
            answer += piece
            if not piece:
                return answer
        else:
            sock.sendall(byte)


@pytest.mark.parametrize("begun", BEGUN)
def test_a_request_that_comes_slowly_is_given_up(strict: Client, begun: str):
    """408 with the error's own code, and the connection is closed."""
    text = BEGUN[begun].replace("{key}", strict.gateway.api_key)
    with connection(strict) as sock:
        sock.sendall(text.encode())
        answer = dribbled(sock, b"1\r\n \r\n" if "chunks" in begun else b" ")

    head, _, body = answer.partition(b"\r\n\r\n")
    error = json.loads(body)["error"]
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in head.lower()
    assert (error["type"], error["code"]) == ("timeout_error", "request_timeout")
    assert error["retryable"]


def test_a_connection_without_a_request_is_closed(strict: Client):
    """Nothing was asked, and nothing is answered."""
    with connection(strict) as sock:
        assert sock.recv(100) == b""


def test_the_rest_of_a_refused_body_is_not_waited_for(strict: Client):
    """What was answered before it came whole ends with that answer."""
    text = BEGUN["a body"].replace("{key}", "unknown")
    with connection(strict) as sock:
        sock.sendall(text.encode())
        answer = dribbled(sock, b" ")

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_connection_may_rest_between_requests(strict: Client):
    """A whole request is answered on a connection that has been idle for longer."""
    with connection(strict) as sock, connection(strict) as other:
        first = well(sock)
        # It is closed when the same time has passed on another one.
        assert other.recv(100) == b""
        second = well(sock)

    assert first
    assert second


def well(sock: socket.socket) -> bool:
    """Whether the gateway says on a connection that it is there."""
    answer = b""
    try:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        while not answer.endswith(b"\r\n\r\nok") and (piece := sock.recv(65536)):
            answer += piece
    except ConnectionError:
        return False
    return answer.startswith(b"HTTP/1.1 200 ")


def test_only_so_many_requests_are_answered_at_once(strict: Client):
    """Of one key and in all; a stream takes a place until it ends."""
    project = strict.new_project("crowd")
    one, two = (strict.with_key(strict.new_key(project)["secret"]) for _ in "ab")
    with streaming(one), streaming(one), streaming(two):
        full = two.http.get("/v1/models")
        alive = two.http.get("/healthz")
    with streaming(one), streaming(one):
        theirs = once_there_is_room(two)
        mine = one.http.get("/v1/models")

    assert (full.status_code, alive.status_code) == (429, 200)
    assert full.json()["error"]["code"] == "backpressure"
    assert full.json()["error"]["details"] == {"current": MOST, "max": MOST}
    assert int(full.headers["Retry-After"]) >= 1
    assert (mine.status_code, theirs.status_code) == (429, 200)
    assert mine.json()["error"]["code"] == "concurrent_limit_exceeded"
    assert mine.json()["error"]["details"]["max"] == MOST_OF_ONE


def once_there_is_room(client: Client) -> httpx2.Response:
    """What a request is answered when the streams that were left have ended.

    A stream keeps its place until the gateway has seen that nobody reads it.
    """
    limit = time.monotonic() + 30
    while (answer := client.http.get("/v1/models")).status_code == 429:
        assert answer.json()["error"]["retryable"]
        assert time.monotonic() < limit, "a place was not given back"
    return answer


@contextmanager
def streaming(client: Client) -> Iterator[None]:
    """A stream that has begun, as soon as there is a place for it."""
    assert once_there_is_room(client).status_code == 200
    body = message(LONG, stream=True)
    with client.frames("POST", "/v1/messages", json=body) as frames:
        next(frames)
        yield


def test_only_so_many_connections_are_open(strict: Client):
    """One too many is closed; those that are open go on."""
    with ExitStack() as stack:
        answered: list[socket.socket] = []
        while well(sock := stack.enter_context(connection(strict))):
            answered.append(sock)
        again = well(answered[0])

    assert 0 < len(answered) <= CONNECTIONS
    assert again
    assert httpx2.get(f"{strict.gateway.url}/healthz").text == "ok"
