"""Calls build the right request, retry as the rules say, and raise the right class."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

import headgate_sdk
from headgate_sdk import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    Headgate,
    HeadgateError,
    ResponseDecodeError,
)
from tests.python.raw_server import RESET, STALL, answer, raw_answer, raw_server
from tests.python.samples import ASK, ERROR, MESSAGE
from tests.python.twins import KEY, TWINS, Twin

MODEL = {
    "id": "mock/echo",
    "object": "model",
    "created": 1,
    "owned_by": "mock",
    "provider": "mock",
    "name": "echo",
    "capabilities": {},
}


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


def create(client):
    return client.messages.create(**ASK)


def failure(twin: Twin, url: str, make=create, **settings) -> HeadgateError:
    """The error that a call raises."""
    with pytest.raises(HeadgateError) as caught:
        twin.call(url, make, **settings)
    return caught.value


def refusal(status: int, **changes) -> bytes:
    return answer(status, {"error": {**ERROR, "retry_after": None, **changes}})


# Requests.


def test_a_request_carries_what_it_should(twin: Twin) -> None:
    """Method, path, credential, keys of providers, product headers and body."""
    with raw_server([answer(200, MESSAGE)]) as server:
        twin.call(server.url, create, provider_keys={"OpenAI": "sk-1", "new": "k"})

    request = server.requests[0]
    headers = request.headers
    assert (request.method, request.target) == ("POST", "/v1/messages")
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["x-provider-key-openai"] == "sk-1"
    assert headers["x-provider-key-new"] == "k"
    assert headers["user-agent"] == "headgate-sdk/0.1.0"
    assert headers["x-headgate-sdk"] == "python/0.1.0"
    assert headers["x-headgate-attempt"] == "1"
    assert len(headers["idempotency-key"]) == 32
    assert headers["content-type"] == "application/json"
    assert request.json == ASK


@pytest.mark.parametrize("blank", [" ", "\t", " \t "])
def test_blanks_around_a_header_are_none_of_it(twin: Twin, blank: str):
    """What sends a request would refuse them, in words that show the key."""
    with raw_server([answer(200, MESSAGE)]) as server:
        twin.call(
            server.url,
            create,
            api_key=f"key{blank}",
            default_headers={"X-Team": f"{blank}red{blank}"},
        )
    headers = server.requests[0].headers

    assert (headers["authorization"], headers["x-team"]) == ("Bearer key", "red")


def test_admin_calls_use_the_admin_key(twin: Twin) -> None:
    """The credential follows the operation's security."""
    page = {
        "object": "list",
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }
    with raw_server([answer(200, page)]) as server:

        def listed(client):
            return client.admin.keys.list(project_id="proj_1")

        if twin.is_async:

            async def first(client):
                return await listed(client)

            twin.call(server.url, first, admin_key="hg-admin")
        else:
            twin.call(server.url, listed, admin_key="hg-admin")

    request = server.requests[0]
    assert request.target == "/v1/admin/keys?project_id=proj_1"
    assert request.headers["x-admin-key"] == "hg-admin"
    assert "authorization" not in request.headers


def test_path_values_are_encoded(twin: Twin) -> None:
    """A slash in a path parameter does not become a path."""
    with raw_server([answer(200, MODEL)]) as server:
        twin.call(server.url, lambda client: client.models.get("mock/echo ä?"))

    assert server.requests[0].target == "/v1/models/mock%2Fecho%20%C3%A4%3F"


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_path_values_cannot_change_the_path(value: str) -> None:
    """A value that would lead to another route is refused before it is sent."""
    client = Headgate(base_url="http://127.0.0.1:9")

    with pytest.raises(ValueError, match="would change the path"):
        client.models.get(value)


def test_options_of_one_call(twin: Twin) -> None:
    """Headers, query, body, key and provider keys can be set for a single call."""
    options = {
        "headers": {"X-Trace": "t", "User-Agent": None},
        "query": {"dry": True},
        "extra_body": {"temperature": 0.5},
        "idempotency_key": "mine",
        "provider_keys": {"openai": "sk-2"},
    }
    with raw_server([answer(200, MESSAGE)]) as server:
        twin.call(
            server.url,
            lambda client: client.messages.create(**ASK, options=options),
            provider_keys={"openai": "sk-1"},
        )

    request = server.requests[0]
    assert request.target == "/v1/messages?dry=true"
    assert request.headers["x-trace"] == "t"
    assert "headgate" not in request.headers.get("user-agent", "")
    assert request.headers["idempotency-key"] == "mine"
    assert request.headers["x-provider-key-openai"] == "sk-2"
    assert request.json["temperature"] == 0.5


def test_settings_come_from_the_environment(
    twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each setting has a variable; an argument goes before it."""
    with raw_server([answer(200, MESSAGE)], [answer(200, MESSAGE)]) as server:
        monkeypatch.setenv("HEADGATE_BASE_URL", server.url + "/")
        monkeypatch.setenv("HEADGATE_API_KEY", "from-environment")
        monkeypatch.setenv("HEADGATE_PROVIDER_KEY_OPENAI", "sk-env")
        monkeypatch.setenv("HEADGATE_PROVIDER_KEY_GROQ", "gq-env")
        monkeypatch.setenv("HEADGATE_AGENT_NAME", "mail")
        monkeypatch.setenv("HEADGATE_MAX_ATTEMPTS", "1")
        twin.call(None, create, api_key=None, provider_keys={"openai": "sk-1"})

    headers = server.requests[0].headers
    assert headers["authorization"] == "Bearer from-environment"
    assert headers["x-provider-key-openai"] == "sk-1"
    assert headers["x-provider-key-groq"] == "gq-env"
    assert headers["x-agent-name"] == "mail"


@pytest.mark.parametrize(
    ("name", "value"),
    [("TIMEOUT_IDLE", "soon"), ("MAX_ATTEMPTS", "0"), ("MAX_ATTEMPTS", "many")],
)
def test_a_senseless_variable_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """A variable that says nothing usable is named when the client is made."""
    monkeypatch.setenv(f"HEADGATE_{name}", value)

    with pytest.raises(ValueError, match=f"HEADGATE_{name}"):
        Headgate()


def test_received_values_can_be_sent_back(twin: Twin) -> None:
    """A received model goes out as it came in, unknown fields and all."""
    content = [{"type": "text", "text": "Hello", "new_field": 1}]
    scripts = [[answer(200, {**MESSAGE, "content": content})], [answer(200, MESSAGE)]]
    with raw_server(*scripts) as server:
        message = twin.call(server.url, create)
        history = [*ASK["messages"], {"role": "assistant", "content": message.content}]
        twin.call(
            server.url,
            lambda client: client.messages.create(model="m", messages=history),
        )

    assert server.requests[1].json["messages"][1]["content"] == content


def test_dates_are_sent_as_text(twin: Twin) -> None:
    """A moment may be given as a datetime."""
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    page = {
        "object": "list",
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }
    with raw_server([answer(200, page)]) as server:

        def listed(client):
            return client.runs.list(created_after=moment, limit=5)

        async def first(client):
            return await listed(client)

        twin.call(server.url, first if twin.is_async else listed)

    target = server.requests[0].target
    assert target == "/v1/runs?limit=5&created_after=2026-11-21T00%3A00%3A00%2B00%3A00"


# Answers.


def test_an_answer_shows_its_http_side(twin: Twin) -> None:
    """Status, headers and request id are at hand, and no part of the value."""
    with raw_server([answer(200, MESSAGE, x_request_id="req_7")]) as server:
        message = twin.call(server.url, create)

    assert message.http_response.status_code == 200
    assert message.http_response.request_id == "req_7"
    assert message.http_response.headers["content-type"] == "application/json"
    assert message.to_dict() == MESSAGE
    assert "http" not in repr(message)


def test_unknown_fields_are_kept(twin: Twin) -> None:
    """What a newer server adds is there, untyped."""
    body = {**MESSAGE, "mood": {"level": 3}, "stop_reason": "meteor"}
    with raw_server([answer(200, body)]) as server:
        message = twin.call(server.url, create)

    assert message.mood == {"level": 3}
    assert message.stop_reason == "meteor"


@pytest.mark.parametrize(
    "content", [b"<html></html>", b"", b'{"id": 1}', json.dumps(MESSAGE)[:-1].encode()]
)
def test_a_wrong_body_raises(twin: Twin, content: bytes) -> None:
    """A success whose body is not what was promised is an error with its text."""
    with raw_server([raw_answer(200, content, x_request_id="req_7")]) as server:
        error = failure(twin, server.url)

    assert isinstance(error, ResponseDecodeError)
    assert error.raw == content.decode()
    assert error.request_id == "req_7"


def test_a_wrong_body_is_not_shown(twin: Twin) -> None:
    """The error's text says what is wrong, not what stood there: it may be secret."""
    with raw_server([raw_answer(200, b'{"password": "hunter22"}')]) as server:
        error = failure(twin, server.url)

    assert isinstance(error, ResponseDecodeError)
    assert error.raw == '{"password": "hunter22"}'
    assert "hunter22" not in f"{error} {error!r} {error.message}"


# Errors.


OWN_KEY: Any = {"options": {"headers": {"X-Admin-Key": "adm-of-one-call"}}}


@pytest.mark.parametrize(
    ("secret", "given"),
    [
        (KEY, {}),
        ("sk-of-the-provider", {"provider_keys": {"OpenAI": "sk-of-the-provider"}}),
        ("adm-of-one-call", OWN_KEY),
    ],
)
def test_a_secret_that_the_server_repeats_is_not_shown(
    twin: Twin, secret: str, given: dict[str, Any]
) -> None:
    """An error's message has no secret of the client or the call; its body has it."""
    options = given.get("options", {})
    settings = {name: given[name] for name in given if name != "options"}
    body = refusal(401, type="?", code="?", message=f"Key {secret} is not known.")
    with raw_server([body]) as server:
        error = failure(
            twin,
            server.url,
            lambda client: client.messages.create(**ASK, options=options),
            **settings,
        )

    assert isinstance(error, APIError)
    assert error.message == "Key [redacted] is not known."
    assert secret not in f"{error} {error!r}"
    assert secret in json.dumps(error.body)


def test_a_scope_has_secrets_of_its_own(twin: Twin) -> None:
    """What a scope's credential is stays out of the errors of its calls."""
    body = refusal(401, type="?", code="?", message="No scoped-secret here.")

    def scoped(client: Any) -> Any:
        return create(client.with_upstream_key("scoped-secret"))

    with raw_server([body]) as server:
        error = failure(twin, server.url, scoped)

    assert isinstance(error, APIError)
    assert error.message == "No [redacted] here."


@pytest.mark.parametrize(
    ("status", "type_", "code", "name"),
    [
        (400, "invalid_request_error", "validation_failed", "BadRequestError"),
        (401, "authentication_error", "key_missing", "AuthenticationError"),
        (402, "billing_error", "quota_exceeded", "QuotaExceededError"),
        (402, "billing_error", "other", "BillingError"),
        (418, "permission_error", "policy_denied", "PolicyDeniedError"),
        (418, "permission_error", "other", "PermissionDeniedError"),
        (404, "?", "?", "NotFoundError"),
        (409, "?", "?", "ConflictError"),
        (418, "?", "?", "APIError"),
    ],
)
def test_errors_are_picked_by_code_then_type_then_status(
    twin: Twin, status: int, type_: str, code: str, name: str
) -> None:
    """The most telling selector decides."""
    body = refusal(status, type=type_, code=code, retryable=False)
    with raw_server([body]) as server:
        error = failure(twin, server.url)

    assert isinstance(error, APIError)
    assert type(error) is getattr(headgate_sdk, name)


def test_an_error_tells_all(twin: Twin) -> None:
    """Everything that the body and the headers say is on the error."""
    with raw_server([answer(429, {"error": ERROR})]) as server:
        error = failure(twin, server.url, max_attempts=1)

    assert isinstance(error, headgate_sdk.ConcurrentLimitError)
    assert error.status_code == 429
    assert error.type == "rate_limit_error"
    assert error.code == "concurrent_limit_exceeded"
    assert error.message == "Too many at once."
    assert error.request_id == "req_error"
    assert error.retryable is True
    assert error.retry_after == 2
    assert (error.current, error.max, error.hint) == (5, 4, "Wait.")
    assert error.body == {"error": ERROR}


@pytest.mark.parametrize("content", [b"<h1>Bad gateway</h1>", b"", b"[]", b'"no"'])
def test_an_error_of_a_proxy_is_an_api_error(twin: Twin, content: bytes) -> None:
    """A body that is not ours still gives the class of its status."""
    with raw_server([raw_answer(502, content)]) as server:
        error = failure(twin, server.url, max_attempts=1)

    assert isinstance(error, headgate_sdk.ProviderError)
    assert error.status_code == 502


def test_a_redirect_is_not_followed(twin: Twin) -> None:
    """A credential does not travel to where an answer points."""
    moved = raw_answer(307, b"", location="http://127.0.0.1:9/")
    with raw_server([moved]) as server:
        error = failure(twin, server.url)

    assert isinstance(error, APIError)
    assert error.status_code == 307


# Retries.


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_failures_that_may_pass_are_retried(twin: Twin, status: int) -> None:
    """The call is made again with the same key and the number of the attempt."""
    with raw_server([refusal(status)], [refusal(status)], [answer(200, MESSAGE)]) as s:
        twin.call(s.url, create)

    keys = {request.headers["idempotency-key"] for request in s.requests}
    attempts = [request.headers["x-headgate-attempt"] for request in s.requests]
    assert attempts == ["1", "2", "3"]
    assert len(keys) == 1


def test_attempts_end(twin: Twin) -> None:
    """The third failure is raised."""
    failed = refusal(500, type="api_error", code="internal_error")
    with raw_server(*[[failed] for _ in range(5)]) as server:
        error = failure(twin, server.url)

    assert isinstance(error, headgate_sdk.InternalServerError)
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_failures_that_stay_are_not_retried(twin: Twin, status: int) -> None:
    """What would fail again is raised at once."""
    with raw_server([refusal(status)], [answer(200, MESSAGE)]) as server:
        failure(twin, server.url)

    assert len(server.requests) == 1


def test_a_request_still_at_work_is_asked_again(twin: Twin) -> None:
    """409 passes when it says that the first request with the key is under way."""
    conflict = refusal(409, type="conflict_error", code="idempotency_in_progress")
    with raw_server([conflict], [answer(200, MESSAGE)]) as server:
        twin.call(server.url, create)

    assert len(server.requests) == 2


def test_a_reset_before_the_answer_is_retried(twin: Twin) -> None:
    """A connection that breaks before the first byte is made again."""
    with raw_server([RESET], [answer(200, MESSAGE)]) as server:
        twin.call(server.url, create)

    assert len(server.requests) == 2


def test_a_call_that_must_not_repeat_is_not_repeated(twin: Twin) -> None:
    """An update without a key may have happened, so a reset is raised."""
    with raw_server([RESET], [answer(200, {})]) as server:
        error = failure(
            twin, server.url, lambda client: client.admin.keys.rotate("key_1")
        )

    assert isinstance(error, APIConnectionError)
    assert len(server.requests) == 1


def test_a_long_retry_after_is_raised(twin: Twin) -> None:
    """A wait of more than a minute is the caller's to decide."""
    body = {"error": {**ERROR, "retry_after": None}}
    with raw_server([answer(429, body, retry_after="61")]) as server:
        error = failure(twin, server.url)

    assert isinstance(error, APIError)
    assert error.retry_after == 61
    assert len(server.requests) == 1


def test_no_server_is_a_connection_error(twin: Twin) -> None:
    """A refused connection is retried, then raised as ours."""
    with raw_server() as server:
        pass
    error = failure(twin, server.url)

    assert isinstance(error, APIConnectionError)
    assert error.connected is False


def test_a_cut_body_is_a_connection_error(twin: Twin) -> None:
    """An answer shorter than it says is raised as ours, with its request id."""
    whole = answer(200, MESSAGE, x_request_id="req_7")
    with raw_server([whole[:-5]]) as server:
        error = failure(twin, server.url)

    assert isinstance(error, APIConnectionError)
    assert error.request_id == "req_7"


# Timeouts.


@pytest.mark.parametrize(
    ("phase", "script"),
    [
        ("first_byte", [STALL]),
        ("idle", [answer(200, MESSAGE)[:-9], STALL]),
        ("total", [answer(200, MESSAGE)[:-9], STALL]),
    ],
)
def test_each_timeout_has_its_name(twin: Twin, phase: str, script) -> None:
    """The timeout that ran out is named by the error."""
    with raw_server(script) as server:
        error = failure(twin, server.url, timeouts={phase: 0.2})

    assert isinstance(error, APITimeoutError)
    assert error.phase == phase
