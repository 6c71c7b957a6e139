# Fixed runtime of a generated SDK: the same source in every package.
"""Whether and when a failed attempt is made again: a pure decision.

Clock, random source and quota are arguments, so that data can state each outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Literal, TypeAlias

from .errors import APIConnectionError, APIError, APITimeoutError, SDKError

FailureKind: TypeAlias = Literal["connect", "reset", "timeout", "status", "other"]
StopReason: TypeAlias = Literal[
    "attempts", "not_retryable", "retry_after", "quota", "deadline"
]

TRANSIENT = frozenset({408, 500, 502, 504})
THROTTLED = frozenset({429, 503})
_CONFLICT = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How patiently a call is repeated, and how much of that a client may do.

    Delays are in seconds; `quota` and the costs are explained at `RetryQuota`.
    """

    base_delay: float = 0.05
    throttled_base_delay: float = 1.0
    max_delay: float = 20.0
    max_retry_after: float = 60.0
    quota: int = 500
    transient_cost: int = 14
    throttled_cost: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an attempt failed. `retryable` is what the error body says, if it does."""

    kind: FailureKind
    status: int | None = None
    retryable: bool | None = None
    retry_after: float | None = None

    @property
    def throttled(self) -> bool:
        """Whether the server asked for less."""
        return self.status in THROTTLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Make the next attempt after `delay` seconds; it costs this much quota."""

    delay: float
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Raise the failure."""

    reason: StopReason


def decide(
    failure: Failure,
    policy: RetryPolicy,
    *,
    attempt: int,
    max_attempts: int,
    repeatable: bool,
    quota: int,
    remaining: float | None,
    random: float,
) -> Retry | Stop:
    """Decide after attempt number `attempt` (from 1) has failed.

    `repeatable`: doing the call twice does no harm. `quota`: what is left of the
    client's retry quota. `remaining`: seconds until the total timeout, None for
    ever. `random`: from [0, 1), the share of the backoff that is waited (full
    jitter).
    """
    if not _may_retry(failure, repeatable=repeatable):
        return Stop(reason="not_retryable")
    if attempt >= max_attempts:
        return Stop(reason="attempts")
    if failure.retry_after is not None and failure.retry_after > policy.max_retry_after:
        return Stop(reason="retry_after")
    delay = _delay(failure, policy, attempt=attempt, random=random)
    if remaining is not None and delay >= remaining:
        return Stop(reason="deadline")
    cost = policy.throttled_cost if failure.throttled else policy.transient_cost
    return Retry(delay=delay, cost=cost) if cost <= quota else Stop(reason="quota")


def _may_retry(failure: Failure, *, repeatable: bool) -> bool:
    """A call that must not happen twice is repeated only if it has not happened."""
    if failure.kind == "status":
        if failure.status == _CONFLICT:
            return repeatable and failure.retryable is True
        return failure.throttled or (repeatable and failure.status in TRANSIENT)
    return failure.kind == "connect" or (failure.kind == "reset" and repeatable)


def _delay(
    failure: Failure, policy: RetryPolicy, *, attempt: int, random: float
) -> float:
    if failure.retry_after is not None:
        return failure.retry_after
    return backoff(policy, attempt=attempt, random=random, throttled=failure.throttled)


def backoff(
    policy: RetryPolicy, *, attempt: int, random: float, throttled: bool = False
) -> float:
    """Give the seconds to wait after the attempt of that number."""
    base = policy.throttled_base_delay if throttled else policy.base_delay
    doublings = min(attempt - 1, 32)
    return random * min(policy.max_delay, base * (1 << doublings))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Read how many seconds the server asks to wait; `now` is a Unix time.

    `Retry-After-Ms` in milliseconds goes before `Retry-After`, which is in
    seconds or a date (RFC 9110, section 10.2.3). What is neither is ignored.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    return seconds if seconds is not None else _until(text, now)


def _number(text: str | None) -> float | None:
    digits = (text or "").strip()
    if not digits.isascii() or not digits.replace(".", "", 1).isdigit():
        return None
    return float(digits)


def _until(text: str | None, now: float) -> float | None:
    try:
        date = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(date.timestamp() - now, 0.0)


def failure_of(error: SDKError) -> Failure:
    """Put an error of an attempt into the terms of the decision."""
    match error:
        case APIError():
            return Failure(
                kind="status",
                status=error.status_code,
                retryable=error.retryable,
                retry_after=error.retry_after,
            )
        case APITimeoutError(phase="connect"):
            return Failure(kind="connect")
        case APITimeoutError():
            return Failure(kind="timeout")
        case APIConnectionError():
            return Failure(kind="reset" if error.connected else "connect")
        case _:
            return Failure(kind="other")


class RetryQuota:
    """A client's stock of retries, so that an outage is not made worse by them.

    A retry takes its cost out; a call that succeeds gives back what it took, and
    one that needed no retry gives back one.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._left = capacity
        self._lock = Lock()

    @property
    def left(self) -> int:
        """What may still be spent."""
        return self._left

    def spend(self, cost: int) -> None:
        """Take the cost of a retry out."""
        with self._lock:
            self._left = max(self._left - cost, 0)

    def give_back(self, spent: int) -> None:
        """Note that a call succeeded after spending that much."""
        with self._lock:
            self._left = min(self._left + max(spent, 1), self._capacity)
