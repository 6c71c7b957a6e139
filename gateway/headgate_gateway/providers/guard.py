"""Holds a provider's stream to the order of messages, whatever the provider does."""

from collections.abc import Iterator
from contextlib import aclosing
from decimal import Decimal

from headgate_gateway.deadline import Deadline
from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource, up_to_failure, usage_of
from headgate_gateway.json import JSONDecodeError, JsonObject, loads
from headgate_gateway.providers.interface import ModelCall, Provider
from headgate_gateway.providers.prices import cost_of, number
from headgate_gateway.providers.structured import StrictForm
from headgate_gateway.providers.tokens import count_request, count_text
from headgate_gateway.providers.whole import OneText, Whole

_STATE_BEFORE = {
    "message_start": "before",
    "content_block_start": "between",
    "content_block_stop": "inside",
    "message_delta": "between",
    "message_stop": "closing",
}
"""The state in which an event may come, besides deltas."""
_TOOL_BLOCKS = frozenset({"tool_use", "server_tool_use"})
_FITTING = {
    "text": frozenset({"text_delta"}),
    "thinking": frozenset({"thinking_delta", "signature_delta"}),
    "tool_use": frozenset({"input_json_delta"}),
    "server_tool_use": frozenset({"input_json_delta"}),
}


async def guarded(
    events: EventSource, call: ModelCall, *, model: JsonObject, idle: float
) -> EventSource:
    """``events`` up to ``message_stop``; GatewayError where they break off or err."""
    order, silence = _Order(call, model), Deadline(idle)
    try:
        async with aclosing(events) as source:
            while not order.ended:
                came = await _next(source, silence, idle)
                batch, failure = up_to_failure(order.checked(came))
                if batch:
                    yield batch
                if failure is not None:
                    raise failure
    finally:
        silence.close()


async def gathered(
    provider: Provider,
    call: ModelCall,
    *,
    model: JsonObject,
    idle: float,
    form: StrictForm | None,
    into: Whole,
) -> None:
    """Add an answer up to its end to ``into``; also what came before a failure."""
    silence = Deadline(idle)
    taking = _Gathering(call, model, form, into, silence)
    try:
        with silence:
            await provider.whole(call, taking)
    except TimeoutError:
        raise _silent(idle) from None
    finally:
        silence.close()
    if not taking.ended:
        raise _broken_off()


class _Gathering:
    """Takes an answer into a whole."""

    def __init__(
        self,
        call: ModelCall,
        model: JsonObject,
        form: StrictForm | None,
        into: Whole,
        silence: Deadline,
    ) -> None:
        self._call = call
        self._model = model
        self._form = form
        self._into = into
        self._silence = silence
        self._order: _Order | None = None

    @property
    def ended(self) -> bool:
        """Whether the answer is there to its end."""
        order = self._order
        return self._into.one_text is not None if order is None else order.ended

    def events(self, batch: list[JsonObject]) -> bool:
        """Take the next events; those before a failure as well."""
        order = self._order
        if order is None:
            order = self._order = _Order(self._call, self._model)
        checked = order.checked(batch)
        for event in checked if self._form is None else self._form.checked(checked):
            self._into.some.append(event)  # extend may drop what came first
        self._silence.renew()
        return order.ended

    def one_text(self, answer: OneText) -> None:
        """Take an answer that is one text; a form is checked by its events."""
        if self._form is not None:
            self.events(answer.events())
            return
        if answer.stop_reason == "tool_use":
            answer.stop_reason = "end_turn"
        usage = answer.usage or _estimate(self._call, count_text(answer.text))
        answer.cost = cost_of(self._model, usage)
        answer.usage = _priced(usage, answer.cost)
        self._into.one_text = answer


async def _next(
    source: EventSource, silence: Deadline, idle: float
) -> list[JsonObject]:
    try:
        with silence:
            return await anext(source)
    except TimeoutError:
        raise _silent(idle) from None
    except StopAsyncIteration:
        raise _broken_off() from None


def _broken_off() -> GatewayError:
    return GatewayError(
        "upstream_failed", "The provider broke its answer off before its end."
    )


def _silent(idle: float) -> GatewayError:
    return GatewayError(
        "stream_idle_timeout", f"The provider sent nothing for {idle:g} s."
    )


class _Order:
    """The state of one message, and what may come next in it."""

    def __init__(self, call: ModelCall, model: JsonObject) -> None:
        self._call = call
        self._model = model
        self._state = "before"
        self._blocks = 0
        self._kind = ""
        self._fitting = frozenset[str]()
        self._json: list[str] = []
        self._tools = 0
        self._output_tokens = 0

    @property
    def ended(self) -> bool:
        """Whether ``message_stop`` has come."""
        return self._state == "ended"

    def checked(self, events: list[JsonObject]) -> Iterator[JsonObject]:
        """The events to pass on, none behind the last one of the message."""
        for event in events:
            # Nearly all events are of this kind.
            if event["type"] == "content_block_delta" and self._state == "inside":
                self._continue(event)
                yield event
            elif event["type"] != "ping":
                yield self._check(event)
            if self._state == "ended":
                return

    def _check(self, event: JsonObject) -> JsonObject:
        """The event to pass on in the place of any that is not a delta."""
        kind = event["type"]
        if _STATE_BEFORE.get(kind) != self._state:
            raise _nonsense(f"{kind} in the state {self._state}")
        match kind:
            case "message_start":
                self._state = "between"
            case "content_block_start":
                self._open(event)
            case "content_block_stop":
                self._close(event)
            case "message_delta":
                return self._finish(event)
            case _:
                self._state = "ended"
        return event

    def _open(self, event: JsonObject) -> None:
        if event["index"] != self._blocks:
            raise _nonsense(f"block {event['index']} after {self._blocks} blocks")
        self._state = "inside"
        self._kind = event["content_block"]["type"]
        self._fitting = _FITTING.get(self._kind, frozenset())
        self._json = []
        self._tools += self._kind == "tool_use"

    def _continue(self, event: JsonObject) -> None:
        delta = event["delta"]
        if event["index"] != self._blocks:
            raise _nonsense(
                f"a delta of block {event['index']} in block {self._blocks}"
            )
        if delta["type"] not in self._fitting:
            raise _nonsense(f"{delta['type']} in a {self._kind} block")
        piece = (
            delta.get("text")
            or delta.get("thinking")
            or delta.get("partial_json")
            or ""
        )
        if not isinstance(piece, str):
            raise _nonsense(f"a {delta['type']} that is no text")
        self._output_tokens += count_text(piece)
        if delta["type"] == "input_json_delta":
            self._json.append(piece)

    def _close(self, event: JsonObject) -> None:
        if event["index"] != self._blocks:
            raise _nonsense(
                f"the end of block {event['index']} in block {self._blocks}"
            )
        if self._kind in _TOOL_BLOCKS:
            _require_object("".join(self._json))
        self._blocks += 1
        self._state = "between"

    def _finish(self, event: JsonObject) -> JsonObject:
        """The event with the stop reason that the content proves, and with usage."""
        self._state = "closing"
        delta = dict(event["delta"])
        if self._tools:
            delta["stop_reason"] = "tool_use"
        elif delta["stop_reason"] == "tool_use":
            delta["stop_reason"] = "end_turn"
        usage = event.get("usage") or _estimate(self._call, self._output_tokens)
        priced = _priced(usage, cost_of(self._model, usage))
        return {**event, "delta": delta, "usage": priced}


def _estimate(call: ModelCall, output_tokens: int) -> JsonObject:
    """The ``Usage`` of an answer whose provider told none."""
    return usage_of(count_request(call.request, call.messages), output_tokens)


def _priced(usage: JsonObject, cost: Decimal | None) -> JsonObject:
    """A ``Usage`` with what it costs, where that is known."""
    return usage if cost is None else {**usage, "cost_usd": number(cost)}


def _require_object(text: str) -> None:
    try:
        value = loads(text or "{}")
    except JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        # A bound of the caller's cuts inputs off too: the provider is well.
        raise GatewayError(
            "output_validation_failed",
            "The provider sent a tool's input that is not a JSON object.",
        )


def _nonsense(what: str) -> GatewayError:
    return GatewayError("upstream_failed", f"The provider sent {what}.")
