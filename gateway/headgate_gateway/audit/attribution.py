"""Who asked, and in which session, by the request's headers."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from headgate_gateway.json import JSONDecodeError, dump_text, is_object, loads, quoted

_LONGEST_NAME = 200
_LONGEST_PROPERTIES = 4096
_HEADERS = frozenset(
    {
        "x-agent-name",
        "user-agent",
        "x-user-id",
        "x-tenant-id",
        "x-session-id",
        "x-parent-span-id",
        "traceparent",
        "x-properties",
    }
)


class Attribution(NamedTuple):
    """What a caller says of itself, as the audit log keeps it.

    ``properties``, ``agent_name``, ``user_id`` and ``tenant_id`` are texts of JSON.
    """

    agent_name: str | None = None
    user_id: str | None = None
    tenant_id: str | None = None
    session_id: str | None = None
    parent_span_id: str | None = None
    properties: str = "{}"


_NOTHING = Attribution()


def attribution(headers: Mapping[str, str]) -> Attribution:
    """What a request's headers tell of its caller."""
    if _HEADERS.isdisjoint(headers.keys()):
        return _NOTHING
    return Attribution(
        agent_name=_text(agent_name(headers)),
        user_id=_text(_name(headers, "x-user-id")),
        tenant_id=_text(_name(headers, "x-tenant-id")),
        session_id=_name(headers, "x-session-id"),
        parent_span_id=_name(headers, "x-parent-span-id") or _span_of(headers),
        properties=_properties(headers.get("x-properties", "")),
    )


def agent_name(headers: Mapping[str, str]) -> str | None:
    """Who asks: by ``X-Agent-Name``, or else by the name of the client."""
    return _name(headers, "x-agent-name") or _name(headers, "user-agent")


def _name(headers: Mapping[str, str], header: str) -> str | None:
    return headers.get(header, "").strip()[:_LONGEST_NAME] or None


def _text(value: str | None) -> str | None:
    return None if value is None else quoted(value)


def _span_of(headers: Mapping[str, str]) -> str | None:
    """The caller's span in a W3C ``traceparent``."""
    parts = headers.get("traceparent", "").split("-")
    return parts[2][:_LONGEST_NAME] if len(parts) >= 4 else None


def _properties(text: str) -> str:
    if not text or len(text) > _LONGEST_PROPERTIES:
        return "{}"
    try:
        value: Any = loads(text)
    except JSONDecodeError:
        return "{}"
    return dump_text(value) if is_object(value) else "{}"
