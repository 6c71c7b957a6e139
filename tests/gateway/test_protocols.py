"""Providers that are added, changed and removed while the gateway runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from headgate_gateway.providers.dialects.failures import seconds_until
from tests.gateway.client import Client, breaches, message
from tests.gateway.provider_streams import OPENAI_CHAT
from tests.gateway.upstreams import Upstream, running_upstream
from tests.gateway_process import Gateway, running_gateway

AUTH = {"header": "Authorization", "scheme": "Bearer"}
LOOPBACK = {
    "HEADGATE_GATEWAY_PRIVATE_NETWORKS": "127.0.0.0/8",
    "HEADGATE_GATEWAY_MODEL_ALIASES": "fast=mock/echo ours=harbour/harbour-large",
    "http_proxy": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as running:
        yield running


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A gateway whose operator lets providers be on loopback."""
    with running_gateway(tmp_path_factory.mktemp("protocols"), LOOPBACK) as gateway:
        client = Client(gateway)
        yield client
        client.close()


def manifest(upstream: Upstream, **fields: Any) -> dict[str, Any]:
    return {
        "name": "Harbour",
        "base_url": f"{upstream.url}/v1",
        "dialect": "openai-chat",
        "auth": AUTH,
        **fields,
    }


def put(client: Client, provider: str, body: dict[str, Any]) -> httpx2.Response:
    return client.admin.put(f"/v1/admin/protocols/{provider}", json=body)


def ask(client: Client, model: str, **fields: Any) -> httpx2.Response:
    headers = {"X-Provider-Key-harbour": "sk-canary"}
    return client.http.post(
        "/v1/messages", json=message(model=model, **fields), headers=headers
    )


def test_the_manifests_are_shown_without_keys(client: Client):
    """Every provider is listed with where it is and how it is spoken to."""
    listed = client.http.get("/v1/protocols").json()["data"]
    one = client.http.get("/v1/protocols/anthropic").json()
    nobody = client.http.get("/v1/protocols/nobody")

    assert [each["id"] for each in listed] == sorted(each["id"] for each in listed)
    assert {"openai", "anthropic", "gemini", "vertexai", "pin"} <= {
        each["id"] for each in listed
    }
    assert one in listed
    assert one["source"] == "built_in"
    assert one["auth"] == {"header": "x-api-key"}
    assert nobody.status_code == 404


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"headers": {"Content-Length": "5"}}, "/headers/Content-Length"),
        ({"headers": {"x-own": "1", "host": "b.example"}}, "/headers/host"),
        ({"auth": {"header": "Transfer-Encoding"}}, "/auth/header"),
    ],
)
def test_a_manifest_may_not_say_where_a_message_ends(
    harbour: Client, upstream: Upstream, fields: dict[str, Any], pointer: str
):
    """Else a key could become a length, and what follows another request."""
    body = manifest(upstream, **fields)
    refused = put(harbour, "harbour", body)
    told = harbour.admin.post("/v1/admin/protocols:validate", json=body).json()

    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "manifest_invalid"
    assert [issue["pointer"] for issue in told["issues"]] == [pointer]
    assert not told["valid"]


@pytest.mark.parametrize(
    "models",
    [
        [{"name": "a"}, {"name": "a", "context_window": 5}],
        [{"name": "a"}, {"name": "b", "aliases": ["a"]}],
    ],
)
def test_a_name_means_one_model(
    harbour: Client, upstream: Upstream, models: list[dict[str, Any]]
):
    """Of two that claim it, neither is dropped without a word."""
    refused = put(harbour, "harbour", manifest(upstream, models=models))

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "name_taken")


def test_a_provider_is_added_while_the_gateway_runs(
    harbour: Client, upstream: Upstream
):
    """One manifest, and its models answer: whole, streamed, priced and by prefix."""
    body = manifest(
        upstream,
        prefixes=["harbour-"],
        models=[
            {
                "name": "harbour-large",
                "aliases": ["large"],
                "pricing": {
                    "input_per_million": 1.5,
                    "output_per_million": 4,
                    "currency": "USD",
                },
                "capabilities": {"vision": False},
            }
        ],
    )
    upstream.streams(OPENAI_CHAT)
    before = ask(harbour, "harbour-large")
    shown = put(harbour, "harbour", body)
    answers = [
        ask(harbour, name) for name in ("large", "harbour-new", "harbour/harbour-large")
    ]
    streamed = harbour.record(
        "POST",
        "/v1/messages",
        json=message(model="large", stream=True),
        headers={"X-Provider-Key-harbour": "sk-canary"},
    )
    asked = upstream.asked[-1]
    harbour.admin.delete("/v1/admin/protocols/harbour")
    after = ask(harbour, "harbour-large")

    assert shown.json()["source"] == "stored"
    assert [answer.status_code for answer in (before, after)] == [404, 404]
    assert [answer.json()["model"] for answer in answers] == [
        "harbour/harbour-large",
        "harbour/harbour-new",
        "harbour/harbour-large",
    ]
    assert answers[0].json()["usage"]["cost_usd"] == 0.0000445
    assert "cost_usd" not in answers[1].json()["usage"]
    assert breaches("message", streamed, message(stream=True)) == []
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == "Bearer sk-canary"


def test_an_operator_names_models(harbour: Client, upstream: Upstream):
    """A name of the operator's own means a model, as soon as there is one."""
    before = ask(harbour, "ours")
    put(harbour, "harbour", manifest(upstream))
    upstream.streams(OPENAI_CHAT)
    after = ask(harbour, "ours")
    harbour.admin.delete("/v1/admin/protocols/harbour")

    assert ask(harbour, "fast").json()["model"] == "mock/echo"
    assert before.status_code == 404
    assert after.json()["model"] == "harbour/harbour-large"


def test_a_redirect_is_a_failure(harbour: Client, upstream: Upstream):
    """A provider that sends the gateway elsewhere is not followed with the key."""
    put(harbour, "harbour", manifest(upstream))
    upstream.fails(307, {}, Location=f"{upstream.url}/elsewhere")
    before = len(upstream.asked)
    answer = ask(harbour, "harbour/any")

    assert answer.status_code == 502
    assert len(upstream.asked) == before + 1


def test_without_its_key_a_provider_is_not_asked(harbour: Client, upstream: Upstream):
    """The header for the key is the manifest's, and is named."""
    put(harbour, "harbour", manifest(upstream))
    before = len(upstream.asked)
    answer = harbour.http.post("/v1/messages", json=message(model="harbour/any"))

    assert answer.status_code == 401
    assert answer.json()["error"]["param"] == "X-Provider-Key-harbour"
    assert len(upstream.asked) == before


@pytest.mark.parametrize("content_type", ["application/x-ndjson", "application/json"])
def test_a_stream_of_json_lines_is_read(
    harbour: Client, upstream: Upstream, content_type: str
):
    """A provider that sends a JSON text a line, and wants no key, answers alike."""
    body = manifest(upstream, framing="json_lines")
    del body["auth"]
    put(harbour, "lines", body)
    upstream.streams(OPENAI_CHAT)
    upstream.headers = {"Content-Type": content_type}
    lines = [json.dumps(each) for each in OPENAI_CHAT if isinstance(each, dict)]
    upstream.answer = "\n".join([*lines, ""]).encode()
    asked = message(model="lines/any", stream=True)
    recording = harbour.record("POST", "/v1/messages", json=asked)

    assert breaches("message", recording, asked) == []
    assert recording.types[-1] == "message_stop"
    assert recording.of("message_delta")[0]["usage"]["input_tokens"] == 11
    assert "authorization" not in upstream.asked[-1].headers


def test_settings_and_errors_are_mapped(harbour: Client, upstream: Upstream):
    """A provider's own names of settings, statuses and limits are in its manifest."""
    body = manifest(
        upstream,
        parameters={"max_completion_tokens": "max_tokens"},
        errors={"498": "rate_limit_exceeded"},
        rate_limit_headers={"limit": "x-limit", "reset": "x-reset"},
    )
    put(harbour, "harbour", body)
    upstream.fails(498, {"error": "No more."}, **{"x-limit": "60", "x-reset": "1m3s"})
    answer = ask(harbour, "harbour/any", max_tokens=9)
    error = answer.json()["error"]

    assert upstream.asked[-1].body["max_tokens"] == 9
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "63"
    assert error["details"] == {"upstream_status": 498, "limit": 60}


def test_a_question_that_is_too_long_is_told_as_such(
    harbour: Client, upstream: Upstream
):
    """A provider's word for a full context has a code of its own."""
    put(harbour, "harbour", manifest(upstream))
    upstream.fails(400, {"error": {"message": "maximum context length is 8192"}})
    answer = ask(harbour, "harbour/any")

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "context_length_exceeded"


def test_a_manifest_that_is_none_is_refused_with_all_its_faults(harbour: Client):
    """Each fault has its place; nothing is set."""
    wrong = {
        "base_url": "ftp://harbour.example",
        "dialect": "esperanto",
        "api_key": "sk-canary",
        "models": [{"name": "a", "pricing": {"currency": "USD"}}],
        "errors": {"200": "upstream_failed"},
    }
    expected = {
        "/name",
        "/base_url",
        "/dialect",
        "/api_key",
        "/models/0/pricing/input_per_million",
        "/models/0/pricing/output_per_million",
        "/errors",
    }
    refused = put(harbour, "broken", wrong)
    verdict = harbour.admin.post("/v1/admin/protocols:validate", json=wrong).json()
    error = refused.json()["error"]

    assert refused.status_code == 422
    assert error["code"] == "manifest_invalid"
    assert {issue["pointer"] for issue in error["details"]["issues"]} == expected
    assert verdict == {"valid": False, "issues": error["details"]["issues"]}
    assert "sk-canary" not in refused.text
    assert harbour.http.get("/v1/protocols/broken").status_code == 404


def test_a_sound_manifest_is_valid(harbour: Client, upstream: Upstream):
    """Validating sets nothing."""
    verdict = harbour.admin.post(
        "/v1/admin/protocols:validate", json=manifest(upstream)
    )

    assert verdict.json() == {"valid": True, "issues": []}
    assert harbour.http.get("/v1/protocols/valid").status_code == 404


def test_a_header_that_holds_a_secret_is_not_shown(harbour: Client, upstream: Upstream):
    """What an operator puts into headers is sent, and shown only if it is harmless."""
    headers = {"X-Api-Key": "sk-canary", "X-Version": "7"}
    put(harbour, "harbour", manifest(upstream, headers=headers))
    shown = harbour.http.get("/v1/protocols/harbour")
    upstream.streams(OPENAI_CHAT)
    ask(harbour, "harbour/any")

    assert shown.json()["headers"] == {"X-Api-Key": "[redacted]", "X-Version": "7"}
    assert upstream.asked[-1].headers["x-api-key"] == "sk-canary"


@pytest.mark.parametrize(
    ("provider", "fields"),
    [
        ("mock", {}),
        ("thief", {"prefixes": ["gpt-"]}),
        ("thief", {"models": [{"name": "x", "aliases": ["openrouter/auto"]}]}),
    ],
)
def test_a_name_belongs_to_one_provider(
    harbour: Client, upstream: Upstream, provider: str, fields: dict[str, Any]
):
    """No manifest takes a name that means another provider's models."""
    answer = put(harbour, provider, manifest(upstream, **fields))

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "name_taken"


def test_a_built_in_manifest_comes_back(harbour: Client, upstream: Upstream):
    """A stored manifest holds over the package's own until it is deleted."""
    own = harbour.http.get("/v1/protocols/cerebras").json()
    put(harbour, "cerebras", manifest(upstream))
    stored = harbour.http.get("/v1/protocols/cerebras").json()
    gone = harbour.admin.delete("/v1/admin/protocols/cerebras")
    again = harbour.admin.delete("/v1/admin/protocols/cerebras")

    assert stored["name"] == "Harbour"
    assert (gone.status_code, again.status_code) == (204, 404)
    assert harbour.http.get("/v1/protocols/cerebras").json() == own


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_manifest_leads_to_no_private_address(
    client: Client, upstream: Upstream, host: str, scheme: str
):
    """Without the operator's word, no spelling of loopback is called."""
    provider = f"inward-{scheme}-{host.replace('.', '-')}"
    port = upstream.url.rpartition(":")[2]
    before = len(upstream.asked)
    body = manifest(upstream, base_url=f"{scheme}://{host}:{port}/v1")
    assert put(client, provider, body).status_code == 200
    headers = {f"X-Provider-Key-{provider}": "sk-canary"}
    answer = client.http.post(
        "/v1/messages", json=message(model=f"{provider}/any"), headers=headers
    )
    client.admin.delete(f"/v1/admin/protocols/{provider}")

    assert answer.status_code == 502, answer.text
    assert answer.json()["error"]["code"] == "upstream_failed"
    assert not answer.json()["error"]["retryable"]
    assert len(upstream.asked) == before


def test_another_process_hears_of_it(tmp_path: Path, upstream: Upstream):
    """What one process sets, the others serve, and survive a restart with."""
    shared = {
        **LOOPBACK,
        "HEADGATE_GATEWAY_DATABASE_URL": f"sqlite:///{tmp_path / 'shared.sqlite3'}",
        "HEADGATE_GATEWAY_LEASE": "0.5",
    }
    folders = [tmp_path / name for name in ("here", "there", "later")]
    for folder in folders:
        folder.mkdir()
    here, there, later = folders
    with running_gateway(here, shared) as one, running_gateway(there, shared) as two:
        client = Client(one)
        put(client, "harbour", manifest(upstream))
        client.close()
        seen_at = _until_known(two, "harbour")
    with running_gateway(later, shared) as three:
        kept = httpx2.get(
            f"{three.url}/v1/protocols/harbour",
            headers={"Authorization": f"Bearer {three.api_key}"},
        )

    assert seen_at == "Harbour"
    assert kept.json()["name"] == "Harbour"


def _until_known(gateway: Gateway, provider: str) -> str:
    """The provider's name, as soon as the gateway knows it."""
    headers = {"Authorization": f"Bearer {gateway.api_key}"}
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        url = f"{gateway.url}/v1/protocols/{provider}"
        answer = httpx2.get(url, headers=headers)
        if answer.status_code == 200:
            return answer.json()["name"]
    raise AssertionError("the other process never heard of it")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12", 12),
        ("0.5", 0.5),
        ("1m3s", 63),
        ("2h", 7200),
        ("250ms", 0.25),
        ("6m0.5s", 360.5),
        ("", None),
        ("soon", None),
        ("-1", None),
        (None, None),
    ],
)
def test_times_are_told_in_many_ways(text: str | None, seconds: float | None):
    """Seconds, durations and nothing of use."""
    assert seconds_until(text) == seconds


def test_a_unix_time_counts_from_now():
    """A time that has come is no time to wait."""
    assert seconds_until("1700000000") == 0
    assert 0 < (seconds_until(str(time.time() + 100)[:13]) or 0) <= 100
