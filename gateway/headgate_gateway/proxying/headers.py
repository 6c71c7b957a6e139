"""Which headers pass between callers and upstreams; every other stays behind."""

from collections.abc import Iterable, Mapping, Sequence

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.request import IndexedHeaders

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""RFC 9110, section 7.6.1."""

_NEVER = _HOP_BY_HOP | {
    "authorization",
    "content-length",
    "cookie",
    "forwarded",
    "host",
    "set-cookie",
    "x-admin-key",
    "x-api-key",
    "x-real-authorization",
    "x-request-id",
    "x-upstream-authorization",
}
_NEVER_FROM = ("x-provider-key-", "x-headgate-", "x-forwarded-")

_REQUEST = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "content-encoding",
        "content-language",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
        "traceparent",
        "tracestate",
        "user-agent",
    }
)
_PARTS = frozenset({"if-range", "range"})
"""What asks for a part of an answer."""
_ANSWER = frozenset(
    {
        "accept-ranges",
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-range",
        "content-type",
        "deprecation",
        "etag",
        "expires",
        "last-modified",
        "link",
        "location",
        "retry-after",
        "sunset",
        "vary",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    }
)

Headers = Iterable[tuple[str, str]]


def to_upstream(
    headers: Mapping[str, str], *, also: Sequence[str], request_id: str
) -> dict[str, str]:
    """The headers of a caller that its upstream gets.

    400 where one of them came twice: policies look at one value, and an upstream may
    take the other one.
    """
    passed = _passed(headers.items(), _REQUEST, also)
    if isinstance(headers, IndexedHeaders) and headers.repeated:
        _require_once(passed, headers.repeated)
    # Without it the client library would offer encodings that the caller did not.
    passed.setdefault("accept-encoding", "identity")
    return {**passed, "x-request-id": request_id}


def _require_once(passed: Mapping[str, str], repeated: frozenset[str]) -> None:
    for name in passed:
        if name in repeated:
            raise GatewayError(
                "validation_failed", "This header was sent twice.", param=name
            )


def changed(
    headers: Mapping[str, str], changes: Mapping[str, str | None]
) -> dict[str, str]:
    """The headers with some set and some left out; those that never pass do not."""
    merged: dict[str, str | None] = {**headers, **changes}
    return {
        name: value
        for name, value in merged.items()
        if value is not None and (name not in changes or not _is_ours(name))
    }


def open_to_view(headers: Mapping[str, str], *, answer: bool) -> dict[str, str]:
    """The headers of a call that the gateway looks at: it reads no encodings.

    Where it looks at the ``answer``, for policies or for a credential, that has to be
    whole: what is taken out of it would pass in two parts.
    """
    left_out = _PARTS if answer else frozenset[str]()
    kept = {name: value for name, value in headers.items() if name not in left_out}
    return {**kept, "accept-encoding": "identity"}


def to_caller(headers: Headers, *, also: Sequence[str]) -> dict[str, str]:
    """The headers of an upstream's answer that the caller gets."""
    return _passed(headers, _ANSWER, also)


def may_be_injected(name: str) -> bool:
    """Whether a credential may be sent under this header."""
    lower = name.lower()
    return lower not in _HOP_BY_HOP | {"host", "content-length"}


def _passed(
    headers: Headers, usual: frozenset[str], also: Sequence[str]
) -> dict[str, str]:
    items = [(name.lower(), value) for name, value in headers]
    named = {
        option.strip().lower()
        for name, value in items
        if name == "connection"
        for option in value.split(",")
    }
    wanted = usual | {name.lower() for name in also}
    return {
        name: value
        for name, value in items
        if name in wanted and name not in named and not _is_ours(name)
    }


def _is_ours(name: str) -> bool:
    return name in _NEVER or name.startswith(_NEVER_FROM)
