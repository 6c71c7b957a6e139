"""What a request is remembered by, gathered while it is on its way."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from headgate_gateway.events import EventSource
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.whole import Whole

LONGEST_BODY = 64 * 1024
"""Bytes of a body that are kept."""


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
    shadow_violations: Sequence[str] = ()
    approval_id: str | None = None
    tags: JsonObject | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    is_streaming: bool = False
    finish_reason: str | None = None
    tool_calls: tuple[str, ...] = ()
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
            kind = event["type"]
            if kind == "message_delta":
                self.used(event.get("usage") or {})
                self.finish_reason = event["delta"].get("stop_reason")
            elif kind == "content_block_start":
                block = event["content_block"]
                if "tool_use" in block["type"]:
                    self.tool_calls += (block["name"],)

    def note_whole(self, answer: Whole) -> None:
        """Remember what an answer tells that nobody read along."""
        text = answer.one_text
        if text is None:
            self.note_all(answer.some)
        else:
            self.used(text.usage or {})
            self.finish_reason = text.stop_reason

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
