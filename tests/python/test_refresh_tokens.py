"""A refresh token is exchanged when a token is needed, and by one call at a time."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from headgate_sdk import APIError, RetryPolicy
from headgate_sdk._product import PRODUCT
from headgate_sdk._runtime.core import SyncCore
from headgate_sdk._runtime.network import BlockingNetwork
from headgate_sdk._runtime.refresh import RefreshedTokens, RefreshToken
from headgate_sdk._runtime.requests import Operation, RequestBuilder
from headgate_sdk._runtime.settings import Credential, client_options
from tests.python.raw_server import RawServer, answer, raw_server

CALL = Operation(method="GET", path="/things", credentials=(("oauth2",),))
FRESH = {"access_token": "two", "refresh_token": "r2", "expires_in": 3600}


def core(url: str, given: RefreshToken) -> SyncCore:
    """What makes the calls of a client that was given a refresh token."""
    credential = Credential(option="oauth2", place="bearer", refresh_url="/token")
    product = replace(PRODUCT, credentials=(credential,), header_maps=())
    options = client_options(
        product,
        base_url=url,
        secrets={"oauth2": given},
        header_maps={},
        timeouts=None,
        max_attempts=1,
        headers=None,
    )
    return SyncCore(
        BlockingNetwork(None),
        RequestBuilder(product, options),
        retry=RetryPolicy(),
        interceptors=(),
    )


def sent(server: RawServer) -> list[Any]:
    """What each request had: the body of an exchange, the token of a call."""
    return [
        each.body if each.method == "POST" else each.headers["authorization"]
        for each in server.requests
    ]


def test_it_is_exchanged_before_the_first_call() -> None:
    """Once for two calls; the caller is told what came of it."""
    told: list[RefreshedTokens] = []
    given = RefreshToken("r1", client_id="id", on_refresh=told.append)
    scripts = [[answer(200, FRESH)], [answer(200, {})], [answer(200, {})]]
    with raw_server(*scripts) as server:
        made = core(server.url, given)
        made.fetch_as(CALL, Any)
        made.fetch_as(CALL, Any)
        made.close()

    asked = b"grant_type=refresh_token&refresh_token=r1&client_id=id"
    assert sent(server) == [asked, "Bearer two", "Bearer two"]
    assert "authorization" not in server.requests[0].headers
    assert told == [
        RefreshedTokens(access_token="two", refresh_token="r2", expires_in=3600)
    ]


def test_a_token_that_is_there_is_used_first() -> None:
    """Refused, it is renewed, and the new refresh token serves the next time."""
    given = RefreshToken(
        "r1", client_id="id", client_secret="secret", access_token="one"
    )
    third = {**FRESH, "access_token": "three"}
    scripts = [
        *[answer(401, {}), answer(200, FRESH), answer(200, {})],
        *[answer(401, {}), answer(200, third), answer(200, {})],
    ]
    with raw_server(*([each] for each in scripts)) as server:
        made = core(server.url, given)
        made.fetch_as(CALL, Any)
        made.fetch_as(CALL, Any)
        made.close()

    ask = b"grant_type=refresh_token&refresh_token="
    assert sent(server) == [
        *["Bearer one", ask + b"r1", "Bearer two"],
        *["Bearer two", ask + b"r2", "Bearer three"],
    ]
    assert server.requests[1].headers["authorization"].startswith("Basic ")


def test_calls_side_by_side_exchange_once() -> None:
    """A refresh token that is used twice may be void, so nobody else uses it."""
    scripts = [[answer(200, FRESH)], *[[answer(200, {})]] * 4]
    with raw_server(*scripts) as server, ThreadPoolExecutor(4) as pool:
        made = core(server.url, RefreshToken("r1"))
        list(pool.map(lambda _: made.fetch_as(CALL, Any), range(4)))
        made.close()

    assert [each.method for each in server.requests].count("POST") == 1
    assert sent(server)[1:] == ["Bearer two"] * 4


def test_a_refused_exchange_is_raised(caplog: pytest.LogCaptureFixture) -> None:
    """As the error of the answer; no secret is shown, and the next call tries again."""
    caplog.set_level(logging.DEBUG, logger="headgate_sdk")
    given = RefreshToken("secret-r1", client_id="id", client_secret="secret-s")
    with raw_server(*[[answer(400, {"error": "invalid_grant"})]] * 2) as server:
        made = core(server.url, given)
        for _ in range(2):
            with pytest.raises(APIError) as caught:
                made.fetch_as(CALL, Any)
        made.close()

    assert caught.value.status_code == 400
    shown = f"{caplog.text} {given!r} {made!r} {caught.value!r}"
    assert "secret-" not in shown
