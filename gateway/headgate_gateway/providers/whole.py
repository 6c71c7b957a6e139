"""Answers that nobody reads along: their events, or the one text that most of them are.

A text that is there at once goes its way without the events that it stands for: to make
them, to check their order and to add them up again takes longer than all else.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from headgate_gateway import events
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.prices import cost_told


@dataclass(slots=True)
class OneText:
    """A message that says one text and nothing else."""

    model: str
    """The id that the message carries."""
    text: str
    stop_reason: str
    usage: JsonObject | None
    said: JsonObject
    """What the provider told in fields that have no place in a message."""
    cost: Decimal | None = None
    """In US dollars, where that is known."""

    def events(self) -> list[JsonObject]:
        """The events that it stands for."""
        return [
            events.message_start(
                message_id=new_id("msg"),
                model=self.model,
                usage=self.usage or events.usage_of(0, 0),
            ),
            events.block_start(0, {"type": "text", "text": ""}),
            events.block_delta(0, {"type": "text_delta", "text": self.text}),
            events.block_stop(0),
            events.message_delta(self.stop_reason, self.usage, said=self.said),
            events.message_stop(),
        ]


def _no_events() -> list[JsonObject]:
    return []


@dataclass(slots=True)
class Whole:
    """What has come of one answer, in either form."""

    one_text: OneText | None = None
    some: list[JsonObject] = field(default_factory=_no_events)
    """The events so far, where it is not one text."""

    @property
    def begun(self) -> bool:
        """Whether anything has come."""
        return self.one_text is not None or bool(self.some)

    @property
    def cost(self) -> Decimal | None:
        """What the answer costs in US dollars, where that is known."""
        if self.one_text is not None:
            return self.one_text.cost
        for event in self.some:
            if event["type"] == "message_delta":
                return cost_told(event["usage"])
        return None

    def events(self) -> list[JsonObject]:
        """What has come, as events."""
        return self.some if self.one_text is None else self.one_text.events()
