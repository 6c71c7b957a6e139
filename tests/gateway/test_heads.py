"""Heads of requests: one value of each header, so much of them, and what follows."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from typing import Any

import pytest

from tests.gateway.client import Client
from tests.gateway.policy_bench import DENY, SERVICE, PolicyBench, compare
from tests.gateway.proxy_bench import ProxyBench
from tests.gateway.test_approvals import decide

NOT_MINE = compare("request.headers.x-tenant", "neq", "mine")
IS_MINE = compare("request.headers.x-tenant", "eq", "mine")
MINE = ("X-Tenant", "mine")
LARGEST = 64 * 1024
MOST_LINES = 128
LIVE = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: hidden\r\n\r\n"
"""What is a body's text and would be a request of its own, were it taken for one."""
WISH = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"


@pytest.fixture
def bench(calling: ProxyBench) -> PolicyBench:
    """One whose service takes a header that its policy is about."""
    calling.fresh(b"{}")
    project = calling.project()
    calling.service(project, request_headers=["X-Tenant"])
    key = calling.client.new_key(project)
    return PolicyBench(calling, project, key, calling.client.with_key(key["secret"]))


@contextlib.contextmanager
def connection(client: Client) -> Any:
    """A connection of its own."""
    host, port = client.gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as made:
        yield made


def told(client: Client, *pieces: bytes) -> bytes:
    """All that is answered to pieces, which arrive one by one, up to the end."""
    answer = b""
    with connection(client) as wire:
        # It may be refused before all of it was sent; the answer is there all the same.
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                wire.sendall(piece)
                time.sleep(0.05)
        while more := wire.recv(65536):
            answer += more
    return answer


def statuses(answer: bytes) -> list[int]:
    """The status of each answer on a connection."""
    return [int(each[:3]) for each in answer.split(b"HTTP/1.1 ")[1:]]


def error_of(answer: bytes) -> dict[str, Any]:
    """The error of the only answer."""
    return json.loads(answer.partition(b"\r\n\r\n")[2])["error"]


def post(client: Client, path: str, *lines: str) -> bytes:
    """The head of a request with a key."""
    key = client.http.headers["authorization"]
    named = (f"POST {path} HTTP/1.1", "Host: a", f"Authorization: {key}", *lines)
    return "\r\n".join([*named, "", ""]).encode()


@pytest.mark.parametrize("values", [["mine", "other"], ["other", "mine"]])
@pytest.mark.parametrize("is_governed", [False, True])
def test_a_header_that_passes_comes_once(
    bench: PolicyBench, values: list[str], *, is_governed: bool
):
    """Of two values a policy and an upstream might each take another one."""
    if is_governed:
        bench.policy(DENY, when=NOT_MINE)
    headers = [("X-Tenant", value) for value in values]
    answer = bench.caller.http.get(SERVICE, headers=headers)
    error = answer.json()["error"]

    refused = (400, "validation_failed", "x-tenant")
    denied = (403, "policy_denied", None)
    expected = denied if is_governed and values[0] == "other" else refused
    assert (answer.status_code, error["code"], error["param"]) == expected
    assert bench.proxy.upstream.asked == []


def test_a_header_that_stays_behind_may_come_twice(bench: PolicyBench):
    """Nobody takes it for anything."""
    headers = [MINE, ("X-Other", "a"), ("X-Other", "b")]

    assert bench.caller.http.get(SERVICE, headers=headers).status_code == 200


def test_the_lines_of_a_list_are_one_value(bench: PolicyBench):
    """RFC 9110, 5.3: joined, for policies as for the upstream."""
    seen = compare("request.headers.accept", "neq", "text/a, text/b")
    bench.policy(DENY, when=seen)
    headers = [("Accept", "text/a"), ("Accept", "text/b")]
    # The client's own would be a third one.
    del bench.caller.http.headers["accept"]
    answer = bench.caller.http.get(SERVICE, headers=headers)
    [asked] = bench.proxy.upstream.asked

    assert answer.status_code == 200
    assert asked.headers["accept"] == "text/a, text/b"


def test_what_a_person_agrees_to_is_what_passes(bench: PolicyBench):
    """A request put aside has the value that policies have seen."""
    bench.policy({"type": "require_approval"}, when=IS_MINE)
    headers = [MINE, ("X-Tenant", "other")]
    pending = bench.caller.http.post(SERVICE, headers=headers).json()
    decide(bench.proxy.client, pending["approval_id"], "approved")
    approval = bench.caller.http.get(pending["poll_url"], params={"wait": 20}).json()

    assert approval["response"]["status_code"] == 200
    assert [one.headers["x-tenant"] for one in bench.proxy.upstream.asked] == ["mine"]


@pytest.mark.parametrize("is_governed", [False, True])
def test_trailers_are_no_headers(bench: PolicyBench, *, is_governed: bool):
    """RFC 9110, 6.5.1: they are left out, also of the next request."""
    if is_governed:
        bench.policy(DENY, when=NOT_MINE)
    head = post(bench.caller, SERVICE, "X-Tenant: mine", "Transfer-Encoding: chunked")
    trailers = b"X-Tenant: other\r\nContent-Encoding: gzip\r\nContent-Type: a/b\r\n"
    last = post(bench.caller, SERVICE, "X-Tenant: mine", "Connection: close")
    answer = told(bench.caller, head, b"1\r\na\r\n0\r\n" + trailers + b"\r\n" + last)
    asked = bench.proxy.upstream.asked

    assert statuses(answer) == [200, 200]
    assert [one.headers["x-tenant"] for one in asked] == ["mine", "mine"]
    assert [one.body for one in asked] == [b"a", b""]
    for one in asked:
        assert not {"content-encoding", "content-type"} & one.headers.keys()


FRAMINGS = [
    pytest.param(b"Content-Length: %d\r\n\r\n%b" % (len(HIDDEN), HIDDEN), id="length"),
    pytest.param(
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
        % (len(HIDDEN), HIDDEN),
        id="chunked",
    ),
]


@pytest.mark.parametrize("rest", FRAMINGS)
@pytest.mark.parametrize("pause", [None, 1, 90, -20])
def test_a_body_is_no_request_where_another_protocol_is_wanted(
    client: Client, rest: bytes, pause: int | None
):
    """Who wishes for one cannot hide a request in a body; the next one is read."""
    wish = b"POST /v1/messages HTTP/1.1\r\nHost: a\r\n" + WISH + rest
    last = LIVE.replace(b"Host: a", b"Host: a\r\nConnection: close")
    sent = wish + last
    pieces = [sent] if pause is None else [sent[:pause], sent[pause:]]
    answer = told(client, *pieces)

    assert statuses(answer) == [401, 200]
    assert error_of(answer.partition(b"HTTP/1.1 200")[0])["code"] == "key_missing"


JAVA = (
    b"Connection: Upgrade, HTTP2-Settings\r\nContent-Length: %d\r\nHost: a\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\n"
    b"User-Agent: Java-http-client/17.0.15\r\nContent-Type: application/json\r\n"
)
"""What Java's own client begins a connection with."""


@pytest.mark.parametrize("expects", [b"", b"Expect: 100-continue\r\n"])
def test_an_offer_of_another_protocol_is_declined(client: Client, expects: bytes):
    """The request is answered in HTTP/1.1, and so is the next one (RFC 9110, 7.8)."""
    body = json.dumps({"model": "mock/embed", "input": "x"}).encode()
    key = f"Authorization: Bearer {client.gateway.api_key}\r\n".encode()
    start = b"POST /v1/embeddings HTTP/1.1\r\n" + key
    first = start + JAVA % len(body) + expects + b"\r\n"
    last = start + b"Connection: close, Upgrade\r\nUpgrade: h2c\r\n"
    last += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = told(client, first, body + last + body)

    assert statuses(answer) == ([100] if expects else []) + [200, 200]
    assert answer.count(b'"usage"') == 2


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (LIVE.replace(b"\r\n\r\n", b"\r\n" + WISH + b"\r\n"), [200]),
        (
            LIVE.replace(b"\r\n\r\n", b"\r\nContent-Length: 0\r\n" + WISH + b"\r\n"),
            [200],
        ),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", [400]),
        (b"CONNECT /healthz HTTP/1.1\r\nHost: a\r\n\r\n", [405]),
    ],
)
@pytest.mark.parametrize("in_one", [True, False])
def test_nothing_is_read_after_a_wish_for_another_protocol(
    client: Client, request_: bytes, expected: list[int], *, in_one: bool
):
    """The request is answered as it is, and the connection closed."""
    pieces = [request_ + HIDDEN] if in_one else [request_, HIDDEN]
    answer = told(client, *pieces)

    assert statuses(answer) == expected
    assert b"connection: close" in answer.lower()


def test_what_is_refused_waits_for_answers_before_it(client: Client):
    """Its answer would be taken for theirs; the connection just ends after them."""
    head = b"CONNECT a:1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n"
    answer = told(client, LIVE + LIVE + head + HIDDEN)

    assert statuses(answer) == [200, 200]
    assert answer.endswith(b"\r\n\r\nok")


def lines_of(count: int) -> list[str]:
    return [f"X-{index}: a" for index in range(count)]


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("/v1/messages", [f"X-A: {'a' * LARGEST}"]),
        ("/v1/messages", [f"X-{index}: {'a' * 1000}" for index in range(70)]),
        ("/v1/messages", lines_of(MOST_LINES)),
        ("/v1/messages", lines_of(5000)),
        (f"/v1/messages?{'a' * LARGEST}", []),
    ],
    ids=["a value", "values", "lines", "many lines", "target"],
)
def test_a_head_is_so_large_and_no_larger(client: Client, path: str, lines: list[str]):
    """431 with the limit, and the connection is closed; even with a good key."""
    answer = told(client, post(client, path, *lines) + LIVE)
    error = error_of(answer)

    assert statuses(answer) == [431]
    assert b"connection: close" in answer.lower()
    assert (error["type"], error["code"]) == (
        "request_too_large_error",
        "payload_too_large",
    )
    assert error["details"] == {"limit_bytes": LARGEST}
    assert not error["retryable"]


@pytest.mark.parametrize("begun", ["target", "name", "value", "trailer"])
def test_what_never_ends_is_not_kept(client: Client, begun: str):
    """431 as soon as more has come than a head may have, whole or not."""
    first = {
        "target": b"GET /",
        "name": b"GET / HTTP/1.1\r\nHost: a\r\nX-",
        "value": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ",
        "trailer": post(client, "/v1/messages", "Transfer-Encoding: chunked")
        + b"1\r\n{\r\n0\r\nX-A: ",
    }[begun]
    answer = told(client, first, *([b"a" * 8192] * 10))

    assert statuses(answer) == [431]
    assert client.http.get("/healthz").text == "ok"


def test_trailers_count_with_the_head(client: Client):
    """Though nobody looks at them."""
    head = post(client, "/v1/messages", "Transfer-Encoding: chunked")
    trailer = b"X-A: %b\r\n" % (b"a" * 1000)
    answer = told(client, head, b"1\r\n{\r\n0\r\n", trailer * 40, trailer * 40)

    assert statuses(answer) == [431]


@pytest.mark.parametrize("lines", [[f"X-A: {'a' * 60_000}"], lines_of(120)])
def test_a_head_of_a_usual_size_passes(client: Client, lines: list[str]):
    """Byte counts and lines below the limits."""
    head = post(client, "/v1/nowhere", "Connection: close", *lines)

    assert statuses(told(client, head)) == [404]
    assert statuses(told(client, head[:30_000], head[30_000:])) == [404]


def test_a_body_is_no_part_of_a_head(bench: PolicyBench):
    """However large it is and however it comes, with the next request after it."""
    body = b"a" * 300_000
    head = post(bench.caller, SERVICE, f"Content-Length: {len(body)}")
    chunked = post(bench.caller, SERVICE, "Transfer-Encoding: chunked")
    chunks = b"30D40\r\n" + b"a" * 200_000 + b"\r\n0\r\n\r\n"
    last = post(bench.caller, SERVICE, "Connection: close")
    answer = told(bench.caller, head + body + chunked + chunks + last)

    assert statuses(answer) == [200, 200, 200]
    assert [len(one.body) for one in bench.proxy.upstream.asked] == [
        300_000,
        200_000,
        0,
    ]
