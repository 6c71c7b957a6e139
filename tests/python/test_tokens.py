"""A client id and secret are exchanged for a token, once, and again when refused."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from headgate_sdk import APIError, ResponseDecodeError, RetryPolicy
from headgate_sdk._product import PRODUCT
from headgate_sdk._runtime.core import SyncCore
from headgate_sdk._runtime.network import BlockingNetwork
from headgate_sdk._runtime.requests import Operation, RequestBuilder
from headgate_sdk._runtime.settings import Credential, client_options
from headgate_sdk._runtime.throttle import Throttle
from tests.python.raw_server import answer, raw_server

CALL = Operation(method="GET", path="/things", credentials=(("oauth2",),))
TOKEN = {"access_token": "one", "token_type": "Bearer", "expires_in": 3600}


def core(url: str, throttle: Throttle | None = None, **secrets: str) -> SyncCore:
    """What makes the calls of a client with those secrets."""
    from dataclasses import replace

    credential = Credential(
        option="oauth2", place="bearer", token_url="/token", scopes=("read", "write")
    )
    product = replace(PRODUCT, credentials=(credential,), header_maps=())
    options = client_options(
        product,
        base_url=url,
        secrets=secrets,
        header_maps={},
        timeouts=None,
        max_attempts=1,
        headers=None,
    )
    return SyncCore(
        BlockingNetwork(None),
        RequestBuilder(product, options),
        retry=RetryPolicy(),
        throttle=throttle,
        interceptors=(),
    )


def called(made: SyncCore) -> Any:
    """Make the call."""
    return made.fetch_as(CALL, Any)


def test_a_token_is_fetched_once() -> None:
    """Two calls share a token, which was asked for with the id and the secret."""
    scripts = [[answer(200, TOKEN)], [answer(200, {})], [answer(200, {})]]
    with raw_server(*scripts) as server:
        made = core(server.url, client_id="id", client_secret="a:b")
        called(made)
        called(made)
        made.close()

    asked, *calls = server.requests
    pair = base64.b64encode(b"id:a%3Ab").decode()
    assert (asked.method, asked.target) == ("POST", "/token")
    assert asked.headers["authorization"] == f"Basic {pair}"
    assert asked.body == b"grant_type=client_credentials&scope=read+write"
    assert [each.headers["authorization"] for each in calls] == ["Bearer one"] * 2


def test_the_fetch_of_a_token_is_no_request_of_the_api() -> None:
    """A client that may make one request in an hour makes it with its token."""
    with raw_server([answer(200, TOKEN)], [answer(200, {})]) as server:
        hourly = Throttle(in_flight=1, per_second=1 / 3600)
        made = core(server.url, hourly, client_id="id", client_secret="a:b")
        called(made)
        made.close()

    assert [each.target for each in server.requests] == ["/token", "/things"]


def test_a_refused_token_is_fetched_again() -> None:
    """A 401 brings a new token and one more attempt, and no third."""
    again = {**TOKEN, "access_token": "two"}
    scripts = [answer(200, TOKEN), answer(401, {}), answer(200, again), answer(401, {})]
    with raw_server(*([each] for each in scripts)) as server:
        made = core(server.url, client_id="id", client_secret="secret")
        with pytest.raises(APIError) as raised:
            called(made)
        made.close()

    assert raised.value.status_code == 401
    sent = [each.headers["authorization"] for each in server.requests[1::2]]
    assert sent == ["Bearer one", "Bearer two"]


def test_a_token_of_the_callers_own_counts() -> None:
    """Who has a token needs no exchange."""
    with raw_server([answer(200, {})]) as server:
        made = core(server.url, oauth2="mine", client_id="id", client_secret="secret")
        called(made)
        made.close()

    assert server.requests[0].headers["authorization"] == "Bearer mine"


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, [], None])
def test_no_token_is_an_error(body: Any) -> None:
    """An answer without a token raises and is not shown."""
    with raw_server([answer(200, body)]) as server:
        made = core(server.url, client_id="id", client_secret="secret")
        with pytest.raises(ResponseDecodeError, match="no access token"):
            called(made)
        made.close()
