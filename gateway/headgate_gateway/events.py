"""Builds the events of a message, and folds them back into the message."""

from collections.abc import AsyncGenerator, Iterator
from decimal import Decimal
from typing import Any, TypeAlias, TypeGuard

from headgate_gateway.json import JSONDecodeError, JsonObject, dumps, loads

EventSource: TypeAlias = AsyncGenerator[list[JsonObject], None]
"""Events as they come, those that come together in one batch, which is never empty.

Closing it aborts what makes them.
"""

_LONGEST_ASIDE = 256 * 1024
"""What a provider tells beside its answer is dropped where it is longer, in bytes."""

TERMINAL = frozenset({"message_stop", "run_complete", "error"})
"""Nothing follows an event of these types."""


def message_start(*, message_id: str, model: str, usage: JsonObject) -> JsonObject:
    """The first event of a message: the message without content."""
    message: JsonObject = {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    return {"type": "message_start", "message": message}


def block_start(index: int, block: JsonObject) -> JsonObject:
    """Opens a content block."""
    return {"type": "content_block_start", "index": index, "content_block": block}


def block_delta(index: int, delta: JsonObject) -> JsonObject:
    """Continues the open content block."""
    return {"type": "content_block_delta", "index": index, "delta": delta}


def block_stop(index: int) -> JsonObject:
    """Closes the open content block."""
    return {"type": "content_block_stop", "index": index}


def message_delta(
    stop_reason: str,
    usage: JsonObject | None,
    *,
    stop_sequence: str | None = None,
    said: JsonObject | None = None,
) -> JsonObject:
    """Why the message ended and what it cost; a provider may forget the latter.

    ``said`` is what the provider told in fields that have no place in a message.
    """
    delta: JsonObject = {"stop_reason": stop_reason, "stop_sequence": stop_sequence}
    if said and len(dumps(said)) <= _LONGEST_ASIDE:
        delta["metadata"] = {"provider": said}
    event: JsonObject = {"type": "message_delta", "delta": delta}
    if usage is not None:
        event["usage"] = usage
    return event


def message_stop() -> JsonObject:
    """The last event of a message."""
    return {"type": "message_stop"}


def error_event(error: JsonObject) -> JsonObject:
    """The last event of a stream that failed."""
    return {"type": "error", "error": error}


def up_to_failure(
    events: Iterator[JsonObject],
) -> tuple[list[JsonObject], Exception | None]:
    """The events that there are, and the failure that they broke off with.

    What came before a failure is to be passed on before it is raised.
    """
    found: list[JsonObject] = []
    try:
        for event in events:
            found.append(event)  # noqa: PERF402 - extend may drop what came first
    except Exception as error:  # noqa: BLE001 - raised by who asked
        return found, error
    return found, None


_MOST = 1 << 53
"""Counts are less: every reader of JSON can hold them."""


def is_count(value: object) -> TypeGuard[int]:
    """Whether what a provider tells can be a number of tokens."""
    return type(value) is int and 0 <= value < _MOST


def counts_of(told: JsonObject) -> dict[str, int]:
    """Of what a provider tells the numbers of tokens; others it did not tell."""
    return {name: value for name, value in told.items() if is_count(value)}


def usage_of(input_tokens: int, output_tokens: int) -> JsonObject:
    """A ``Usage``."""
    return {
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }


def add_usage(total: JsonObject, more: JsonObject) -> JsonObject:
    """The sum of two usages, counter by counter."""
    names = [*total, *(name for name in more if name not in total)]
    return {name: _sum(total.get(name, 0), more.get(name, 0)) for name in names}


def _sum(one: float, other: float) -> float:
    """Costs are decimals: 0.1 and 0.2 are 0.3."""
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    return float(Decimal(str(one)) + Decimal(str(other)))


class MessageFold:
    """Builds the ``MessageResponse`` that a message's events add up to."""

    def __init__(self) -> None:
        self.message: JsonObject = {}
        self.ended = False
        self._text: list[str] = []

    def add(self, event: JsonObject) -> None:
        """Take the next event, in order."""
        match event["type"]:
            case "message_start":
                self.message = dict(event["message"])
                self.message["content"] = []
            case "content_block_start":
                self.message["content"].append(dict(event["content_block"]))
                self._text = []
            case "content_block_delta":
                self._text.append(self._piece(event["delta"]))
            case "content_block_stop":
                self._close(self.message["content"][-1])
            case "message_delta":
                self.message |= event["delta"]
                self.message["usage"] = event["usage"]
            case "message_stop":
                self.ended = True
            case _:
                pass

    def _piece(self, delta: JsonObject) -> str:
        match delta["type"]:
            case "text_delta":
                return str(delta["text"])
            case "thinking_delta":
                return str(delta["thinking"])
            case "input_json_delta":
                return str(delta["partial_json"])
            case "signature_delta":
                block = self.message["content"][-1]
                block["signature"] = block.get("signature", "") + delta["signature"]
                return ""
            case _:
                return ""

    def _close(self, block: JsonObject) -> None:
        text = "".join(self._text)
        match block["type"]:
            case "text" | "thinking" as kind:
                block[kind] += text
            case "tool_use" | "server_tool_use":
                block["input"] = _tool_input(text)
            case _:
                pass


def _tool_input(text: str) -> Any:
    if not text:
        return {}
    try:
        return loads(text)
    except JSONDecodeError:
        return {}
