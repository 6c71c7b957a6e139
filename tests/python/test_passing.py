"""Calls of what the gateway passes on go and come back as they are."""

from __future__ import annotations

import pytest

from headgate_sdk import APIError, ConfigurationError, RawAnswer
from tests.python.raw_server import answer, raw_answer, raw_server
from tests.python.samples import ERROR
from tests.python.twins import KEY, TWINS, Twin

MADE = answer(201, {"id": "cus_1"})


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


def test_a_path_is_put_behind_the_upstream(twin: Twin) -> None:
    """Method, path, query and body arrive; status, headers and body come back."""
    with raw_server([MADE]) as server:
        made: RawAnswer = twin.call(
            server.url,
            lambda c: c.post("/v1/customers", json={"name": "Ann"}, query={"x": 1}),
        )
    asked = server.requests[0]

    assert (asked.method, asked.target) == (
        "POST",
        "/v1/proxy/upstream/v1/customers?x=1",
    )
    assert asked.json == {"name": "Ann"}
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["idempotency-key"]
    assert (made.status_code, made.is_success, made.json()) == (
        201,
        True,
        {"id": "cus_1"},
    )
    assert made.headers["content-type"].startswith("application/json")


def test_a_path_of_the_proxy_goes_as_it_is(twin: Twin) -> None:
    """Services are called by their names."""
    with raw_server([MADE]) as server:
        twin.call(server.url, lambda c: c.get("/v1/proxy/services/crm/people?of=a b"))

    target = "/v1/proxy/services/crm/people?of=a%20b"
    assert [(each.method, each.target) for each in server.requests] == [("GET", target)]


def test_bytes_are_sent_as_they_are(twin: Twin) -> None:
    """With the media type that the caller gives."""
    with raw_server([MADE]) as server:
        twin.call(
            server.url,
            lambda c: c.put(
                "/files/1",
                content=b"a,b",
                options={"headers": {"Content-Type": "text/csv"}},
            ),
        )
    asked = server.requests[0]

    assert (asked.body, asked.headers["content-type"]) == (b"a,b", "text/csv")


def test_what_the_upstream_refuses_comes_back(twin: Twin) -> None:
    """A status of its own is an answer like any other."""
    refused = raw_answer(404, b"no such thing", content_type="text/plain")
    with raw_server([refused]) as server:
        found = twin.call(server.url, lambda c: c.delete("/things/1"))

    assert (found.status_code, found.text, found.is_success) == (
        404,
        "no such thing",
        False,
    )


def test_what_the_gateway_refuses_is_raised(twin: Twin) -> None:
    """It says so in a header."""
    own = answer(403, {"error": ERROR}, X_Headgate_Error="true")
    with raw_server([own]) as server, pytest.raises(APIError) as caught:
        twin.call(server.url, lambda c: c.patch("/things/1", json={}))

    assert caught.value.status_code == 403


def test_dots_do_not_lead_elsewhere(twin: Twin) -> None:
    """A path with a step up is refused before anything is sent."""
    with raw_server([MADE]) as server:
        for path in ("/../v1/admin/keys", "/v1/proxy/%2e%2e/admin", "a/./b"):
            with pytest.raises(ConfigurationError):
                twin.call(server.url, lambda c, path=path: c.get(path))

    assert server.requests == []
