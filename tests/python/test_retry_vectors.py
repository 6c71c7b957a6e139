"""The SDK decides about retries as the shared vectors state."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from headgate_sdk._errors import ERRORS
from headgate_sdk._product import PRODUCT
from headgate_sdk._runtime import calls
from headgate_sdk._runtime.calls import Caller
from headgate_sdk._runtime.deadlines import Waits
from headgate_sdk._runtime.errors import (
    APIConnectionError,
    APIError,
    ConfigurationError,
)
from headgate_sdk._runtime.interceptors import CallLog, Interceptors
from headgate_sdk._runtime.network import Reply
from headgate_sdk._runtime.redaction import Redactor
from headgate_sdk._runtime.requests import Request
from headgate_sdk._runtime.retry import (
    Failure,
    Retry,
    RetryPolicy,
    Stop,
    decide,
    failure_of,
    retry_after,
)
from headgate_sdk._runtime.settings import Timeouts
from tests.python.shared_vectors import Case, check_keys, read_cases

KINDS: dict[str, Any] = {
    "connect": "connect",
    "timeout_connect": "connect",
    "reset_before_first_byte": "reset",
    "reset_after_first_byte": "broken",
    "timeout_first_byte": "other",
    "timeout_idle": "other",
    "timeout_total": "other",
    "cancelled": "other",
    "decode": "other",
}
DECISIONS = [case for case in read_cases("retry") if case.file != "calls"]
CALLS = [case for case in read_cases("retry") if case.file == "calls"]


def policy_of(values: Mapping[str, Any]) -> RetryPolicy:
    check_keys(
        dict(values),
        *["max_attempts", "base_s", "throttled_base_s", "cap_s", "retry_after_cap_s"],
        *["total_s", "quota", "transient_cost", "throttled_cost", "jitter"],
    )
    return RetryPolicy(
        base_delay=values["base_s"],
        throttled_base_delay=values["throttled_base_s"],
        max_delay=values["cap_s"],
        jitter=values["jitter"],
        max_retry_after=values["retry_after_cap_s"],
        quota=values["quota"],
        transient_cost=values["transient_cost"],
        throttled_cost=values["throttled_cost"],
    )


def failure_from(given: dict[str, Any], now: float) -> Failure:
    """The failure that a vector describes, an answer's read as the SDK reads it."""
    known = ["kind", "status", "headers", "code", "retryable", "body_retry_after"]
    check_keys(given, *known)
    if given["kind"] != "status":
        return Failure(kind=KINDS[given["kind"]])
    fields = {"code": "code", "retryable": "retryable"}
    fields["body_retry_after"] = "retry_after"
    body = {fields[key]: value for key, value in given.items() if key in fields}
    headers = httpx2.Headers(given["headers"])
    error = ERRORS.refused(
        status=given["status"],
        headers=headers,
        content=httpx2.Response(200, json={"error": body}).content,
        request_id=None,
        retry_after=retry_after(headers, now),
    )
    return failure_of(error)


@pytest.mark.parametrize("case", DECISIONS, ids=lambda case: case.label)
def test_decision(case: Case) -> None:
    """Retry or not, after how long, for what price, for which reason."""
    vector, expect = case.vector, case.vector["expect"]
    known = ["name", "note", "attempt", "elapsed_s", "policy", "quota", "failure"]
    check_keys(vector, *known, "idempotency", "random", "now", "expect")
    expected_keys = ["retry", "delay_s", "reason", "quota_after", "retry_after_s"]
    check_keys(expect, *expected_keys)
    values = {**case.shared["policy"], **vector.get("policy", {})}
    total = values["total_s"]
    failure = failure_from(vector["failure"], vector["now"])
    decision = decide(
        failure,
        policy_of(values),
        attempt=vector["attempt"],
        max_attempts=values["max_attempts"],
        repeatable=vector["idempotency"] != "none",
        quota=vector["quota"],
        remaining=None if total is None else total - vector["elapsed_s"],
        random=vector["random"],
    )

    assert expect["retry"] == isinstance(decision, Retry)
    if isinstance(decision, Retry):
        assert expect["delay_s"] == pytest.approx(decision.delay, abs=1e-6)
        assert expect["quota_after"] == vector["quota"] - decision.cost
        waits = "backoff" if failure.retry_after is None else "retry_after"
        assert expect["reason"] == waits
    if isinstance(decision, Stop):
        assert expect["reason"] == decision.reason
        assert expect["quota_after"] == vector["quota"]
    if "retry_after_s" in expect:
        assert expect["retry_after_s"] == pytest.approx(failure.retry_after, abs=1e-6)


def test_defaults_are_the_rule() -> None:
    """A client that is told nothing keeps to the numbers of the vectors."""
    policies = [case.shared["policy"] for case in [*DECISIONS, *CALLS]]

    assert all(policy_of(policy) == RetryPolicy() for policy in policies)
    assert {policy["max_attempts"] for policy in policies} == {3}
    assert {policy["total_s"] for policy in policies} == {Timeouts().total}


@pytest.mark.parametrize("jitter", [-0.1, 1.1, float("nan")])
def test_what_is_no_share_is_no_jitter(jitter: float) -> None:
    """A policy that leaves more than all or less than nothing to chance is refused."""
    with pytest.raises(ConfigurationError, match="jitter"):
        RetryPolicy(jitter=jitter)


class ScriptedNetwork:
    """Answers as a vector says, and keeps what it was asked and how it waited."""

    def __init__(self, outcomes: list[str]) -> None:
        self.outcomes = outcomes
        self.attempts: list[dict[str, Any]] = []
        self.waited = 0.0

    async def send(
        self, request: Request, headers: Mapping[str, str], waits: Waits
    ) -> Reply:
        """Give the next outcome."""
        self.attempts.append(
            {"wait_s": round(self.waited, 6), "attempt": headers["X-Headgate-Attempt"]}
        )
        self.waited = 0.0
        outcome = self.outcomes.pop(0)
        if outcome == "connect":
            raise APIConnectionError("refused", connected=False)
        return ScriptedReply(int(outcome))

    async def sleep(self, seconds: float, cancel: Any = None) -> None:
        """Wait in no time."""
        self.waited += seconds

    async def close(self) -> None:
        """Have nothing to close."""


class ScriptedReply:
    """An answer without a body."""

    def __init__(self, status: int) -> None:
        self.status_code = status
        self.headers = httpx2.Headers()

    async def chunk(self) -> bytes:
        """End the body."""
        return b""

    async def close(self) -> None:
        """Have nothing to close."""


@pytest.mark.parametrize("case", CALLS, ids=lambda case: case.label)
def test_calls_of_one_client(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls one after another: attempts, waits and what is left of the quota."""
    vector = case.vector
    known = ["name", "note", "random", "calls", "attempts", "total_retries", "policy"]
    check_keys(vector, *known)
    values = {**case.shared["policy"], **vector.get("policy", {})}

    class Fixed:
        def random(self) -> float:
            return float(vector["random"])

    monkeypatch.setattr(calls, "_JITTER", Fixed())
    network = ScriptedNetwork([])
    watchers = Interceptors(CallLog(Redactor()), ())
    caller = Caller(network, PRODUCT, policy_of(values), watchers)
    request = Request(
        method="POST",
        url="http://gateway.test/v1/runs",
        headers={},
        content=None,
        timeouts=Timeouts(total=values["total_s"]),
        max_attempts=values["max_attempts"],
        repeatable=True,
        attempt_header=PRODUCT.attempt_header,
    )
    retries = 0
    for call in vector["calls"]:
        check_keys(call, "times", "outcomes", "retries", "ends", "quota_after")
        for _ in range(call.get("times", 1)):
            network.outcomes = list(call["outcomes"])
            made = len(network.attempts)
            ended = asyncio.run(_ended(caller, request))
            assert call["ends"] == ended
            assert call["retries"] == len(network.attempts) - made - 1
            assert network.outcomes == []
            retries += call["retries"]
        assert call["quota_after"] == caller.quota.left
    if "attempts" in vector:
        assert vector["attempts"] == network.attempts
    if "total_retries" in vector:
        assert vector["total_retries"] == retries


async def _ended(caller: Caller, request: Request) -> str:
    try:
        await caller.fetch(request, None)
    except APIError as error:
        return str(error.status_code)
    except APIConnectionError:
        return "connect"
    return "200"
