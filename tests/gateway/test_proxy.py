"""Calls of REST APIs through the gateway: what passes, what does not, whose secret."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest

from tests.gateway.client import Client
from tests.gateway.conftest import store_settings
from tests.gateway.proxy_bench import ProxyBench, running_bench

SERVICE = "/v1/proxy/services/echo"
TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.fixture(scope="module")
def shared(
    store: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProxyBench]:
    settings = {
        **store_settings(store),
        "HEADGATE_GATEWAY_MAX_BODY_BYTES": "1000000",
        "HEADGATE_GATEWAY_UPSTREAM_IDLE": "1",
    }
    with running_bench(tmp_path_factory.mktemp("proxy"), settings) as running:
        yield running


@pytest.fixture
def bench(shared: ProxyBench) -> ProxyBench:
    shared.fresh(b"{}")
    return shared


@pytest.fixture
def caller(bench: ProxyBench) -> Client:
    """A caller of a project with a service that has a credential."""
    project = bench.project()
    credential = bench.credential(project)
    bench.service(project, credential_id=credential)
    return bench.caller(project)


def as_it_is(bench: ProxyBench, caller: Client, path: str) -> bytes:
    """The answer to a path of the service that no client has made neat."""
    key = caller.http.headers["authorization"]
    address = urlsplit(bench.client.gateway.url)
    with socket.create_connection((address.hostname, address.port), 10) as wire:
        wire.sendall(
            f"GET {SERVICE}/{path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: {key}\r\nConnection: close\r\n\r\n".encode()
        )
        return b"".join(iter(lambda: wire.recv(65536), b""))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_call_passes_unchanged(bench: ProxyBench, caller: Client, method: str):
    """Method, path, query and body there; status, headers and body back."""
    body = b"\x00\xff any bytes"
    bench.upstream.answers(418, b"short", Content_Type="text/x-tea", ETag='"1"')
    answer = caller.http.request(
        method,
        f"{SERVICE}/a/b%20c/d.json?x=1&y=%2F&x=2",
        content=body,
        headers={
            "Content-Type": "application/x-own",
            "If-Match": '"0"',
            "traceparent": TRACE,
        },
    )
    [asked] = bench.upstream.asked

    assert (asked.method, asked.body) == (method, body)
    assert asked.path == "/base/a/b%20c/d.json?x=1&y=%2F&x=2"
    assert asked.headers["if-match"] == '"0"'
    assert asked.headers["traceparent"] == TRACE
    assert asked.headers.get("content-type") == "application/x-own"
    assert (answer.status_code, answer.content) == (418, b"short")
    assert answer.headers["content-type"] == "text/x-tea"
    assert answer.headers["etag"] == '"1"'
    assert "x-headgate-error" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("governed", [False, True])
def test_a_body_passes_with_any_method(
    bench: ProxyBench, method: str, *, governed: bool
):
    """Of known length and in chunks, with a policy and without; none stays none."""
    project = bench.project()
    bench.service(project)
    if governed:
        rule = {"when": {"type": "always"}, "then": [{"type": "allow"}]}
        body = {"name": "p", "project_id": project, "mode": "enforce", "phase": "pre"}
        bench.client.admin.post("/v1/admin/policies", json={**body, "rules": [rule]})
    caller = bench.caller(project)
    for content in (b"ids", iter([b"i", b"ds"]), None):
        answer = caller.http.request(method, f"{SERVICE}/x", content=content)
        assert answer.status_code == 200

    asked = bench.upstream.asked
    assert [one.body for one in asked] == [b"ids", b"ids", b""]
    assert asked[0].headers["content-length"] == "3"
    assert "transfer-encoding" not in asked[2].headers


def test_slashes_may_be_encoded(bench: ProxyBench, caller: Client):
    """What a generated client encodes is the same path as what a person types."""
    caller.http.get(f"{SERVICE}/a%2Fb/c")
    caller.http.get(f"{SERVICE}/a/b/c")

    assert [asked.path for asked in bench.upstream.asked] == ["/base/a/b/c"] * 2


def test_a_slash_in_a_services_name_is_none_of_the_path(
    bench: ProxyBench, caller: Client
):
    """Encoded, it belongs to the name, and no service may have such a one."""
    answer = caller.http.get(f"{SERVICE}%2Fa/b")

    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("validation_failed", "service")
    assert bench.upstream.asked == []


@pytest.mark.parametrize(
    ("injection", "secret", "sent"),
    [
        (None, "s3", ("authorization", "Bearer s3")),
        ({"mode": "header", "name": "X-Own-Key"}, "s3", ("x-own-key", "s3")),
        ({"mode": "header"}, "Token-s3", ("authorization", "Token-s3")),
        (
            {"mode": "basic"},
            "user:s3",
            ("authorization", f"Basic {base64.b64encode(b'user:s3').decode()}"),
        ),
    ],
)
def test_the_credential_is_put_in(
    bench: ProxyBench,
    injection: dict[str, str] | None,
    secret: str,
    sent: tuple[str, str],
):
    """As a header, a bearer token or basic authentication."""
    project = bench.project()
    fields = {} if injection is None else {"injection": injection}
    credential = bench.credential(project, secret=secret, **fields)
    bench.service(project, credential_id=credential)
    answer = bench.caller(project).http.get(f"{SERVICE}/x")
    [asked] = bench.upstream.asked

    assert asked.headers[sent[0]] == sent[1]
    assert secret not in answer.text
    assert secret not in str(answer.headers)


def test_a_credential_in_the_query_replaces_the_callers(bench: ProxyBench):
    """A caller cannot send another value under the parameter's name."""
    project = bench.project()
    injection = {"mode": "query", "name": "token"}
    credential = bench.credential(project, secret="s&3", injection=injection)
    bench.service(project, credential_id=credential)
    bench.caller(project).http.get(f"{SERVICE}/x?a=1&token=mine&%74oken=mine")

    assert bench.upstream.asked[0].path == "/base/x?a=1&token=s%263"


def test_callers_secrets_stay_behind(bench: ProxyBench, caller: Client):
    """No key of the gateway, cookie, connection header or unknown header passes."""
    headers = {
        "Cookie": "a=b",
        "X-API-Key": "mine",
        "X-Provider-Key-OpenAI": "mine",
        "Proxy-Authorization": "mine",
        "X-Unknown": "mine",
        "Connection": "keep-alive, if-match",
        "If-Match": "mine",
        "Forwarded": "for=mine",
    }
    caller.http.get(f"{SERVICE}/x", headers=headers)
    [asked] = bench.upstream.asked

    assert "mine" not in asked.headers.values()
    assert asked.headers["authorization"] == "Bearer sk-canary"
    assert not {"cookie", "proxy-authorization", "x-api-key"} & asked.headers.keys()
    assert caller.http.headers["authorization"] not in asked.headers.values()


def test_an_upstreams_headers_are_picked(bench: ProxyBench):
    """Cookies and what nobody asked for stay behind; named ones pass."""
    project = bench.project()
    bench.service(
        project,
        request_headers=["X-Version", "Cookie", "Host"],
        response_headers=["X-Total", "Set-Cookie"],
    )
    bench.upstream.answers(
        200, b"", Set_Cookie="a=b", X_Total="3", X_Other="4", X_Request_ID="theirs"
    )
    headers = {"X-Version": "2", "Cookie": "a=b"}
    answer = bench.caller(project).http.get(f"{SERVICE}/x", headers=headers)
    [asked] = bench.upstream.asked

    assert asked.headers["x-version"] == "2"
    assert "cookie" not in asked.headers
    assert asked.headers["host"] == urlsplit(bench.upstream.url).netloc
    assert answer.headers["x-total"] == "3"
    assert not {"set-cookie", "x-other"} & answer.headers.keys()
    assert answer.headers["x-request-id"] == asked.headers["x-request-id"] != "theirs"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        *((path, path) for path in ("%C3%BC.md", "a&b", "a;b=1/c", "50%25", "a.b/c/")),
        *((path, path) for path in ("hash%23tag", "q%3Fmark?q=1", "%61b", "a%7cb")),
        *((path, path) for path in (".well-known/x", "x%5B0%5D", "a:b@c!$'()*+,=~")),
        *(("x[0]", "x%5B0%5D"), ("{id}", "%7Bid%7D"), ("a|b", "a%7Cb")),
        *(("50%", "50%25"), ("a%2Fb", "a/b"), ("a" * 2000, "a" * 2000)),
    ],
)
def test_paths_pass_as_they_came(
    bench: ProxyBench, caller: Client, path: str, sent: str
):
    """What a path may have, encoded or not; only what it may not is encoded."""
    answer = as_it_is(bench, caller, path)

    assert answer.split(b" ", 2)[1] == b"200", answer
    assert [asked.path for asked in bench.upstream.asked] == [f"/base/{sent}"]


@pytest.mark.parametrize("base", ["", "/", "/base", "/base/"])
def test_no_path_calls_the_base_url(bench: ProxyBench, base: str):
    """As it was given, with its slash or without."""
    project = bench.project()
    bench.service(project, base_url=f"{bench.upstream.url}{base}")
    bench.caller(project).http.get(f"{SERVICE}/?a=1")

    assert [asked.path for asked in bench.upstream.asked] == [f"{base or '/'}?a=1"]


@pytest.mark.parametrize("value", ["Bearer mine", "mine"])
def test_a_caller_may_bring_the_upstreams_credential(
    bench: ProxyBench, caller: Client, value: str
):
    """It takes the place of the stored one and is kept nowhere."""
    secret = f"{value}-{uuid4()}"
    for name in ("X-Upstream-Authorization", "X-Real-Authorization"):
        caller.http.get(f"{SERVICE}/x", headers={name: secret})
    kept = b"".join(file.read_bytes() for file in bench.folder.iterdir())
    sent = [asked.headers["authorization"] for asked in bench.upstream.asked]

    assert sent == [secret, secret]
    assert secret.encode() not in kept


def test_a_key_may_have_an_upstream_of_its_own(bench: ProxyBench):
    """With its own credential; a key without one is told so."""
    project = bench.project()
    caller = bench.caller(
        project,
        upstream_url=f"{bench.upstream.url}/own/",
        credential_id=bench.credential(project, secret="sk-own"),
    )
    caller.http.post("/v1/proxy/upstream/v1/customers", json={"a": 1})
    [asked] = bench.upstream.asked
    without = bench.caller(project).http.get("/v1/proxy/upstream/v1/customers")

    assert (asked.path, json.loads(asked.body)) == ("/own/v1/customers", {"a": 1})
    assert asked.headers["authorization"] == "Bearer sk-own"
    assert without.status_code == 409
    assert without.json()["error"]["code"] == "no_upstream"
    assert without.headers["x-headgate-error"] == "true"


def test_who_may_call_what(bench: ProxyBench):
    """Foreign, inactive, forbidden and unknown services are equally unknown."""
    project = bench.project()
    service = bench.service(project)
    url = f"/v1/admin/services/{service['id']}"
    foreign = bench.caller(bench.project()).http.get(f"{SERVICE}/x")
    other = bench.caller(project, allowed_services=["another"])
    forbidden = other.http.get(f"{SERVICE}/x")
    unknown = other.http.get("/v1/proxy/services/unknown/x")
    bench.client.admin.patch(url, json={"allowed_methods": ["GET"]})
    caller = bench.caller(project, allowed_services=["echo"])
    posted = caller.http.post(f"{SERVICE}/x")
    listed = caller.http.get("/v1/services").json()["data"]
    bench.client.admin.patch(url, json={"is_active": False})
    inactive = caller.http.get(f"{SERVICE}/x")

    def told(answer: httpx2.Response) -> tuple[int, object]:
        error = answer.json()["error"]
        return answer.status_code, {**error, "request_id": ""}

    assert told(foreign) == told(forbidden) == told(unknown) == told(inactive)
    assert told(unknown)[0] == 404
    assert posted.status_code == 403
    assert [item["name"] for item in listed] == ["echo"]
    assert "base_url" not in listed[0]
    assert caller.http.get("/v1/services").json()["data"] == []
    assert other.http.get("/v1/services").json()["data"] == []
    assert bench.upstream.asked == []


@pytest.mark.parametrize(
    "path",
    [
        *("../x", "a/../x", "a/./x", "a//x", "/x", "a/..", "."),
        *("%2e%2e/x", "a/%2e%2e/x", "a/%2E./x", "a%2f..%2fx", "a/%252e%252e/x"),
        *("a%252fx", "a/%5c..%5cx", "a%5cx", "a/..;/x", "a/.;x=1/b", "a/;x=1/b"),
        *("a%00b", "a%0d%0aX:%201", "a%c2%85b", "a%ff", "..%c0%af", "a/..%3bx/b"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused(
    bench: ProxyBench, caller: Client, path: str
):
    """The upstream is not called; a line end in a path matches no route at all."""
    answer = as_it_is(bench, caller, path)

    expected = b"404" if "%0a" in path else b"400"
    assert answer.split(b" ", 2)[1] == expected, answer
    assert bench.upstream.asked == []


@pytest.mark.parametrize(
    "base_url",
    [
        *("http://127.0.0.1:9", "https://127.0.0.1", "http://localhost", "http://0"),
        *("https://localhost", "https://10.0.0.1", "https://169.254.169.254/latest"),
        *("https://0x7f000001", "https://2130706433", "https://0177.0.0.1"),
        *("https://192.168.1.1", "https://127.1", "https://0.0.0.0", "http://1.1.1.1"),
    ],
)
def test_services_do_not_lead_inside(client: Client, base_url: str):
    """Without leave, private addresses in every spelling are refused undialled."""
    project = client.new_project(f"project {uuid4()}")
    body = {"name": "inside", "project_id": project, "base_url": base_url}
    client.admin.post("/v1/admin/services", json=body)
    caller = client.with_key(client.new_key(project)["secret"])
    answer = caller.http.get("/v1/proxy/services/inside/x")

    assert answer.status_code == 502
    assert "not allowed" in answer.json()["error"]["message"]
    assert answer.json()["error"]["retryable"] is False


@pytest.mark.parametrize("port", ["0", "65536", "99999", "080", "65535"])
def test_ports_are_ports(client: Client, port: str):
    """Of services, keys and webhooks: 65535 is the last one."""
    project = {"project_id": client.new_project(f"{uuid4()}")}
    named = {**project, "name": "n"}
    url = f"https://api.example.com:{port}/v1"
    answers = [
        client.admin.post("/v1/admin/services", json={**named, "base_url": url}),
        client.admin.post("/v1/admin/keys", json={**named, "upstream_url": url}),
        client.admin.post("/v1/admin/webhooks", json={**project, "url": url}),
    ]

    expected = 201 if port == "65535" else 400
    assert [answer.status_code for answer in answers] == [expected] * 3


def test_redirects_are_not_followed(bench: ProxyBench, caller: Client):
    """The caller gets the redirect; the credential goes nowhere else."""
    bench.upstream.answers(302, b"", Location=f"{bench.upstream.url}/elsewhere")
    answer = caller.http.get(f"{SERVICE}/x", follow_redirects=False)

    assert answer.status_code == 302
    assert answer.headers["location"] == f"{bench.upstream.url}/elsewhere"
    assert len(bench.upstream.asked) == 1


def test_an_answer_streams(bench: ProxyBench, caller: Client):
    """The first piece arrives while the upstream still holds the second back."""
    more = threading.Event()
    bench.upstream.answers(200, b"", Content_Type="text/event-stream")
    bench.upstream.pieces = [b"data: 1\n\n", more, b"data: 2\n\n"]
    with caller.http.stream("GET", f"{SERVICE}/x") as answer:
        pieces = answer.iter_bytes()
        first = next(pieces)
        more.set()
        rest = b"".join(pieces)

    assert first.startswith(b"data: 1\n\n")
    assert rest.endswith(b"data: 2\n\n")


def test_a_body_streams(bench: ProxyBench, caller: Client):
    """Chunks of unknown number pass and arrive whole."""
    caller.http.put(f"{SERVICE}/x", content=(b"%d," % n for n in range(1000)))
    [asked] = bench.upstream.asked

    assert asked.body == b"".join(b"%d," % n for n in range(1000))
    assert asked.headers["transfer-encoding"] == "chunked"


def test_encoded_answers_stay_encoded(bench: ProxyBench):
    """The caller unpacks what the caller asked for, where there is nothing to hide."""
    project = bench.project()
    bench.service(project)
    caller = bench.caller(project)
    packed = gzip.compress(b"hello")
    bench.upstream.answers(200, packed, Content_Encoding="gzip")
    answer = caller.http.get(f"{SERVICE}/x", headers={"Accept-Encoding": "gzip"})

    assert answer.content == b"hello"
    assert bench.upstream.asked[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("stored", [True, False], ids=["kept", "streamed"])
def test_headers_stay_as_they_were_sent(
    bench: ProxyBench, caller: Client, *, stored: bool
):
    """What is no ASCII too, as many a server names a file, and what is no UTF-8."""
    named = 'attachment; filename="caf\u00e9 \u2713.txt"'.encode()
    bench.upstream.answers(
        200,
        b"x",
        Content_Disposition=named.decode("latin-1"),
        Content_Language="\u00e9",
    )
    headers = {"Idempotency-Key": str(uuid4())} if stored else {}
    answers = [caller.http.post(f"{SERVICE}/x", headers=headers) for _ in range(2)]

    for answer in answers:
        raw = {name.lower(): value for name, value in answer.headers.raw}
        assert answer.status_code == 200
        assert raw[b"content-disposition"] == named
        assert raw[b"content-language"] == b"\xe9"


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_beyond_the_limit_is_refused(
    bench: ProxyBench, caller: Client, *, declared: bool
):
    """Also when its length shows only on the way."""
    content = b"x" * 1_000_001 if declared else (b"x" * 100_000 for _ in range(11))
    answer = caller.http.post(f"{SERVICE}/x", content=content)

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "payload_too_large"


def test_a_leaving_caller_ends_the_exchange(bench: ProxyBench, caller: Client):
    """The upstream sees its connection closed."""
    bench.upstream.pieces = [b"first", threading.Event()]
    with caller.http.stream("GET", f"{SERVICE}/x") as answer:
        next(answer.iter_bytes())

    assert bench.upstream.closed.wait(10)


def test_a_silent_upstream_is_given_up(bench: ProxyBench, caller: Client):
    """Nobody there is 502, nothing for too long is 504."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        project = bench.project()
        bench.service(project, base_url=f"http://127.0.0.1:{port}")
        slow = bench.caller(project).http.get(f"{SERVICE}/x")
    gone = bench.caller(project).http.get(f"{SERVICE}/x")

    assert (slow.status_code, gone.status_code) == (504, 502)
    assert slow.json()["error"]["code"] == "upstream_timeout"
    assert {slow.headers["x-headgate-error"], gone.headers["x-headgate-error"]} == {
        "true"
    }


def test_a_repeated_call_is_made_once(bench: ProxyBench, caller: Client):
    """The same key and request get the first answer; another body is a conflict."""
    bench.upstream.answers(201, b"\xff\x00", Content_Type="image/x")
    headers = {"Idempotency-Key": str(uuid4())}
    first = caller.http.post(f"{SERVICE}/x", content=b"a", headers=headers)
    again = caller.http.post(f"{SERVICE}/x", content=b"a", headers=headers)
    other = caller.http.post(f"{SERVICE}/x", content=b"b", headers=headers)
    elsewhere = caller.http.post(f"{SERVICE}/y", content=b"a", headers=headers)

    assert len(bench.upstream.asked) == 1
    assert bench.upstream.asked[0].body == b"a"
    assert (first.status_code, first.content) == (201, b"\xff\x00")
    assert (again.status_code, again.content) == (201, b"\xff\x00")
    assert again.headers["content-type"] == "image/x"
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status_code, elsewhere.status_code) == (409, 409)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_failure_for_now_is_not_kept(bench: ProxyBench, caller: Client, status: int):
    """What clients ask again after is asked again with the same key as well."""
    headers = {"Idempotency-Key": str(uuid4())}
    bench.upstream.answers(status, b"not now")
    first = caller.http.post(f"{SERVICE}/flaky", json={}, headers=headers)
    bench.upstream.answers(201, b"made")
    second = caller.http.post(f"{SERVICE}/flaky", json={}, headers=headers)

    assert (first.status_code, second.status_code) == (status, 201)
    assert second.content == b"made"
    assert "idempotent-replayed" not in second.headers


@pytest.mark.parametrize(
    ("method", "headers", "status", "sent"),
    [
        ("GET", {}, 200, 2),
        ("PUT", {}, 200, 2),
        ("DELETE", {}, 200, 2),
        ("POST", {}, 502, 1),
        ("PATCH", {}, 502, 1),
        ("POST", {"Idempotency-Key": "again"}, 200, 2),
    ],
)
def test_what_may_be_repeated_is(
    bench: ProxyBench,
    caller: Client,
    *,
    method: str,
    headers: dict[str, str],
    status: int,
    sent: int,
):
    """A connection that ends without an answer: sent again if that does no harm."""
    body = b'{"a": 1}'
    bench.upstream.drops = 1
    answer = caller.http.request(
        method, f"{SERVICE}/things", content=body, headers=headers
    )
    bench.upstream.drops = 0

    assert answer.status_code == status
    assert [asked.body for asked in bench.upstream.asked] == [body] * sent


def test_what_was_never_sent_is_sent_again_but_not_for_ever(bench: ProxyBench):
    """A connection that does not come about is 502 after a few attempts."""
    project = bench.project()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    bench.service(project, base_url=f"http://127.0.0.1:{port}")
    answer = bench.caller(project).http.post(f"{SERVICE}/things", json={})

    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "upstream_failed"
