"""An answer that is not there yet is raised, or waited for where the caller says so."""

from __future__ import annotations

from typing import Any

import pytest

from headgate_sdk import (
    APIError,
    ApprovalPendingError,
    ApprovalRejectedError,
    ApprovalTimeoutError,
    BadRequestError,
    ConfigurationError,
)
from tests.python.raw_server import RawServer, answer, frame, raw_server
from tests.python.samples import ASK, MESSAGE
from tests.python.twins import TWINS, Twin

BODY = {
    "object": "approval.pending",
    "approval_id": "appr_1",
    "request_id": "req_1",
    "status": "pending",
    "expires_at": "2026-01-01T00:00:00Z",
    "poll_url": "/v1/approvals/appr_1",
}
PENDING = [answer(202, BODY, x_request_id="req_1", x_headgate_approval="appr_1")]


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


def approval(status: str, **fields: Any) -> list[bytes]:
    """The answer of a poll."""
    return [answer(200, {"id": "appr_1", "status": status, "response": None, **fields})]


def stored(status: int, body: Any, **headers: str) -> list[bytes]:
    """The answer of a poll that has what the upstream answered."""
    kept = {"status_code": status, "headers": headers, "body": body}
    return approval("approved", response=kept)


def create(*, seconds: float | bool = True, **options: Any) -> Any:
    """A call that waits."""
    given = {"wait_for_approval": seconds, **options}
    return lambda client: client.messages.create(**ASK, options=given)


def targets(server: RawServer) -> list[str]:
    return [f"{each.method} {each.target}" for each in server.requests]


def test_a_pending_answer_is_raised(twin: Twin) -> None:
    """With its details, and after one attempt."""
    with raw_server(PENDING) as server, pytest.raises(ApprovalPendingError) as caught:
        twin.call(server.url, lambda c: c.messages.create(**ASK))

    error = caught.value
    assert (error.status_code, error.request_id) == (202, "req_1")
    assert (error.approval_id, error.poll_url) == ("appr_1", BODY["poll_url"])
    assert error.expires_at == BODY["expires_at"]
    assert len(server.requests) == 1


def test_so_is_one_of_a_stream(twin: Twin) -> None:
    """A stream that has to wait for a person has no events."""
    with raw_server(PENDING) as server:
        reading = twin.read(server.url, lambda c: c.messages.stream(**ASK))

    assert isinstance(reading.error, ApprovalPendingError)
    assert reading.events == []


def test_a_raw_call_knows_it_by_its_header(twin: Twin) -> None:
    """Another 202 is the upstream's own, and given back."""
    with raw_server(PENDING, [answer(202, {"id": "job_1"})]) as server:
        with pytest.raises(ApprovalPendingError) as caught:
            twin.call(server.url, lambda c: c.post("/jobs", json={}))
        given = twin.call(server.url, lambda c: c.post("/jobs", json={}))

    assert caught.value.approval_id == "appr_1"
    assert (given.status_code, given.json()) == (202, {"id": "job_1"})


def test_what_was_permitted_is_the_calls_answer(twin: Twin) -> None:
    """The server is asked to wait, then asked again until the answer is there."""
    scripts = [PENDING, approval("pending"), approval("approved"), stored(200, MESSAGE)]
    with raw_server(*scripts) as server:
        message = twin.call(server.url, create(), api_key="own")

    assert message.to_dict()["id"] == MESSAGE["id"]
    assert message.http_response.status_code == 200
    assert targets(server) == [
        "POST /v1/messages",
        *["GET /v1/approvals/appr_1?wait=60"] * 3,
    ]
    assert server.requests[0].headers["prefer"] == "wait=60"
    assert server.requests[1].headers["authorization"] == "Bearer own"


def test_an_answer_that_waited_by_itself_is_taken(twin: Twin) -> None:
    """A server that answers within the wait is not asked again."""
    with raw_server([answer(200, MESSAGE)]) as server:
        message = twin.call(server.url, create(seconds=7.5))

    assert message.to_dict()["id"] == MESSAGE["id"]
    assert server.requests[0].headers["prefer"] == "wait=8"


def test_a_stream_goes_on_with_what_was_kept(twin: Twin) -> None:
    """Its events are read from the text that the upstream sent."""
    text = frame({"type": "ping"}).decode()
    kept = stored(200, text, **{"Content-Type": "text/event-stream"})
    given = {"wait_for_approval": True}
    with raw_server(PENDING, kept) as server:
        reading = twin.read(
            server.url, lambda c: c.messages.stream(**ASK, options=given)
        )

    assert [event.type for event in reading.events] == ["ping"]


def test_a_raw_call_waits_too(twin: Twin) -> None:
    """What was kept comes back as it was sent, whatever its status."""
    kept = stored(404, "no such thing", **{"Content-Type": "text/plain"})
    given = {"wait_for_approval": 20}
    with raw_server(PENDING, kept) as server:
        found = twin.call(server.url, lambda c: c.get("/things/1", options=given))

    assert (found.status_code, found.text) == (404, "no such thing")
    assert found.headers["content-type"] == "text/plain"
    assert targets(server)[1] == "GET /v1/approvals/appr_1?wait=20"


def raised(twin: Twin, kind: type[APIError], *polls: list[bytes], **given: Any) -> Any:
    """The error of a call that waited."""
    with raw_server(PENDING, *polls) as server, pytest.raises(kind) as caught:
        twin.call(server.url, create(**given))
    assert targets(server).count("POST /v1/messages") == 1
    return caught.value


def test_what_was_refused_is_raised(twin: Twin) -> None:
    """The class and its fields are those that the API would have answered with."""
    error = raised(
        twin, ApprovalRejectedError, approval("rejected", reason="Too much.")
    )

    assert (error.status_code, error.code) == (403, "approval_rejected")
    assert error.details == {"approval_id": "appr_1", "reason": "Too much."}
    assert error.request_id == "req_1"


def test_an_error_that_was_kept_is_raised(twin: Twin) -> None:
    """As if it had come at once."""
    body = {"error": {"type": "invalid_request_error", "message": "No."}}
    error = raised(twin, BadRequestError, stored(400, body))

    assert (error.status_code, error.message) == (400, "No.")


def test_nobody_answered(twin: Twin) -> None:
    """What expired, and what the caller waited for in vain, is the same error."""
    expired = raised(twin, ApprovalTimeoutError, approval("expired"))
    late = raised(twin, ApprovalTimeoutError, approval("pending"), seconds=0.1)

    assert [expired.code, late.code] == ["approval_timeout"] * 2
    assert [expired.approval_id, late.approval_id] == ["appr_1"] * 2
    assert [expired.timeout, late.timeout] == [None, 0.1]


def test_a_decision_that_nobody_knows_is_pending(twin: Twin) -> None:
    """A status that came after this SDK says neither yes nor no."""
    raised(twin, ApprovalPendingError, approval("postponed"))


def test_a_wait_is_no_negative_number(twin: Twin) -> None:
    """Such a call is refused before anything is sent."""
    with pytest.raises(ConfigurationError, match="wait_for_approval"):
        twin.call("http://127.0.0.1:1", create(seconds=-1))


WHOLE = {
    "object": "approval",
    "kind": "request",
    "approved": False,
    **dict.fromkeys(("key_id", "policy_id", "policy_name", "reviewed_by")),
    **dict.fromkeys(("reason", "expires_at", "reviewed_at")),
    "request_id": "req_1",
    "project_id": "proj_1",
    "request_summary": {
        "operation": "proxy.upstream.post",
        "method": "POST",
        "path": "/v1/proxy/upstream/charges",
        "agent_name": None,
        "body_preview": "",
    },
    "created_at": "2026-01-01T00:00:00Z",
}


def waited(twin: Twin, *polls: list[bytes], **given: Any) -> Any:
    """What somebody is given who waits by himself, or the error."""
    with raw_server(*polls) as server:
        return twin.call(server.url, lambda c: c.wait_for_approval("appr_1", **given))


def test_who_waits_by_himself_is_given_what_was_decided(twin: Twin) -> None:
    """Also if it was against him."""
    polls = [approval("pending", **WHOLE)]
    polls.append(approval("rejected", **{**WHOLE, "reason": "Too much."}))

    found = waited(twin, *polls)

    assert (found.status, found.reason) == ("rejected", "Too much.")


def test_nobody_decided_for_who_waits_by_himself(twin: Twin) -> None:
    """That is the error of a call that waits, with the time that was waited."""
    with pytest.raises(ApprovalTimeoutError) as expired:
        waited(twin, approval("expired", **{**WHOLE, "reason": "Nobody was there."}))
    with pytest.raises(ApprovalTimeoutError) as late:
        waited(twin, approval("pending", **WHOLE), timeout=0.1)

    for error in (expired.value, late.value):
        assert (error.status_code, error.approval_id) == (408, "appr_1")
    assert expired.value.details["reason"] == "Nobody was there."
    assert (expired.value.timeout, late.value.timeout) == (None, 0.1)
