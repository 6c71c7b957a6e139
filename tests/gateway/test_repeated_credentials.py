"""A stored credential that its upstream repeats does not reach the caller."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2
import pytest

from tests.gateway.client import Client
from tests.gateway.policy_bench import new_policy
from tests.gateway.proxy_bench import ProxyBench
from tests.gateway.test_approvals import decide
from tests.gateway.test_audit import entries

SECRET = 'agent:sk"live/a+b=='
CANARY = "sk-canary"
BASIC = base64.b64encode(SECRET.encode()).decode()
SERVICE = "/v1/proxy/services/echo/x"
MODES = [
    {"mode": "bearer"},
    {"mode": "header", "name": "X-Own-Key"},
    {"mode": "basic"},
    {"mode": "query", "name": "token"},
]


@pytest.fixture
def bench(calling: ProxyBench) -> ProxyBench:
    calling.fresh(b"{}")
    return calling


@pytest.fixture
def project(bench: ProxyBench) -> str:
    return bench.project()


@pytest.fixture
def caller(bench: ProxyBench, project: str) -> Client:
    """A caller of a service that has a credential."""
    bench.service(project, credential_id=bench.credential(project))
    return bench.caller(project)


def stars(text: str) -> str:
    return "*" * len(text)


@pytest.mark.parametrize("injection", MODES, ids=lambda mode: mode["mode"])
@pytest.mark.parametrize("is_kept", [False, True])
def test_an_echo_gives_no_secret_away(
    bench: ProxyBench, project: str, injection: dict[str, str], *, is_kept: bool
):
    """Headers and address as they were sent, in the body and in headers."""
    credential = bench.credential(project, secret=SECRET, injection=injection)
    bench.service(
        project, credential_id=credential, response_headers=["X-Said", "X-Other"]
    )
    caller = bench.caller(project)
    caller.http.get(SERVICE)
    [asked] = bench.upstream.asked
    name = injection.get("name", "authorization").lower()
    sent = asked.headers.get(name, asked.path)
    echo = json.dumps({"sent": sent, "secret": SECRET, "path": asked.path}).encode()
    place = f"{bench.upstream.url}{asked.path}"
    bench.upstream.answers(
        302, echo, Location=place, X_Said=f"{sent}; {SECRET}", X_Other="unchanged"
    )
    headers = {"Idempotency-Key": str(uuid4())} if is_kept else {}
    answer = caller.http.post(SERVICE, headers=headers, follow_redirects=False)

    told = answer.text + str(answer.headers)
    for form in (SECRET, json.dumps(SECRET)[1:-1], BASIC, quote(SECRET, safe="")):
        assert form not in told
    assert len(answer.content) == len(echo)
    assert answer.json()["secret"].strip("*") == ""
    assert stars(SECRET) in answer.headers["x-said"]
    assert len(answer.headers["location"]) == len(place)
    assert answer.headers["x-other"] == "unchanged"


def test_nothing_else_is_changed(bench: ProxyBench, caller: Client):
    """Bytes of any kind around it, and the length that the upstream declared."""
    every = bytes(range(256)) * 300
    body = every + CANARY.encode() + every + b"sk-canar"
    length = str(len(body))
    bench.upstream.answers(200, body, Content_Length=length, ETag='"sk-can"')
    answer = caller.http.get(SERVICE)

    assert answer.content == every + b"*********" + every + b"sk-canar"
    assert answer.headers["content-length"] == length
    assert answer.headers["etag"] == '"sk-can"'


def test_a_secret_in_two_chunks_is_hidden(bench: ProxyBench, caller: Client):
    """However long the second takes to come."""
    bench.upstream.pieces = [b"data: sk-", 0.2, b"can", 0.2, b"ary\n\n", 0.2, b"end sk"]
    with caller.http.stream("GET", SERVICE) as answer:
        pieces = list(answer.iter_raw())

    assert pieces[0] == b"data: "
    assert b"".join(pieces) == b"data: *********\n\nend sk"


def test_events_are_not_delayed(bench: ProxyBench, caller: Client):
    """A piece arrives at once but for its end, while the next is not there yet."""
    more = threading.Event()
    bench.upstream.pieces = [b"data: 1\n\nsk-", more, b"\n\n"]
    with caller.http.stream("GET", SERVICE) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        more.set()
        rest = b"".join(pieces)

    assert first.startswith(b"data: 1\n\n")
    assert (first + rest).replace(b".", b"") == b"data: 1\n\nsk-\n\n"


def test_an_answer_that_is_cut_is_cut_where_it_was(bench: ProxyBench, caller: Client):
    """What was held back comes before the end."""
    bench.upstream.answers(200, b"sk-canary sk-can", Content_Length="100")
    got: list[bytes] = []
    with (
        pytest.raises(httpx2.RemoteProtocolError),
        caller.http.stream("GET", SERVICE) as answer,
    ):
        got.extend(answer.iter_raw())

    assert b"".join(got) == b"********* sk-can"


def test_a_keys_own_upstream_is_told_nothing_either(bench: ProxyBench, project: str):
    """Nor does a policy that looks at answers see it."""
    credential = bench.credential(project)
    fields = {"upstream_url": bench.upstream.url, "credential_id": credential}
    caller = bench.caller(project, **fields)
    bench.upstream.answers(200, b"is sk-canary")
    plain = caller.http.get("/v1/proxy/upstream/x").text
    redact = {"type": "redact", "patterns": ["email"]}
    new_policy(bench.client, project, redact, phase="post")
    seen = caller.http.get("/v1/proxy/upstream/x").text

    assert (plain, seen) == ("is *********", "is *********")


def test_a_replay_has_none(bench: ProxyBench, caller: Client):
    """The same answer twice, from one call."""
    bench.upstream.answers(201, b"is sk-canary", ETag='"sk-canary"')
    headers = {"Idempotency-Key": str(uuid4())}
    first = caller.http.post(SERVICE, headers=headers)
    again = caller.http.post(SERVICE, headers=headers)

    assert len(bench.upstream.asked) == 1
    assert again.headers["idempotent-replayed"] == "true"
    for answer in (first, again):
        assert (answer.text, answer.headers["etag"]) == ("is *********", '"*********"')


def test_what_is_performed_later_has_none(
    bench: ProxyBench, project: str, caller: Client
):
    """The stored answer of an approval, for its caller and for the operator."""
    new_policy(bench.client, project, {"type": "require_approval"})
    bench.upstream.answers(201, b"is sk-canary", ETag='"sk-canary"')
    pending = caller.http.post(SERVICE).json()
    decide(bench.client, pending["approval_id"], "approved")
    approval = caller.http.get(pending["poll_url"], params={"wait": 20}).json()
    params = {"project_id": project}
    listed = bench.client.admin.get("/v1/admin/approvals", params=params)

    assert approval["response"]["status_code"] == 201
    assert "is *********" in str(approval["response"])
    assert [item["id"] for item in listed.json()["data"]] == [approval["id"]]
    assert CANARY not in str(approval) + listed.text


@pytest.mark.parametrize("is_kept", [False, True])
def test_the_audit_log_has_none(bench: ProxyBench, project: str, *, is_kept: bool):
    """Where it keeps bodies, they are what the caller got."""
    bench.service(project, credential_id=bench.credential(project))
    caller = bench.caller(project, log_level="full")
    bench.upstream.pieces = [b"is sk-", 0.05, b"canary"]
    headers = {"Idempotency-Key": str(uuid4())} if is_kept else {}
    caller.http.post(SERVICE, headers=headers)
    [entry] = entries(bench.client, 1, project_id=project)
    url = f"/v1/admin/audit-logs/{entry['id']}"

    kept = bench.client.admin.get(url).json()
    assert kept["response_body"] == "is *********"
    assert CANARY not in str(kept)


@pytest.mark.parametrize("name", ["X-Upstream-Authorization", "X-Real-Authorization"])
def test_what_the_caller_brought_is_its_own(
    bench: ProxyBench, caller: Client, name: str
):
    """It knows it; the answer is as the upstream gave it, encoded as was asked."""
    packed = gzip.compress(b"Bearer of-the-caller")
    bench.upstream.answers(200, packed, Content_Encoding="gzip")
    headers = {name: "Bearer of-the-caller", "Accept-Encoding": "gzip", "Range": "b=1"}
    answer = caller.http.get(SERVICE, headers=headers)
    [asked] = bench.upstream.asked

    assert answer.text == "Bearer of-the-caller"
    assert (asked.headers["accept-encoding"], asked.headers["range"]) == ("gzip", "b=1")


def test_answers_are_asked_for_unencoded_and_whole(bench: ProxyBench, caller: Client):
    """In what is encoded nothing is seen, and two parts of a secret are none."""
    headers = {"Accept-Encoding": "gzip, br", "Range": "bytes=0-3", "If-Range": '"1"'}
    caller.http.get(SERVICE, headers=headers)
    [asked] = bench.upstream.asked

    assert asked.headers["accept-encoding"] == "identity"
    assert not {"range", "if-range"} & asked.headers.keys()


@pytest.mark.parametrize("is_kept", [False, True])
@pytest.mark.parametrize("encoding", ["gzip", "identity, br"])
def test_an_encoded_answer_does_not_pass(
    bench: ProxyBench, caller: Client, encoding: str, *, is_kept: bool
):
    """502, as where policies cannot look into one; nothing of it is told."""
    packed = gzip.compress(b"sk-canary")
    bench.upstream.answers(200, packed, Content_Encoding=encoding)
    headers = {"Idempotency-Key": str(uuid4())} if is_kept else {}
    answer = caller.http.post(SERVICE, headers=headers)
    error: dict[str, Any] = answer.json()["error"]

    assert (answer.status_code, error["code"]) == (502, "upstream_failed")
    assert error["retryable"] is False
    assert answer.headers["x-headgate-error"] == "true"


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (200, {"Content_Encoding": "identity"}),
        (200, {"Content_Encoding": "gzip", "Content_Length": "0"}),
        (304, {"Content_Encoding": "gzip"}),
    ],
)
def test_without_an_encoded_body_an_answer_passes(
    bench: ProxyBench, caller: Client, status: int, headers: dict[str, str]
):
    """It is what it says of itself that is as it was."""
    bench.upstream.answers(status, b"", **headers)
    answer = caller.http.get(SERVICE)

    assert answer.status_code == status
    assert answer.headers["content-encoding"] == headers["Content_Encoding"]


def test_short_credentials_are_not_looked_for(bench: ProxyBench, project: str):
    """Of fewer than eight characters: they are in many a word by chance."""
    bench.service(project, credential_id=bench.credential(project, secret="data"))
    bench.upstream.answers(200, b"data: 1\n\n")

    assert bench.caller(project).http.get(SERVICE).text == "data: 1\n\n"
