"""The one error of the gateway, and what each error code stands for."""

from dataclasses import dataclass, replace
from typing import Any

from headgate_gateway.json import JsonObject


@dataclass(frozen=True, slots=True)
class Kind:
    """What every error with a given code has in common."""

    type: str
    status: int
    standard_code: str
    retryable: bool = False


def _kinds(
    type_: str, status: int, standard: str, *codes: str, retryable: bool = False
) -> dict[str, Kind]:
    return dict.fromkeys(codes, Kind(type_, status, standard, retryable))


KINDS: dict[str, Kind] = {
    **_kinds(
        "invalid_request_error",
        400,
        "E1001",
        "validation_failed",
        "unsupported_version",
        "unsupported_operation",
        "unsupported_server_tool",
        "unsupported_content_block",
        "unsupported_tool_type",
        "unsupported_function_tool",
        "unsupported_output_format",
        "unsupported_thinking",
        "invalid_starting_after",
    ),
    **_kinds("invalid_request_error", 405, "E1001", "method_not_allowed"),
    **_kinds("invalid_request_error", 415, "E1001", "unsupported_media_type"),
    **_kinds(
        "invalid_request_error", 422, "E1001", "invalid_config", "manifest_invalid"
    ),
    **_kinds(
        "authentication_error",
        401,
        "E1002",
        "key_missing",
        "key_invalid",
        "key_revoked",
        "provider_key_missing",
        "provider_key_rejected",
    ),
    **_kinds("billing_error", 402, "E2002", "spend_cap_reached", "quota_exceeded"),
    **_kinds(
        "permission_error",
        403,
        "E1003",
        "scope_missing",
        "model_not_allowed",
        "policy_denied",
        "approval_rejected",
        "approval_cap_exceeded",
        "content_blocked",
    ),
    **_kinds(
        "not_found_error",
        404,
        "E1004",
        "not_found",
        "model_not_found",
        "service_not_found",
    ),
    **_kinds("not_found_error", 410, "E1004", "events_expired"),
    **_kinds("timeout_error", 408, "E3003", "approval_timeout"),
    **_kinds("timeout_error", 408, "E3003", "request_timeout", retryable=True),
    **_kinds(
        "conflict_error",
        409,
        "E4001",
        "conflict",
        "name_taken",
        "resource_in_use",
        "no_upstream",
        "idempotency_conflict",
        "workspace_ended",
        "already_decided",
    ),
    **_kinds("conflict_error", 409, "E4001", "idempotency_in_progress", retryable=True),
    **_kinds(
        "request_too_large_error",
        413,
        "E1005",
        "payload_too_large",
        "context_length_exceeded",
    ),
    **_kinds(
        "rate_limit_error",
        429,
        "E2001",
        "rate_limit_exceeded",
        "concurrent_limit_exceeded",
        "backpressure",
        retryable=True,
    ),
    **_kinds("cancelled_error", 499, "E4002", "cancelled", "interrupted"),
    **_kinds("api_error", 500, "E3001", "internal_error", retryable=True),
    **_kinds("api_error", 500, "E3001", "credential_missing"),
    **_kinds(
        "provider_error",
        502,
        "E3001",
        "upstream_failed",
        "stream_idle_timeout",
        "output_validation_failed",
        retryable=True,
    ),
    **_kinds(
        "overloaded_error",
        503,
        "E3002",
        "overloaded",
        "draining",
        "circuit_open",
        "all_upstreams_exhausted",
        retryable=True,
    ),
    **_kinds(
        "timeout_error",
        504,
        "E3003",
        "upstream_timeout",
        "tool_timeout",
        retryable=True,
    ),
}


class GatewayError(Exception):
    """A failure: an HTTP error before the first byte, an event after it.

    Not ``retryable``: it stays, though others of its code pass.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after: float | None = None,
        details: JsonObject | None = None,
        headers: dict[str, str] | None = None,
        compat_issues: list[JsonObject] | None = None,
        status: int | None = None,
        retryable: bool = True,
    ) -> None:
        super().__init__(message)
        self.code = code
        # A rule of a policy may choose the status of its refusals.
        kind = KINDS[code]
        self.kind = kind if status is None else replace(kind, status=status)
        if not retryable:
            self.kind = replace(self.kind, retryable=False)
        self.message = message
        self.param = param
        self.retry_after = retry_after
        self.details = details
        self.headers = headers or {}
        self.compat_issues = compat_issues
        self.used: JsonObject | None = None
        """The ``Usage`` of an answer that was whole and is refused all the same."""

    def as_object(self, request_id: str) -> JsonObject:
        """The ``Error`` object of the specification."""
        body: dict[str, Any] = {
            "type": self.kind.type,
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "request_id": request_id,
            "standard_code": self.kind.standard_code,
            "retryable": self.kind.retryable,
        }
        if self.retry_after is not None:
            body["retry_after"] = self.retry_after
        if self.details is not None:
            body["details"] = self.details
        if self.compat_issues is not None:
            body["compat_issues"] = self.compat_issues
        return body
