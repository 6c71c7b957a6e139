"""Bodies that policies look at: no spelling of them gets past, none is spoilt."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.gateway.policy_bench import DENY, SERVICE, PolicyBench, compare

LARGE = compare("request.body.amount", "gt", 100)
REDACT = {"type": "redact", "patterns": ["email"]}
JSON = "application/json"
PATCHED = "application/merge-patch+json"
PLAIN = "text/plain"


@pytest.fixture
def bench(governed: PolicyBench) -> PolicyBench:
    """One whose upstream answers JSON without anything in it."""
    governed.proxy.upstream.answers(200, b"{}", Content_Type=JSON)
    return governed


def send(bench: PolicyBench, body: bytes, *types: str, **headers: str) -> Any:
    """The answer to a body that says it is of these types."""
    names = [(name.replace("_", "-"), value) for name, value in headers.items()]
    named = [("Content-Type", each) for each in types]
    return bench.caller.http.post(SERVICE, content=body, headers=[*named, *names])


@pytest.mark.parametrize("media_type", [JSON, PATCHED, PLAIN, None])
@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"amount": 500}',
        '{"amount": 500}'.encode("utf-16"),
        '{"amount": 500}'.encode("utf-16-le"),
        b'{"amount": 500, "x": NaN}',
        b'{"amount": 500, "x": "a\tb"}',
        b'{"amount": 500, "x": "\xff"}',
        b'{"amount": 500, "x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"amount": 500, "x": ' + b"[" * 400 + b"]" * 400 + b"}",
        b'{"amount": 500, "x": ' + b"1" * 5000 + b"}",
        b'{"amount": 500, "amount": 1}',
        b'{"amount": 500, "\\u0061mount": 1}',
        b'[{"amount": 500, "amount": 1}]',
    ],
)
def test_what_readers_take_differently_is_refused(
    bench: PolicyBench, body: bytes, media_type: str | None
):
    """JSON to a lenient reader, whatever it says it is, does not get past a rule."""
    bench.policy(DENY, when=LARGE)
    answer = send(bench, body, *([media_type] if media_type else []))

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "validation_failed"
    assert bench.proxy.upstream.asked == []


@pytest.mark.parametrize(
    ("body", "types"),
    [
        (b"amount=500", [JSON]),
        (b"amount=500", [PATCHED]),
        (b"amount=500", [PLAIN, JSON]),
        (b'{"amount": 5}', [f"{JSON}; charset=utf-7"]),
    ],
)
def test_what_says_it_is_json_has_to_be(
    bench: PolicyBench, body: bytes, types: list[str]
):
    """In UTF-8; of two types the upstream might believe either."""
    bench.policy(DENY, when=LARGE)

    assert send(bench, body, *types).status_code == 400
    assert bench.proxy.upstream.asked == []


@pytest.mark.parametrize(
    "encodings", [["gzip"], ["identity", "gzip"], ["identity, br"]]
)
def test_an_encoded_body_is_refused(bench: PolicyBench, encodings: list[str]):
    """415 where a policy looks, also under a second header; unchanged elsewhere."""
    packed = gzip.compress(b'{"amount": 500}')
    headers = [("Content-Encoding", each) for each in encodings]
    passed = bench.caller.http.post(SERVICE, content=packed, headers=headers)
    bench.policy(DENY, when=LARGE)
    refused = bench.caller.http.post(SERVICE, content=packed, headers=headers)

    assert passed.status_code == 200
    assert refused.status_code == 415
    assert refused.json()["error"]["code"] == "unsupported_media_type"
    assert [asked.body for asked in bench.proxy.upstream.asked] == [packed]


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b'{"amount": 5, "n": 12345678901234567890123}', JSON),
        (b'{"amount": 5}', f"{JSON}; charset=UTF-8"),
        (b"amount=500", "application/x-www-form-urlencoded"),
        (b"{amount}: 500", PLAIN),
        (b"\x89PNG\xff\x00", "image/png"),
        (b"", JSON),
    ],
)
def test_what_is_clear_passes(bench: PolicyBench, body: bytes, media_type: str):
    """Byte for byte, where nothing is changed."""
    bench.policy(DENY, when=LARGE)

    assert send(bench, body, media_type).status_code == 200
    assert [asked.body for asked in bench.proxy.upstream.asked] == [body]


def test_upstreams_are_asked_for_what_policies_can_read(bench: PolicyBench):
    """Whole and unencoded, whatever the caller or a rule asks for."""
    headers = {"Accept-Encoding": "gzip", "Range": "bytes=3-", "If-Range": '"1"'}
    bench.caller.http.get(SERVICE, headers=headers)
    bench.policy({"type": "transform", "set_headers": {"Accept-Encoding": "br"}})
    bench.caller.http.get(SERVICE, headers=headers)
    bench.policy(REDACT, phase="post")
    bench.caller.http.get(SERVICE, headers=headers)
    names = ("accept-encoding", "range")
    asked = [
        tuple(asked.headers.get(name) for name in names)
        for asked in bench.proxy.upstream.asked
    ]

    assert asked == [
        ("gzip", "bytes=3-"),
        ("identity", "bytes=3-"),
        ("identity", None),
    ]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(b'{"mail": "a@b.de"}', mtime=0), {"Content_Encoding": "gzip"}),
        (b'{"mail": "a@b.de", "mail": 1}', {}),
        (b'\xef\xbb\xbf{"mail": "a\\u0040b.de"}', {}),
    ],
)
def test_an_answer_that_policies_cannot_read_is_refused(
    bench: PolicyBench, body: bytes, headers: dict[str, str]
):
    """502, and nothing of it goes out; without policies for answers it passes."""
    bench.proxy.upstream.answers(200, body, Content_Type=JSON, **headers)
    bench.policy(DENY, when=LARGE)
    passed = bench.caller.http.get(SERVICE)
    bench.policy(REDACT, phase="post")
    answer = bench.caller.http.get(SERVICE)
    error = answer.json()["error"]

    assert passed.status_code == 200
    assert answer.status_code == 502
    assert (error["code"], error["retryable"]) == ("upstream_failed", False)
    assert b"b.de" not in answer.content


@pytest.mark.parametrize(
    ("body", "media_type", "expected"),
    [
        (b'{"m": "\\u0061@b.de"}', JSON, b'{"m":"[email]"}'),
        (b'"a@b.de"', JSON, b'"[email]"'),
        (b"an a@b.de", JSON, b"an [email]"),
        ("ü a@b.de".encode("latin-1"), PLAIN, "ü [email]".encode("latin-1")),
        ("ü a@b.de".encode("utf-16"), PLAIN, "ü [email]".encode("utf-16")),
        (b"\xff\x00\xfe a@b.de", "application/octet-stream", None),
        (b"\x89PNG\xff a@b.de", "image/png", None),
    ],
)
def test_texts_are_redacted_and_nothing_else_is_touched(
    bench: PolicyBench, body: bytes, media_type: str, expected: bytes | None
):
    """In any charset; what is no text stays as it is, byte for byte."""
    bench.policy(REDACT)
    bench.policy(REDACT, phase="post")
    bench.proxy.upstream.answers(200, body, Content_Type=media_type)
    answer = bench.caller.http.get(SERVICE)
    if media_type != JSON:
        send(bench, body, media_type)

    assert answer.content == (body if expected is None else expected)
    assert bench.proxy.upstream.asked[-1].body in {answer.content, b""}


def test_what_is_no_text_is_still_looked_at(bench: PolicyBench):
    """A rule that blocks what it finds does so there too."""
    bench.policy({**REDACT, "on_match": "block"})

    assert send(bench, b"\xff\x00 a@b.de", "image/x").status_code == 403
    assert json.loads(send(bench, b"{}", JSON).content) == {}


@pytest.mark.parametrize("query", ["to=us&to=elsewhere", "to=elsewhere&to=us"])
@pytest.mark.parametrize("field", ["request.query.to", "request.query.*"])
def test_no_value_of_a_query_hides_behind_another(
    bench: PolicyBench, query: str, field: str
):
    """The upstream gets all of them, so policies look at each."""
    bench.policy(DENY, when=compare(field, "eq", "elsewhere"))
    answer = bench.caller.http.get(f"{SERVICE}?{query}")

    assert answer.status_code == 403
    assert bench.proxy.upstream.asked == []
