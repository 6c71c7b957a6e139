"""Builds a message's events in order out of pieces that come in any order."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from headgate_gateway import events
from headgate_gateway.errors import GatewayError
from headgate_gateway.ids import new_id, ulid
from headgate_gateway.json import JsonObject, dump_text

_EMPTY = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": ""},
}


@dataclass(slots=True)
class _Waiting:
    """A tool call that has to wait until the one before it is complete."""

    id: str
    name: str
    pieces: list[str] = field(default_factory=list[str])


class MessageBuilder:
    """The events of one message.

    Providers send tool calls side by side; a message has one open block at a time, so
    the first call streams and the others follow it whole.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._begun = False
        self._index = -1
        self._open: str | None = None
        self._streaming: str | None = None
        self._waiting: dict[str, _Waiting] = {}
        self.usage: JsonObject | None = None
        self.said: JsonObject = {}
        """What the provider told in fields that have no place in a message."""
        self.has_tools = False

    def begin(self) -> list[JsonObject]:
        """The message's first event, once."""
        if self._begun:
            return []
        self._begun = True
        return [
            events.message_start(
                message_id=new_id("msg"),
                model=self._model,
                usage=self.usage or events.usage_of(0, 0),
            )
        ]

    def keep(self, told: JsonObject, known: frozenset[str]) -> None:
        """Keep what is told in fields that are not ``known``, as it came."""
        if not known.issuperset(told):
            self.said |= {name: told[name] for name in told if name not in known}

    def text(self, piece: str) -> list[JsonObject]:
        """A piece of the answer's text."""
        return self._piece("text", {"type": "text_delta", "text": piece})

    def more_text(self, piece: str) -> JsonObject | None:
        """The event of a piece of text; None if others have to come before it."""
        if self._open != "text":
            return None
        return events.block_delta(self._index, {"type": "text_delta", "text": piece})

    def thinking(self, piece: str) -> list[JsonObject]:
        """A piece of the model's reasoning."""
        return self._piece("thinking", {"type": "thinking_delta", "thinking": piece})

    def signature(self, signature: str) -> list[JsonObject]:
        """The provider's signature over the reasoning."""
        delta = {"type": "signature_delta", "signature": signature}
        return self._piece("thinking", delta)

    def call(self, key: str, *, name: str, call_id: str | None) -> list[JsonObject]:
        """A tool call begins; ``key`` tells it from the others of the message."""
        self.has_tools = True
        call = _Waiting(call_id or f"call_{ulid()}", name)
        if self._streaming is None:
            opened = self._open_call(call)
            self._streaming = key
            return opened
        self._waiting[key] = call
        return []

    def arguments(self, key: str, piece: str) -> list[JsonObject]:
        """A piece of a tool call's input."""
        if not piece:
            return []
        if key == self._streaming:
            return [self._input(piece)]
        if key not in self._waiting:
            raise GatewayError(
                "upstream_failed", "The provider went on with a call that was over."
            )
        self._waiting[key].pieces.append(piece)
        return []

    def whole_call(
        self, key: str, *, name: str, call_id: str | None, arguments: JsonObject
    ) -> Iterator[JsonObject]:
        """A tool call that came in one piece."""
        yield from self.call(key, name=name, call_id=call_id)
        yield from self.arguments(key, dump_text(arguments))

    def finish(
        self, stop_reason: str, *, stop_sequence: str | None = None
    ) -> list[JsonObject]:
        """The message's last events."""
        last = [*self.begin(), *self._close()]
        for call in self._waiting.values():
            last += self._open_call(call)
            last += map(self._input, call.pieces)
            last += self._close()
        self._waiting.clear()
        told = events.message_delta(
            stop_reason, self.usage, stop_sequence=stop_sequence, said=self.said
        )
        return [*last, told, events.message_stop()]

    def _piece(self, kind: str, delta: JsonObject) -> list[JsonObject]:
        if self._open == kind:
            return [events.block_delta(self._index, delta)]
        before = [*self.begin(), *self._close()]
        self._streaming = None
        opened = self._start(kind, dict(_EMPTY[kind]))
        return [*before, opened, events.block_delta(self._index, delta)]

    def _open_call(self, call: _Waiting) -> list[JsonObject]:
        before = [*self.begin(), *self._close()]
        block: JsonObject = {
            "type": "tool_use",
            "id": call.id,
            "name": call.name,
            "input": {},
        }
        return [*before, self._start("tool_use", block)]

    def _input(self, piece: str) -> JsonObject:
        delta = {"type": "input_json_delta", "partial_json": piece}
        return events.block_delta(self._index, delta)

    def _start(self, kind: str, block: JsonObject) -> JsonObject:
        self._index += 1
        self._open = kind
        return events.block_start(self._index, block)

    def _close(self) -> list[JsonObject]:
        if self._open is None:
            return []
        self._open = None
        return [events.block_stop(self._index)]
