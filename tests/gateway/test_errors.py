"""Errors: one shape, the right status, and the field that is at fault."""

from __future__ import annotations

import json
import re
import socket
from typing import Any

import httpx2
import jsonschema_rs
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from headgate_gateway.audit.trail import AuditTrail
from headgate_gateway.drain import Drain
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.edge import RequestEdge
from headgate_gateway.metrics import Metrics
from headgate_gateway.store.audit import AuditStore
from headgate_gateway.store.database import Database
from tests.gateway.client import Client, bundle, message, run

DOCUMENT = bundle()
ENVELOPE = jsonschema_rs.Draft202012Validator(
    {"$ref": "#/components/schemas/ErrorEnvelope", "components": DOCUMENT["components"]}
)
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"]
PATHS = [
    (re.sub(r"\{\w+\}", "x", path), sorted(method.upper() for method in item))
    for path, item in DOCUMENT["paths"].items()
]


def error_of(answer: Any) -> dict[str, Any]:
    """The error of an answer that is a whole and valid envelope."""
    body = answer.json()
    ENVELOPE.validate(body)
    assert body["error"]["request_id"] == answer.headers["x-request-id"]
    return body["error"]


@pytest.mark.parametrize(("path", "methods"), PATHS)
def test_other_methods_are_405_with_what_would_do(
    client: Client, path: str, methods: list[str]
):
    """Every method that a path does not declare is refused, TRACE too."""
    for method in METHODS:
        if method not in methods:
            answer = client.http.request(method, path)
            assert answer.status_code == 405, method
            assert answer.headers["allow"] == ", ".join(methods)
            if method != "HEAD":
                assert error_of(answer)["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/", "/v1/runs/", "/v2/messages", "/v1/runs//events", "/%00"],
)
def test_unknown_routes_are_404(client: Client, path: str):
    """A path that is not in the specification is an envelope like any other."""
    answer = client.http.get(path)

    assert answer.status_code == 404
    assert error_of(answer)["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "model"),
        ({"model": "m"}, "messages"),
        ({"model": 1, "messages": []}, "model"),
        ({"model": "m", "messages": [{}]}, "messages[0].role"),
        ({"model": "m", "messages": [{"role": "robot"}]}, "messages[0].role"),
        ({"model": "m", "messages": [{"role": "user"}]}, "messages[0].content"),
        (
            {"model": "m", "messages": [{"role": "user", "content": 7}]},
            "messages[0].content",
        ),
        (
            {"model": "m", "messages": [{"role": "user", "content": []}]},
            "messages[0].content",
        ),
        (
            {
                "model": "m",
                "messages": [{"role": "user", "content": [{"type": "text"}]}],
            },
            "messages[0].content[0].text",
        ),
        (
            {
                "model": "m",
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "image", "source": {"type": "url", "url": "x"}}
                        ],
                    }
                ],
            },
            "messages[0].content[0].source.url",
        ),
        (
            {
                "model": "m",
                "messages": [{"role": "user", "content": [{"type": "hologram"}]}],
            },
            "messages[0].content[0].type",
        ),
        ({**message(), "tools": [{"type": "function", "name": "a b"}]}, None),
        ({**message(), "tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({**message(), "tool_choice": {"type": "maybe"}}, "tool_choice.type"),
        ({**message(), "temperature": None}, "temperature"),
        ({**message(), "temperature": 3}, "temperature"),
        ({**message(), "max_tokens": 1.5}, "max_tokens"),
        ({**message(), "max_tokens": True}, "max_tokens"),
        ({**message(), "surprise": 1}, "surprise"),
        ({**message(), "stream": "yes"}, "stream"),
    ],
)
def test_a_wrong_body_names_the_field(
    client: Client, body: dict[str, Any], param: str | None
):
    """`param` is the path of the field at fault, inside unions the meant branch's."""
    error = error_of(client.http.post("/v1/messages", json=body))

    assert error["type"] == "invalid_request_error"
    assert error["code"] == "validation_failed"
    if param is None:
        assert error["param"].startswith("tools[0].")
    else:
        assert error["param"] == param


def test_a_run_names_the_field_inside_its_request(client: Client):
    """The path starts at the body's own root."""
    body = run("text")
    body["request"]["messages"][0]["content"] = [{"type": "text", "text": None}]
    error = error_of(client.http.post("/v1/runs", json=body))

    assert error["param"] == "request.messages[0].content[0].text"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"order": "sideways"}, "order"),
        ({"after": "x"}, "after"),
        ({"created_after": "yesterday"}, "created_after"),
        ({"limit": ["1", "2"]}, "limit"),
    ],
)
def test_a_wrong_parameter_is_named(client: Client, params: Any, param: str):
    """Parameters are held to the specification too."""
    assert error_of(client.http.get("/v1/runs", params=params))["param"] == param


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"NaN",
        b'{"model": "\xed\xa0\x80"}',
        b'{"model": "\\ud800"}',
        b"{}" * 2,
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
)
def test_what_is_not_a_json_object_is_400(client: Client, content: bytes):
    """Malformed JSON of every kind is the caller's mistake."""
    answer = client.http.post(
        "/v1/messages", content=content, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 400
    assert error_of(answer)["code"] == "validation_failed"


def test_deeply_nested_content_is_answered(client: Client):
    """Free JSON may be nested as deep as the parser goes, and no deeper."""
    nested: Any = {}
    for _ in range(300):
        nested = {"n": nested}
    asked = message(metadata=nested)
    answer = client.http.post("/v1/messages", json=asked)
    once = client.http.post(
        "/v1/messages", json=asked, headers={"Idempotency-Key": "deeply-nested"}
    )

    assert answer.status_code == 200
    assert once.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/xml"},
        {"Content-Type": "application/json-seq"},
        {},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_other_media_types_are_415(client: Client, headers: dict[str, str]):
    """Only unencoded `application/json` is read."""
    answer = client.http.post("/v1/messages", content=b"{}", headers=headers)

    assert answer.status_code == 415
    assert error_of(answer)["code"] == "unsupported_media_type"


def test_a_charset_does_not_hurt(client: Client):
    """`application/json; charset=utf-8` is JSON."""
    answer = client.http.post(
        "/v1/messages",
        content=b'{"model":"mock/echo","messages":[{"role":"user","content":"\xc3\xa9"}]}',
        headers={"Content-Type": "Application/JSON; charset=utf-8"},
    )

    assert answer.json()["content"][0]["text"] == "é"


def test_a_body_too_large_is_413_before_it_is_read(client: Client):
    """A declared length is refused at once; an undeclared one when it is passed."""
    declared = client.http.post(
        "/v1/messages",
        content=b"[" + b"1," * 5_000_000,
        headers={"Content-Type": "application/json"},
    )

    def chunks():
        for _ in range(20):
            yield b"1," * 500_000

    chunked = client.http.post(
        "/v1/messages", content=chunks(), headers={"Content-Type": "application/json"}
    )

    for answer in (declared, chunked):
        assert answer.status_code == 413
        assert error_of(answer)["details"] == {"limit_bytes": 8388608}


def test_nul_is_a_character_like_any_other(client: Client):
    """A NUL in a text is kept through the store and back."""
    body = run({"turns": [{"text": "a\0b"}]}, metadata={"k\0": "v\0"})
    made = client.http.post("/v1/runs", json=body).json()
    kept = client.http.get(f"/v1/runs/{made['run']['id']}").json()

    assert kept == made
    assert kept["run"]["metadata"] == {"k\0": "v\0"}
    assert kept["result"]["response"]["content"][0]["text"] == "a\0b"


@pytest.mark.parametrize(
    "number", ["1.0", "1e0", "1E+0", "10e-1", "0.1e1", "0.99999999999999999999", "1.00"]
)
def test_integral_floats_are_integers(client: Client, number: str):
    """JSON Schema holds 1.0 and 1 equal, however they are written, as the gateway."""
    body = json.dumps(message(max_tokens=987)).replace("987", number)
    headers = {"Content-Type": "application/json"}
    answer = client.http.post("/v1/messages", content=body, headers=headers)

    assert answer.status_code == 200
    assert answer.json()["usage"]["output_tokens"] == 1


@pytest.mark.parametrize("given", ["abc-123", "x" * 128, "!~"])
def test_a_sane_request_id_is_echoed(client: Client, given: str):
    """The caller's own id names the request."""
    answer = client.http.get("/healthz", headers={"X-Request-ID": given})

    assert answer.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "\u00e9".encode()])
def test_any_other_request_id_is_replaced(client: Client, given: str | bytes):
    """What could break a log or a header is not echoed."""
    answer = client.http.get("/healthz", headers={"X-Request-ID": given})

    assert re.fullmatch(r"req_[0-9A-Z]{26}", answer.headers["x-request-id"])


def test_an_unknown_model_is_404(client: Client):
    """On every route that asks for one, with the field that named it."""
    body = {**message(), "model": "nobody/nothing"}
    direct = error_of(client.http.post("/v1/messages", json=body))
    inside = error_of(client.http.post("/v1/runs", json={"request": body}))

    assert (direct["code"], direct["param"]) == ("model_not_found", "model")
    assert (inside["code"], inside["param"]) == ("model_not_found", "request.model")


def test_rubbish_on_the_wire_harms_nobody(client: Client):
    """A line that is no HTTP is refused, and the next caller is served."""
    host, port = client.gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"\0\1\2 rubbish\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")

    assert client.http.get("/healthz").text == "ok"


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (
            OperationalError("SELECT", {}, Exception("disk is full")),
            503,
            "overloaded",
        ),
        (PoolTimeoutError(), 503, "overloaded"),
        (ConnectionRefusedError(), 503, "overloaded"),
        (ZeroDivisionError(), 500, "internal_error"),
        (GatewayError("name_taken", "It is taken."), 409, "name_taken"),
    ],
)
async def test_what_breaks_inside_is_an_envelope(
    raised: Exception, status: int, code: str
):
    """A store that is gone is 503, a fault of ours 500; neither says what it was."""

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise raised

    trail = AuditTrail(AuditStore(Database("sqlite:///never-opened.sqlite3")))
    app = RequestEdge(broken, metrics=Metrics(), drain=Drain(), audit=trail)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://t") as inside:
        answer = await inside.get("/")

    assert answer.status_code == status
    assert error_of(answer)["code"] == code
    assert "disk" not in answer.text
