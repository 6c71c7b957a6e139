"""A second reading of the retry rules, to check the vectors against.

It follows the README's sentences one by one and shares nothing with the SDKs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

TRANSIENT = {408, 500, 502, 504}
THROTTLED = {429, 503}
UNCONNECTED = {"connect", "timeout_connect"}

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_SPACE = " \t"
_FIFTY_YEARS = 50 * 365.25 * 86_400
_DATES = (
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %d %H:%M:%S %Y",
)


@dataclass(frozen=True)
class Question:
    """What a decision depends on, as a vector names it."""

    failure: Json
    policy: Json
    attempt: int
    elapsed: float
    quota: int
    idempotency: str
    random: float
    now: float
    conflict_codes: tuple[str, ...]


def decide(question: Question) -> Json:
    """The decision, in the form of a vector's `expect`."""
    asked = retry_after(question.failure, question.now)
    reason = _refusal(question, asked)
    if reason is not None:
        said = {} if asked is None else {"retry_after_s": asked}
        return {
            "retry": False,
            "quota_after": question.quota,
            "reason": reason,
            **said,
        }
    return {
        "retry": True,
        "delay_s": _delay(question, asked),
        "quota_after": question.quota - _price(question),
        "reason": "backoff" if asked is None else "retry_after",
    }


def _refusal(question: Question, asked: float | None) -> str | None:
    policy = question.policy
    if not _is_retryable(question):
        return "not_retryable"
    if question.idempotency == "none" and not _came_to_nothing(question.failure):
        return "not_repeatable"
    if question.attempt >= policy["max_attempts"]:
        return "attempts"
    if asked is not None and asked > policy["retry_after_cap_s"]:
        return "retry_after"
    total = policy["total_s"]
    if total is not None and question.elapsed + _delay(question, asked) >= total:
        return "deadline"
    return "quota" if _price(question) > question.quota else None


def _is_retryable(question: Question) -> bool:
    failure = question.failure
    if failure["kind"] != "status":
        return failure["kind"] in UNCONNECTED | {"reset_before_first_byte"}
    if failure["status"] == 409:
        return failure.get("code") in question.conflict_codes
    return failure["status"] in TRANSIENT | THROTTLED


def _came_to_nothing(failure: Json) -> bool:
    return failure["kind"] in UNCONNECTED or is_throttled(failure)


def is_throttled(failure: Json) -> bool:
    """Whether the server asked for less."""
    return failure.get("status") in THROTTLED


def _price(question: Question) -> int:
    throttled = is_throttled(question.failure)
    price: int = question.policy["throttled_cost" if throttled else "transient_cost"]
    return price


def _delay(question: Question, asked: float | None) -> float:
    if asked is not None:
        return asked
    return backoff(
        question.policy,
        attempt=question.attempt,
        random=question.random,
        throttled=is_throttled(question.failure),
    )


def backoff(policy: Json, *, attempt: int, random: float, throttled: bool) -> float:
    """The delay of our own after that many attempts."""
    bound: float = policy["throttled_base_s" if throttled else "base_s"]
    cap: float = policy["cap_s"]
    for _ in range(1, attempt):
        if bound >= cap or bound == 0:
            break
        bound *= 2
    jitter: float = policy["jitter"]
    return min(bound, cap) * (1 - jitter) + min(bound, cap) * jitter * random


def retry_after(failure: Json, now: float) -> float | None:
    """How long the server asks to wait; None if nothing says so."""
    headers = {
        name.lower(): value for name, value in failure.get("headers", {}).items()
    }
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    for reading in (_number(text), _until(text, now)):
        if reading is not None:
            return reading
    in_body = failure.get("body_retry_after")
    return in_body if in_body is not None and in_body >= 0 else None


def _number(text: str | None) -> float | None:
    value = (text or "").strip(_SPACE)
    return float(value) if _NUMBER.fullmatch(value) else None


def _until(text: str | None, now: float) -> float | None:
    moment = f"{(text or '').strip(_SPACE)} +0000"
    for form in _DATES:
        try:
            date = datetime.strptime(moment, f"{form} %z")
        except ValueError:
            continue
        if "%y" in form:
            century = datetime.fromtimestamp(now, UTC).year // 100
            date = date.replace(year=century * 100 + date.year % 100)
            if date.timestamp() - now > _FIFTY_YEARS:
                date = date.replace(year=date.year - 100)
        return max(date.timestamp() - now, 0.0)
    return None
