"""What a request is remembered by, gathered while it is on its way."""

from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

from headgate_gateway.events import EventSource
from headgate_gateway.json import JSONDecodeError, JsonObject, loads

LONGEST_BODY = 64 * 1024
"""Bytes of a body that are kept."""
_LONGEST_NAME = 200
_LONGEST_PROPERTIES = 4096
_ATTRIBUTION = frozenset(
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
_UNATTRIBUTED: JsonObject = {
    "agent_name": None,
    "user_id": None,
    "tenant_id": None,
    "session_id": None,
    "parent_span_id": None,
    "properties": {},
}


@dataclass(slots=True)
class Facts:
    """What the parts of the gateway note about one request."""

    keeps_bodies: bool = False
    redacts: bool = False
    error_code: str | None = None
    upstream: str | None = None
    model: str | None = None
    policy_result: str = "allow"
    policy_id: str | None = None
    shadow_violations: list[str] = field(default_factory=list[str])
    approval_id: str | None = None
    tags: JsonObject = field(default_factory=dict[str, Any])
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    is_streaming: bool = False
    finish_reason: str | None = None
    tool_calls: list[str] = field(default_factory=list[str])
    request_body: bytes = b""
    response_body: bytes = b""

    def keep_request(self, piece: bytes) -> None:
        """Remember the beginning of the request's body, if the log level asks."""
        if self.keeps_bodies:
            self.request_body += piece[: LONGEST_BODY - len(self.request_body)]

    def keep_response(self, piece: bytes) -> None:
        """Remember the beginning of the answer's body, if the log level asks."""
        if self.keeps_bodies:
            self.response_body += piece[: LONGEST_BODY - len(self.response_body)]

    def note_all(self, events: Iterable[JsonObject]) -> None:
        """Remember what an answer's events tell."""
        for event in events:
            if event["type"] != "content_block_delta":
                self.note(event)

    def note(self, event: JsonObject) -> None:
        """Remember what an answer's event tells."""
        if event["type"] == "message_delta":
            self.used(event.get("usage") or {})
            self.finish_reason = event["delta"].get("stop_reason")
        elif event["type"] == "content_block_start":
            block = event["content_block"]
            if "tool_use" in block["type"]:
                self.tool_calls.append(block["name"])

    def used(self, usage: Mapping[str, Any]) -> None:
        """Add the tokens of one answer of a model."""
        self.input_tokens += usage.get("input_tokens", 0)
        self.output_tokens += usage.get("output_tokens", 0)
        cost: float | None = usage.get("cost_usd")
        if cost is not None:
            self.cost_usd = (self.cost_usd or 0) + cost


async def observed(events: EventSource, facts: Facts) -> EventSource:
    """The events of an answer as they are; what they tell is noted."""
    async with aclosing(events) as source:
        async for batch in source:
            facts.note_all(batch)
            yield batch


def attribution(headers: Mapping[str, str]) -> JsonObject:
    """Who asked, and in which session, by the request's headers."""
    if _ATTRIBUTION.isdisjoint(headers.keys()):
        return _UNATTRIBUTED
    return {
        "agent_name": _name(headers, "x-agent-name") or _name(headers, "user-agent"),
        "user_id": _name(headers, "x-user-id"),
        "tenant_id": _name(headers, "x-tenant-id"),
        "session_id": _name(headers, "x-session-id"),
        "parent_span_id": _name(headers, "x-parent-span-id") or _span_of(headers),
        "properties": _properties(headers.get("x-properties", "")),
    }


def _name(headers: Mapping[str, str], header: str) -> str | None:
    return headers.get(header, "").strip()[:_LONGEST_NAME] or None


def _span_of(headers: Mapping[str, str]) -> str | None:
    """The caller's span in a W3C ``traceparent``."""
    parts = headers.get("traceparent", "").split("-")
    return parts[2][:_LONGEST_NAME] if len(parts) >= 4 else None


def _properties(text: str) -> JsonObject:
    if not text or len(text) > _LONGEST_PROPERTIES:
        return {}
    try:
        value: Any = loads(text)
    except JSONDecodeError:
        return {}
    return cast("JsonObject", value) if isinstance(value, dict) else {}
