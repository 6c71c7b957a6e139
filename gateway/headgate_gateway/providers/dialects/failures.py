"""What providers say has failed, in the gateway's own words."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JSONDecodeError, JsonObject, loads

_BY_STATUS = {
    400: "validation_failed",
    401: "provider_key_rejected",
    402: "quota_exceeded",
    403: "provider_key_rejected",
    404: "model_not_found",
    408: "upstream_timeout",
    413: "payload_too_large",
    422: "validation_failed",
    429: "rate_limit_exceeded",
    503: "overloaded",
    504: "upstream_timeout",
    529: "overloaded",
}
_BY_WORD = {
    "insufficient_quota": "quota_exceeded",
    "billing": "quota_exceeded",
    "rate_limit": "rate_limit_exceeded",
    "resource_exhausted": "rate_limit_exceeded",
    "overloaded": "overloaded",
    "unavailable": "overloaded",
    "authentication": "provider_key_rejected",
    "permission": "provider_key_rejected",
    "timeout": "upstream_timeout",
    "deadline_exceeded": "upstream_timeout",
    "context_length": "context_length_exceeded",
    "invalid_request": "validation_failed",
    "invalid_argument": "validation_failed",
    "invalid_prompt": "validation_failed",
    "invalid_image": "validation_failed",
}
"""What parts of a failure's type or code mean, the first that is there."""
_TOO_LONG = frozenset({400, 413, 422})
_CONTEXT = re.compile(
    r"context[ _]length|context window|too many tokens|prompt is too long"
    r"|token count[^.]{0,40} exceeds",
    re.IGNORECASE,
)
_UNPAID = re.compile(r"quota|billing", re.IGNORECASE)
"""What a limit is that no wait helps with."""
_NO_CREDIT = re.compile(r"credit balance", re.IGNORECASE)
"""How a request is refused that would be good if it were paid for."""
_DURATION = re.compile(
    r"(?P<alone>[0-9]{1,12}(?:\.[0-9]{1,9})?)"
    r"|(?:(?P<h>[0-9]{1,4})h)?(?:(?P<m>[0-9]{1,4})m)?"
    r"(?:(?P<s>[0-9]{1,6}(?:\.[0-9]{1,9})?)s)?(?:(?P<ms>[0-9]{1,6})ms)?"
)
_EPOCHAL = 1_000_000_000.0
"""A number of seconds so large is a Unix time."""
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Refusals:
    """How a provider refuses: what its statuses mean, and where it tells its limits."""

    codes: Mapping[int, str] = field(default_factory=dict[int, str])
    limits: Mapping[str, str] = field(default_factory=dict[str, str])
    """The names of its headers for ``limit``, ``remaining`` and ``reset``."""

    def failure(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> GatewayError:
        """The failure that an answer with this status stands for."""
        said = _message(body)
        text = (
            f"The provider answered {status}: {said}"
            if said
            else f"The provider answered {status}."
        )
        return GatewayError(
            self._code(status, said),
            text,
            retry_after=self._retry_after(status, headers),
            details={"upstream_status": status, **self._limit(headers)},
        )

    def _code(self, status: int, said: str) -> str:
        if status in self.codes:
            return self.codes[status]
        if status in _TOO_LONG and _CONTEXT.search(said):
            return "context_length_exceeded"
        if status == 429 and _UNPAID.search(said):
            return "quota_exceeded"
        if status == 400 and _NO_CREDIT.search(said):
            return "quota_exceeded"
        return _BY_STATUS.get(status, "upstream_failed")

    def _retry_after(self, status: int, headers: Mapping[str, str]) -> float | None:
        told = seconds_until(headers.get("Retry-After"))
        if told is None and self._code(status, "") == "rate_limit_exceeded":
            return seconds_until(headers.get(self.limits.get("reset", "")))
        return told

    def _limit(self, headers: Mapping[str, str]) -> JsonObject:
        limit = headers.get(self.limits.get("limit", ""), "")
        return {"limit": int(limit)} if limit.isdecimal() and len(limit) < 16 else {}


PLAIN = Refusals()
"""A provider without peculiarities."""


def seconds_until(text: str | None) -> float | None:
    """Seconds from now, told as such, as a Unix time or as ``6m0.5s``."""
    if text is None:
        return None
    parts = _DURATION.fullmatch(text.strip())
    if parts is None or not parts.group(0):
        return None
    if parts["alone"] is not None:
        seconds = float(parts["alone"])
        return seconds if seconds < _EPOCHAL else max(seconds - time.time(), 0.0)
    return sum(
        float(parts[name] or 0) * worth
        for name, worth in (("h", 3600), ("m", 60), ("s", 1), ("ms", 0.001))
    )


def said_failure(error: Any) -> GatewayError:
    """The failure that an event in the middle of a provider's stream tells of."""
    fields = cast("JsonObject", error) if isinstance(error, dict) else {}
    kind = (
        f"{fields.get('type', '')} {fields.get('code', '')} {fields.get('status', '')}"
    )
    code = next((code for word, code in _BY_WORD.items() if word in kind.lower()), None)
    message = str(fields.get("message") or "no reason was given")[:_LONGEST]
    if code == "validation_failed" and _CONTEXT.search(message):
        code = "context_length_exceeded"
    return GatewayError(
        code or "upstream_failed", f"The provider reported an error: {message}"
    )


def _message(body: bytes) -> str:
    """The provider's own words, wherever it keeps them; no more than a few."""
    try:
        value: Any = loads(body)
    except JSONDecodeError:
        return ""
    for name in ("error", "message", "detail"):
        if isinstance(value, dict) and name in value:
            value = cast("JsonObject", value)[name]
    return value[:_LONGEST] if isinstance(value, str) else ""


def broken_off() -> GatewayError:
    """What to raise of an answer that does not say how it ended."""
    return GatewayError(
        "upstream_failed", "The provider broke its answer off before its end."
    )
