"""The SDK's own calls, scopes and keys for the upstream, through a real gateway."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headgate_sdk import APIError, Headgate
from tests.gateway.proxy_bench import ProxyBench
from tests.gateway.test_audit import until


@pytest.fixture
def bench(calling: ProxyBench) -> ProxyBench:
    calling.fresh(b'{"id": 7}')
    return calling


@pytest.fixture
def sdk(bench: ProxyBench) -> Iterator[Headgate]:
    """A client with a key of its own upstream, and a service beside it."""
    project = bench.project()
    bench.service(project, credential_id=bench.credential(project))
    key = bench.client.new_key(project, upstream_url=f"{bench.upstream.url}/api")
    gateway = bench.client.gateway
    with Headgate(base_url=gateway.url, api_key=key["secret"]) as client:
        yield client


def test_a_path_reaches_the_upstream_of_the_key(
    bench: ProxyBench, sdk: Headgate
) -> None:
    """Method, path, query and body arrive there; status and body come back."""
    made = sdk.post("/v1/customers", json={"name": "Ann"}, query={"expand": "all"})
    bench.upstream.answers(404, b"no such thing", Content_Type="text/plain")
    missing = sdk.get("/v1/customers/9")
    posted, got = bench.upstream.asked

    assert (posted.method, posted.path) == ("POST", "/api/v1/customers?expand=all")
    assert posted.body == b'{"name":"Ann"}'
    assert (made.status_code, made.json()) == (200, {"id": 7})
    assert (got.method, got.path) == ("GET", "/api/v1/customers/9")
    assert (missing.status_code, missing.text) == (404, "no such thing")


def test_a_service_is_called_by_its_name(bench: ProxyBench, sdk: Headgate) -> None:
    """Its credential is put in on the way; the gateway's key stays behind."""
    sdk.get("/v1/proxy/services/echo/things")
    [asked] = bench.upstream.asked

    assert asked.path == "/base/things"
    assert asked.headers["authorization"] == "Bearer sk-canary"


@pytest.mark.parametrize(
    ("scheme", "sent"), [("Bearer", "Bearer sk-mine"), ("", "sk-mine")]
)
def test_a_key_of_the_callers_own_takes_its_place(
    bench: ProxyBench, sdk: Headgate, scheme: str, sent: str
) -> None:
    """In its scope alone: the next call has the stored credential again."""
    with sdk.with_upstream_key("sk-mine", scheme=scheme).trace() as scoped:
        scoped.get("/v1/proxy/services/echo/things")
    sdk.get("/v1/proxy/services/echo/things")

    told = [each.headers["authorization"] for each in bench.upstream.asked]
    assert told == [sent, "Bearer sk-canary"]


def test_the_gateways_own_refusal_is_raised(bench: ProxyBench, sdk: Headgate) -> None:
    """A service that there is not is an error of the gateway, not an answer."""
    with pytest.raises(APIError) as caught:
        sdk.get("/v1/proxy/services/nowhere/things")

    assert (caught.value.status_code, bench.upstream.asked) == (404, [])


def test_the_audit_log_has_the_session(bench: ProxyBench, sdk: Headgate) -> None:
    """A scope's calls are found by their session, with span and agent."""
    traced = sdk.trace(parent_span_id="span-1", agent_name="mail")
    traced.get("/v1/proxy/services/echo/things")
    sdk.get("/v1/proxy/services/echo/others")
    gateway, session = bench.client.gateway, traced.scope["session_id"]
    with Headgate(base_url=gateway.url, admin_key=gateway.admin_key) as admin:
        logs = until(
            lambda: list(admin.admin.audit_logs.list(session_id=session)), bool
        )
    told = [(each.path, each.parent_span_id, each.agent_name) for each in logs]

    assert told == [("/v1/proxy/services/echo/things", "span-1", "mail")]
