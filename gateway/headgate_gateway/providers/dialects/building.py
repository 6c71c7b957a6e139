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

    def begin(self) -> Iterator[JsonObject]:
        """The message's first event, once."""
        if not self._begun:
            self._begun = True
            yield events.message_start(
                message_id=new_id("msg"),
                model=self._model,
                usage=self.usage or events.usage_of(0, 0),
            )

    def keep(self, told: JsonObject, known: frozenset[str]) -> None:
        """Keep what is told in fields that are not ``known``, as it came."""
        self.said |= {name: told[name] for name in told if name not in known}

    def text(self, piece: str) -> Iterator[JsonObject]:
        """A piece of the answer's text."""
        yield from self._piece("text", {"type": "text_delta", "text": piece})

    def more_text(self, piece: str) -> JsonObject | None:
        """The event of a piece of text; None if others have to come before it."""
        if self._open != "text":
            return None
        return events.block_delta(self._index, {"type": "text_delta", "text": piece})

    def thinking(self, piece: str) -> Iterator[JsonObject]:
        """A piece of the model's reasoning."""
        yield from self._piece(
            "thinking", {"type": "thinking_delta", "thinking": piece}
        )

    def signature(self, signature: str) -> Iterator[JsonObject]:
        """The provider's signature over the reasoning."""
        delta = {"type": "signature_delta", "signature": signature}
        yield from self._piece("thinking", delta)

    def call(self, key: str, *, name: str, call_id: str | None) -> Iterator[JsonObject]:
        """A tool call begins; ``key`` tells it from the others of the message."""
        self.has_tools = True
        call = _Waiting(call_id or f"call_{ulid()}", name)
        if self._streaming is None:
            yield from self._open_call(call)
            self._streaming = key
        else:
            self._waiting[key] = call

    def arguments(self, key: str, piece: str) -> Iterator[JsonObject]:
        """A piece of a tool call's input."""
        if not piece:
            return
        if key == self._streaming:
            yield self._input(piece)
        elif key in self._waiting:
            self._waiting[key].pieces.append(piece)
        else:
            raise GatewayError(
                "upstream_failed", "The provider went on with a call that was over."
            )

    def whole_call(
        self, key: str, *, name: str, call_id: str | None, arguments: JsonObject
    ) -> Iterator[JsonObject]:
        """A tool call that came in one piece."""
        yield from self.call(key, name=name, call_id=call_id)
        yield from self.arguments(key, dump_text(arguments))

    def finish(
        self, stop_reason: str, *, stop_sequence: str | None = None
    ) -> Iterator[JsonObject]:
        """The message's last events."""
        yield from self.begin()
        yield from self._close()
        for call in self._waiting.values():
            yield from self._open_call(call)
            for piece in call.pieces:
                yield self._input(piece)
            yield from self._close()
        self._waiting.clear()
        yield events.message_delta(
            stop_reason, self.usage, stop_sequence=stop_sequence, said=self.said
        )
        yield events.message_stop()

    def _piece(self, kind: str, delta: JsonObject) -> Iterator[JsonObject]:
        yield from self.begin()
        if self._open != kind:
            yield from self._close()
            self._streaming = None
            yield from self._start(kind, dict(_EMPTY[kind]))
        yield events.block_delta(self._index, delta)

    def _open_call(self, call: _Waiting) -> Iterator[JsonObject]:
        yield from self.begin()
        yield from self._close()
        block: JsonObject = {
            "type": "tool_use",
            "id": call.id,
            "name": call.name,
            "input": {},
        }
        yield from self._start("tool_use", block)

    def _input(self, piece: str) -> JsonObject:
        delta = {"type": "input_json_delta", "partial_json": piece}
        return events.block_delta(self._index, delta)

    def _start(self, kind: str, block: JsonObject) -> Iterator[JsonObject]:
        self._index += 1
        self._open = kind
        yield events.block_start(self._index, block)

    def _close(self) -> Iterator[JsonObject]:
        if self._open is not None:
            self._open = None
            yield events.block_stop(self._index)
