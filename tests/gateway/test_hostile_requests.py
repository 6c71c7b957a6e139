"""Requests that were made to get past something: paths, hosts, targets, sizes."""

from __future__ import annotations

import contextlib
import socket

import pytest

from tests.gateway.client import Client

SPELLINGS = (
    "/healthz/../v1/admin/keys",
    "/healthz/%2e%2e/v1/admin/keys",
    "/healthz/%252e%252e/v1/admin/keys",
    "/v1%2fadmin%2fkeys",
    "/v1/runs/..%2f..%2fv1%2fadmin%2fkeys",
    "/v1%5cadmin%5ckeys",
    "/v1\\admin\\keys",
    "/v1;x=1/admin/keys",
    "/v1//admin/keys",
    "//v1/admin/keys",
    "/v1/admin/keys/",
    "/V1/admin/keys",
    "/v1/admin/keys%00",
    "/v1/admin/keys%0d%0aX-Admin-Key:%20x",
    "http://127.0.0.1/v1/admin/keys",
)
"""Ways to write the address of an admin route that a lenient server might follow."""
LYING = (
    {"Host": "localhost/healthz?"},
    {"Host": "localhost@healthz"},
    {"X-Forwarded-Host": "localhost/healthz"},
    {"X-Forwarded-Prefix": "/healthz"},
    {"X-Original-URL": "/healthz"},
    {"X-Rewrite-URL": "/healthz"},
    {"Forwarded": "host=localhost/healthz"},
)
"""Headers that say that the request is another one than it is."""
BROKEN = (
    b"GET /v1/models\0 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /v1/models\rX: y HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n",
    b"GET /v1/models HTTP/1.1\r\nHost: a\r\nX A: b\r\n\r\n",
    b"POST /v1/messages HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
)
"""Requests that are no HTTP."""
OVERSIZED = (
    ("GET /v1/models HTTP/1.1", f"X-A: {'b' * 200_000}"),
    (f"GET /v1/models?{'a' * 200_000} HTTP/1.1",),
    ("GET /v1/models HTTP/1.1", *["X-A: b"] * 10_000),
)
"""More of HTTP than a request needs."""


def answered(client: Client, request: bytes) -> int:
    """The status of the answer to bytes on a connection of their own."""
    host, port = client.gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        # It may be refused before all of it was sent; the answer is there all the same.
        with contextlib.suppress(ConnectionError):
            connection.sendall(request)
        return int(connection.recv(100).split()[1])


@pytest.mark.parametrize("path", SPELLINGS)
def test_no_spelling_of_a_path_gets_past_a_key(client: Client, path: str):
    """What is found by another spelling is as closed as it is by its own.

    An encoded slash belongs to its segment, which is then no id; and RFC 9112, 3.2.2
    has servers take a whole address for its path.
    """
    keys = ("", f"Authorization: Bearer {client.gateway.api_key}\r\n")
    statuses = [
        answered(
            client, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{key}\r\n".encode()
        )
        for key in keys
    ]

    assert statuses in ([400, 400], [404, 404], [401, 400], [401, 403])


@pytest.mark.parametrize("headers", LYING, ids=lambda headers: next(iter(headers)))
def test_a_route_is_what_the_request_line_says(client: Client, headers: dict[str, str]):
    """No header makes an admin route one that is open to all."""
    lines = {"Host": "localhost", **headers}
    told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    request = f"GET /v1/admin/keys HTTP/1.1\r\n{told}\r\n".encode()

    assert answered(client, request) in {400, 401}


@pytest.mark.parametrize("request_", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_request_is_refused(client: Client, request_: bytes):
    """Refused with a status of the caller's fault, and the next caller is served."""
    assert 400 <= answered(client, request_) < 500
    assert client.http.get("/healthz").text == "ok"


@pytest.mark.parametrize("lines", OVERSIZED, ids=["header", "target", "lines"])
def test_a_head_that_is_too_large_is_refused(client: Client, lines: tuple[str, ...]):
    """Not for want of a key, and the next caller is served."""
    key = f"Authorization: Bearer {client.gateway.api_key}"
    request = "\r\n".join([*lines, "Host: a", key, "", ""]).encode()

    assert answered(client, request) == 431
    assert client.http.get("/healthz").text == "ok"
