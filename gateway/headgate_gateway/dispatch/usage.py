"""What an answer uses, also one that is broken off."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

from headgate_gateway.dispatch.money import units
from headgate_gateway.dispatch.payer import Payer
from headgate_gateway.errors import GatewayError
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject, quoted
from headgate_gateway.providers.catalogue import Resolved
from headgate_gateway.providers.prices import cost_of
from headgate_gateway.providers.tokens import count_request, count_text
from headgate_gateway.providers.whole import Whole
from headgate_gateway.store.usage import UsageRow


class UsageCount:
    """Counts along with the events of an answer."""

    def __init__(self, request: JsonObject, messages: Sequence[JsonObject]) -> None:
        self._request = request
        self._messages = messages
        self._told: JsonObject = {}
        self._cost: Decimal | None = None
        self._written = 0
        self._is_told = False
        """Whether all is told of an answer that has not ended for the caller."""
        self.begun = False
        self.ended = False

    def add(self, batch: list[JsonObject]) -> None:
        """Take the next events."""
        for event in batch:
            kind = event["type"]
            if kind == "content_block_delta":
                self._written += count_text(_piece(event["delta"]))
            elif kind == "message_start":
                self.begun = True
                if not self._is_told:
                    self._told = event["message"].get("usage") or {}
            elif kind == "message_delta":
                self._told = event["usage"]
                self.ended = True

    def add_whole(self, answer: Whole) -> None:
        """Take all that there is of an answer that nobody read along."""
        text = answer.one_text
        if text is None:
            self.add(answer.some)
        else:
            self._told, self.begun, self.ended = text.usage or {}, True, True
            self._cost = text.cost

    def add_refused(self, error: GatewayError) -> None:
        """Take what an answer used that was whole, and is refused for its form."""
        if error.used is not None:
            self._told, self._is_told = error.used, True

    def usage(self) -> JsonObject:
        """What the provider said, or what can be told of a broken answer."""
        if self.ended or self._is_told:
            return self._told
        asked = self._told.get("input_tokens") or count_request(
            self._request, self._messages
        )
        written = max(self._written, self._told.get("output_tokens", 0))
        return {**self._told, "input_tokens": asked, "output_tokens": written}

    def cost(self, model: JsonObject) -> Decimal | None:
        """What that costs in US dollars, where it is known."""
        return cost_of(model, self.usage()) if self._cost is None else self._cost


def _piece(delta: JsonObject) -> str:
    for name in ("text", "thinking", "partial_json"):
        if name in delta:
            return str(delta[name])
    return ""


Outcome: TypeAlias = Literal["complete", "broken"]


class Used(NamedTuple):
    """What one answer used; the row that tells of it is made with others."""

    payer: Payer
    resolved: Resolved
    usage: Mapping[str, Any]
    cost: Decimal | None
    """In US dollars, where that is known."""
    outcome: Outcome
    reservation: str | None
    at: int
    """Milliseconds since the epoch."""

    def row(self) -> UsageRow:
        """The row, with an id of its own."""
        payer, resolved, usage = self.payer, self.resolved, self.usage
        cost = self.cost
        # By place: every answer makes one.
        return UsageRow(
            new_id("usage"),
            payer.project_id,
            payer.key_id,
            payer.request_id,
            payer.operation,
            resolved.provider.id,
            quoted(resolved.id),
            usage["input_tokens"],
            usage["output_tokens"],
            usage.get("cache_read_tokens", 0),
            None if cost is None else units(cost),
            self.outcome,
            self.at,
            self.reservation,
        )


def least_cost(
    resolved: Resolved, request: JsonObject, messages: Sequence[JsonObject]
) -> int:
    """What a call spends at least: what its input costs, as far as that is known."""
    asked = count_request(request, messages)
    cost = cost_of(resolved.model, {"input_tokens": asked, "output_tokens": 0})
    return 0 if cost is None else units(cost)
