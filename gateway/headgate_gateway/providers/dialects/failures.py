"""What providers say has failed, in the gateway's own words."""

from typing import Any, cast

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JSONDecodeError, JsonObject, loads

_BY_STATUS = {
    401: "provider_key_rejected",
    403: "provider_key_rejected",
    408: "upstream_timeout",
    429: "rate_limit_exceeded",
    503: "overloaded",
    504: "upstream_timeout",
    529: "overloaded",
}
_BY_WORD = {
    "rate_limit": "rate_limit_exceeded",
    "overloaded": "overloaded",
    "authentication": "provider_key_rejected",
    "timeout": "upstream_timeout",
}
_LONGEST = 500


def answered_failure(
    status: int, body: bytes, *, retry_after: float | None
) -> GatewayError:
    """The failure that a provider's answer with this status stands for."""
    code = _BY_STATUS.get(status, "upstream_failed")
    said = _message(body)
    text = (
        f"The provider answered {status}: {said}"
        if said
        else f"The provider answered {status}."
    )
    return GatewayError(
        code, text, retry_after=retry_after, details={"upstream_status": status}
    )


def said_failure(error: Any) -> GatewayError:
    """The failure that an event in the middle of a provider's stream tells of."""
    fields = cast("JsonObject", error) if isinstance(error, dict) else {}
    kind = (
        f"{fields.get('type', '')} {fields.get('code', '')} {fields.get('status', '')}"
    )
    code = next((code for word, code in _BY_WORD.items() if word in kind.lower()), None)
    message = str(fields.get("message") or "no reason was given")[:_LONGEST]
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
