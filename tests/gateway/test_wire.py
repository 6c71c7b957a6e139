"""HTTP/1.1 on a connection to the gateway, byte for byte."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from tests.gateway.client import Client

LIVE = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
ASK = (
    "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n"
    "Content-Type: application/json\r\n{more}\r\n"
)
BODY = json.dumps(
    {"model": "mock/echo", "messages": [{"role": "user", "content": "Hi"}]}
).encode()
CHUNKED = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (9, BODY[:9], len(BODY) - 9, BODY[9:])


@pytest.fixture
def wire(client: Client) -> Iterator[socket.socket]:
    """A connection of its own."""
    host, port = client.gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as made:
        yield made


def read_until(wire: socket.socket, end: bytes) -> bytes:
    """What is answered up to an end, or up to that of the connection."""
    answer = b""
    while not answer.endswith(end) and (piece := wire.recv(65536)):
        answer += piece
    return answer


def head_for(client: Client, more: str) -> bytes:
    """The head of a chat completion's request with more headers."""
    return ASK.format(key=client.gateway.api_key, more=more).encode()


def test_requests_that_come_at_once_are_answered_in_their_order(wire: socket.socket):
    """RFC 9112, 9.3.2: whatever each of them asks for."""
    wire.sendall(LIVE + LIVE.replace(b"/healthz", b"/nowhere") + LIVE)
    answer = b""
    while answer.count(b"HTTP/1.1 ") < 3 or not answer.endswith(b"ok"):
        answer += wire.recv(65536)

    lines = [line for line in answer.split(b"\r\n") if b"HTTP/1.1 " in line]
    assert [line.rpartition(b"HTTP/1.1 ")[2][:3] for line in lines] == [
        b"200",
        b"404",
        b"200",
    ]


@pytest.mark.parametrize(
    "request_",
    [
        LIVE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        LIVE.replace(b"Host: a", b"Host: a\r\nConnection: close"),
    ],
    ids=["1.0", "close"],
)
def test_a_connection_ends_with_its_last_answer(wire: socket.socket, request_: bytes):
    """Who speaks HTTP/1.0, or says so, gets one answer and the end."""
    wire.sendall(request_)
    answer = read_until(wire, b"never")

    assert b"\r\nconnection: close\r\n" in answer
    assert answer.endswith(b"\r\n\r\nok")


def test_an_answer_to_head_has_no_body(wire: socket.socket):
    """The next answer on the connection follows right after its head."""
    wire.sendall(LIVE.replace(b"GET", b"HEAD") + LIVE)
    answer = read_until(wire, b"ok")

    heads = answer.split(b"\r\n\r\n")
    assert [head[:13] for head in heads] == [b"HTTP/1.1 405 ", b"HTTP/1.1 200 ", b"ok"]


def test_a_body_may_come_in_chunks(client: Client, wire: socket.socket):
    """And byte by byte: it is one body all the same."""
    head = head_for(client, "Transfer-Encoding: chunked\r\n")
    for byte in head + CHUNKED:
        wire.sendall(bytes([byte]))
    answer = read_until(wire, b"}")

    assert answer.startswith(b"HTTP/1.1 200 ")


def test_who_expects_to_be_told_sends_the_body_later(
    client: Client, wire: socket.socket
):
    """RFC 9110, 10.1.1: 100 comes before the body, and the answer after it."""
    more = f"Expect: 100-continue\r\nContent-Length: {len(BODY)}\r\n"
    wire.sendall(head_for(client, more))
    told = read_until(wire, b"\r\n\r\n")
    wire.sendall(BODY)
    answer = read_until(wire, b"}")

    assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_wish_for_another_protocol_is_passed_over(wire: socket.socket):
    """The request is answered as it is; nothing else is spoken here."""
    upgrade = b"Host: a\r\nConnection: Upgrade\r\nUpgrade: h2c"
    wire.sendall(LIVE.replace(b"Host: a", upgrade))

    assert read_until(wire, b"ok").startswith(b"HTTP/1.1 200 ")
