"""The SDK makes of a client, its options and a call the request that vectors state."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from headgate_sdk import ConfigurationError
from headgate_sdk import _operations as operations
from headgate_sdk._product import PRODUCT
from headgate_sdk._runtime.requests import (
    Arguments,
    Operation,
    Request,
    RequestBuilder,
)
from headgate_sdk._runtime.settings import Credential, HeaderMap, client_options
from tests.python.shared_vectors import Case, check_keys, read_cases

CASES = read_cases("headers")
KNOWN = [each for each in vars(operations).values() if isinstance(each, Operation)]


def test_product_is_the_vectors() -> None:
    """What the vectors say of the product is what this package was made with."""
    shared = CASES[0].shared["product"]
    check_keys(
        shared,
        *["environment_prefix", "default_base_url", "user_agent", "request_id_header"],
        *["idempotency_header", "attempt_header", "sdk_header", "credentials"],
        "header_maps",
    )
    maps = [
        HeaderMap(
            option=each["option"],
            prefix=each["prefix"],
            members={name.lower(): each["prefix"] + name for name in each["members"]},
        )
        for each in shared["header_maps"]
    ]

    assert shared["environment_prefix"] == PRODUCT.environment_prefix
    assert shared["default_base_url"] == PRODUCT.base_url
    assert PRODUCT.user_agent.startswith(shared["user_agent"])
    assert shared["request_id_header"] == PRODUCT.request_id_header
    assert shared["idempotency_header"] == PRODUCT.idempotency_header
    assert shared["attempt_header"] == PRODUCT.attempt_header
    assert shared["sdk_header"] == PRODUCT.sdk_header
    assert tuple(_credentials(shared["credentials"])) == PRODUCT.credentials
    assert tuple(maps) == PRODUCT.header_maps


def _credentials(given: list[dict[str, str]]) -> list[Credential]:
    for each in given:
        check_keys(each, "option", "place", "name")
    return [Credential(**each) for each in given]


def request_of(case: Case) -> Request:
    """The first attempt's request, made from a client's settings and a call."""
    vector = case.vector
    product = PRODUCT
    if "credentials" in vector:
        product = replace(product, credentials=_credentials(vector["credentials"]))
    client = vector["client"]
    check_keys(
        client,
        *["base_url", "api_key", "admin_key", "secrets", "provider_keys", "headers"],
        "platform_headers",
    )
    secrets = {each.option: client.get(each.option) for each in product.credentials}
    options = client_options(
        product,
        base_url=client.get("base_url"),
        secrets={**secrets, **client.get("secrets", {})},
        header_maps={"provider_keys": client.get("provider_keys")},
        timeouts=None,
        max_attempts=None,
        headers=client.get("headers"),
        platform_headers=client.get("platform_headers", True),
    )
    given = vector.get("arguments", {})
    check_keys(given, "path", "query", "headers", "body")
    call = vector.get("options", {})
    check_keys(
        call, "headers", "query", "extra_body", "idempotency_key", "provider_keys"
    )
    return RequestBuilder(product, options).build(
        operation_of(vector["operation"]), Arguments(**given), call
    )


def operation_of(given: dict[str, Any]) -> Operation:
    """The operation that a vector describes; one with an id is the package's own.

    What it accepts is the vector's to say: an answer that is text asks for text. When
    a stream may close early, or an answer be pending, is no matter of headers.
    """
    check_keys(
        given, "id", "method", "path", "accept", "credentials", "idempotency", "body"
    )
    made = Operation(
        method=given["method"],
        path=given["path"],
        accept=given["accept"],
        credentials=tuple(map(tuple, given["credentials"])),
        idempotency=given["idempotency"],
    )
    if given["id"] is not None:
        known = [
            replace(each, accept=made.accept, unfinished=None, pending=())
            for each in KNOWN
        ]
        assert made in known, given["id"]
    return made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_request(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """URL, headers and body are exactly these, or the error shows no secret."""
    vector, expect = case.vector, case.vector["expect"]
    check_keys(
        vector,
        *["name", "note", "client", "environment", "operation", "arguments"],
        *["options", "credentials", "expect"],
    )
    check_keys(expect, "url", "headers", "body", "repeatable", "error", "not_shown")
    for name, value in vector.get("environment", {}).items():
        monkeypatch.setenv(name, value)
    if "error" in expect:
        assert expect["error"] == "ConfigurationError"
        with pytest.raises(ConfigurationError) as caught:
            request_of(case)
        shown = f"{caught.value!s} {caught.value!r}"
        assert [each for each in expect.get("not_shown", []) if each in shown] == []
        return
    request = request_of(case)

    assert expect["url"] == request.url
    check_headers(case, request.attempt(1))
    body = None if request.content is None else json.loads(request.content)
    assert expect.get("body") == body
    if "repeatable" in expect:
        assert expect["repeatable"] == request.repeatable


def check_headers(case: Case, sent: dict[str, str]) -> None:
    wanted = {**case.shared["always"], **case.vector["expect"]["headers"]}
    wanted = {name.lower(): value for name, value in wanted.items()}
    present = {name for name, value in wanted.items() if value is not None}

    assert present == {name.lower() for name in sent}
    for name, value in sent.items():
        expected = wanted[name.lower()]
        if isinstance(expected, dict):
            check_keys(expected, "matches")
            assert re.search(expected["matches"], value), (name, value)
        else:
            assert expected == value
