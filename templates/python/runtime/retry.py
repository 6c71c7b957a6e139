# Fixed runtime of a generated SDK: the same source in every package.
"""Whether and when a failed attempt is made again: a pure decision.

Clock, random source and quota are arguments, so that data can state each outcome.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Literal, TypeAlias

from .errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    ConfigurationError,
    SDKError,
    StreamTruncatedError,
)

FailureKind: TypeAlias = Literal[
    "connect", "reset", "broken", "silent", "status", "other"
]
"""`reset` is before the first byte of an answer, `broken` after it; `silent` when
nothing came in time."""
StopReason: TypeAlias = Literal[
    "not_retryable",
    "not_repeatable",
    "attempts",
    "retry_after",
    "deadline",
    "quota",
    "final",
]

TRANSIENT = frozenset({408, 500, 502, 504})
THROTTLED = frozenset({429, 503})
IN_PROGRESS = "idempotency_in_progress"
"""The code of a 409 that says: the first request with this key is still at work."""
_CONFLICT = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How patiently a call is repeated, and how much of that a client may do.

    Delays are in seconds; `quota` and the costs are explained at `RetryQuota`.
    `jitter`, from 0 to 1, is how much of a delay of our own is left to chance:
    1 all of it (full jitter), 0.5 half (equal jitter), 0 none.
    """

    base_delay: float = 0.05
    throttled_base_delay: float = 1.0
    max_delay: float = 20.0
    jitter: float = 1.0
    max_retry_after: float = 60.0
    quota: int = 500
    transient_cost: int = 14
    throttled_cost: int = 5
    resume_attempts: int = 5

    def __post_init__(self) -> None:
        # As one claim that does not hold: NaN is neither below a bound nor above one.
        if not 0 <= self.jitter <= 1:
            raise ConfigurationError("jitter is a number from 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an attempt failed, with how long the server asks to wait, in seconds."""

    kind: FailureKind
    status: int | None = None
    code: str | None = None
    retry_after: float | None = None

    @property
    def throttled(self) -> bool:
        """Whether the server asked for less."""
        return self.status in THROTTLED

    @property
    def may_pass(self) -> bool:
        """Whether another attempt may fare better."""
        if self.status == _CONFLICT:
            return self.code == IN_PROGRESS
        if self.kind == "status":
            return self.status in TRANSIENT | THROTTLED
        return self.kind in {"connect", "reset"}

    @property
    def came_to_nothing(self) -> bool:
        """Whether the request cannot have been acted upon."""
        return self.kind == "connect" or self.throttled


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
    ever. `random`: from [0, 1), what chance says about the backoff.
    """
    throttled = failure.throttled
    delay = delay_after(
        failure, policy, attempt=attempt, random=random, throttled=throttled
    )
    cost = policy.throttled_cost if throttled else policy.transient_cost
    reason = _refusal(failure, policy, repeatable=repeatable)
    if reason is None and attempt >= max_attempts:
        reason = "attempts"
    if reason is None and asks_too_much(failure, policy):
        reason = "retry_after"
    if reason is None and remaining is not None and delay >= remaining:
        reason = "deadline"
    if reason is None and cost > quota:
        reason = "quota"
    return Retry(delay=delay, cost=cost) if reason is None else Stop(reason=reason)


def decide_resume(
    failure: Failure, policy: RetryPolicy, *, attempt: int, random: float
) -> Retry | Stop:
    """Decide whether a cut stream is taken up again by attempt number `attempt`.

    The number counts from 1 since the last new event. A server that cannot be
    reached counts as one that asked for less.
    """
    if failure.kind == "other":
        return Stop(reason="final")
    if failure.kind == "status" and failure.status not in TRANSIENT | THROTTLED:
        return Stop(reason="final")
    if attempt > policy.resume_attempts:
        return Stop(reason="attempts")
    if asks_too_much(failure, policy):
        return Stop(reason="retry_after")
    throttled = failure.throttled or failure.kind == "connect"
    delay = delay_after(
        failure, policy, attempt=attempt, random=random, throttled=throttled
    )
    return Retry(delay=delay, cost=0)


def _refusal(
    failure: Failure, policy: RetryPolicy, *, repeatable: bool
) -> StopReason | None:
    if not failure.may_pass:
        return "not_retryable"
    return None if repeatable or failure.came_to_nothing else "not_repeatable"


def asks_too_much(failure: Failure, policy: RetryPolicy) -> bool:
    """Say whether the server asks for a wait that only the caller can decide on."""
    return (failure.retry_after or 0) > policy.max_retry_after


def delay_after(
    failure: Failure,
    policy: RetryPolicy,
    *,
    attempt: int,
    random: float,
    throttled: bool,
) -> float:
    """Give the seconds between a failed attempt and the next."""
    if failure.retry_after is not None:
        return failure.retry_after
    base = policy.throttled_base_delay if throttled else policy.base_delay
    doublings = min(attempt - 1, 32)
    share = 1 - policy.jitter + policy.jitter * random
    return share * min(policy.max_delay, base * (1 << doublings))


_NUMBER = re.compile(r"[ \t]*([0-9]+(?:\.[0-9]+)?)[ \t]*")
_MONTHS: str = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_MONTH = f"(?P<month>{_MONTHS.replace(' ', '|')})"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_CLOCK = "(?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2})"
_FIFTY_YEARS = 50 * 365.25 * 86_400
"""Seconds ahead from which on a year of two digits is one of the century before."""
_DATES = tuple(
    re.compile(form)
    for form in (
        rf"{_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_CLOCK} GMT",
        rf"{_LONG_DAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_CLOCK} GMT",
        rf"{_DAY} {_MONTH} (?P<day>[ 0-9][0-9]) {_CLOCK} (?P<year>[0-9]{{4}})",
    )
)
"""The three forms of a date (RFC 9110, section 5.6.7)."""


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Read how many seconds the server asks to wait; `now` is a Unix time.

    `Retry-After-Ms` in milliseconds goes before `Retry-After`, which is in
    seconds or a date. What is neither is ignored.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    return seconds if seconds is not None else _until(text, now)


def _number(text: str | None) -> float | None:
    """Read a number; one too large to hold is infinite, which is too long to wait."""
    match = _NUMBER.fullmatch(text or "")
    return float(match[1]) if match else None


def _until(text: str | None, now: float) -> float | None:
    moment = _moment((text or "").strip(" \t"), now)
    return None if moment is None else max(moment.timestamp() - now, 0.0)


def _moment(text: str, now: float) -> datetime | None:
    for form in _DATES:
        match = form.fullmatch(text)
        if match:
            return _date(match, now)
    return None


def _date(match: re.Match[str], now: float) -> datetime | None:
    hour, minute, second = (int(part) for part in match["clock"].split(":"))
    month = _MONTHS.index(match["month"]) // 4 + 1
    year, is_short = int(match["year"]), len(match["year"]) == 2
    if is_short:
        present = datetime.fromtimestamp(now, UTC).year
        year += present - present % 100
    try:
        start = datetime(year, month, int(match["day"]), hour, minute, tzinfo=UTC)
        if is_short and start.timestamp() - now > _FIFTY_YEARS:
            start = start.replace(year=year - 100)
    except ValueError:
        return None
    return start + timedelta(seconds=second) if second <= 60 else None


def failure_of(error: SDKError) -> Failure:
    """Put an error of an attempt into the terms of the decision."""
    match error:
        case APIError():
            return Failure(
                kind="status",
                status=error.status_code,
                code=error.code,
                retry_after=error.retry_after,
            )
        case APITimeoutError(phase="connect"):
            return Failure(kind="connect")
        case APITimeoutError():
            return Failure(kind="other" if error.phase == "total" else "silent")
        case APIConnectionError():
            return Failure(kind="reset" if error.connected else "connect")
        case StreamTruncatedError():
            return Failure(kind="broken")
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
