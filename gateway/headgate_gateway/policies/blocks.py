"""Streamed answers that a policy has to see: held back and judged block by block."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from headgate_gateway.chat.chunks import Answer, Choice
from headgate_gateway.events import EventSource, MessageFold
from headgate_gateway.json import JsonObject, dump_text

Judge: TypeAlias = Callable[[JsonObject, JsonObject | None], Awaitable[JsonObject]]
"""Gives a block as the caller gets it, from the answer so far and the block; without a
block the answer is whole. Raises GatewayError where the caller may not have it."""


class Shape(Protocol):
    """The answer so far, in the form that the caller asked for."""

    def add(self, event: JsonObject) -> None:
        """Take the message's next event."""
        ...

    @property
    def body(self) -> JsonObject:
        """What stands in ``response.body``."""
        ...


class MessageShape:
    """A ``MessageResponse``."""

    def __init__(self) -> None:
        self._fold = MessageFold()

    def add(self, event: JsonObject) -> None:
        """Take the next event."""
        self._fold.add(event)

    @property
    def body(self) -> JsonObject:
        """The message."""
        return self._fold.message


class ChatShape:
    """A ``ChatCompletion`` with one choice."""

    def __init__(self) -> None:
        self._choice, self._answer = Choice(0), Answer(0)

    def add(self, event: JsonObject) -> None:
        """Take the next event."""
        for piece in self._choice.pieces_of([event]):
            self._answer.add(piece)

    @property
    def body(self) -> JsonObject:
        """The completion."""
        return {"object": "chat.completion", "choices": [self._answer.choice()]}


@dataclass(slots=True)
class _Block:
    """The events of a block that is not whole yet, and what they add up to."""

    events: list[JsonObject] = field(default_factory=list[JsonObject])
    fold: MessageFold = field(default_factory=MessageFold)

    def add(self, event: JsonObject) -> None:
        if not self.events:
            self.fold.add({"type": "message_start", "message": {}})
        self.events.append(event)
        self.fold.add(event)

    @property
    def content(self) -> JsonObject:
        block: JsonObject = self.fold.message["content"][0]
        return block


async def judged(source: EventSource, shape: Shape, judge: Judge) -> EventSource:
    """The events of an answer; a block is given when it is whole and was let pass."""
    held: _Block | None = None
    async with aclosing(source) as batches:
        async for batch in batches:
            passed: list[JsonObject] = []
            for event in batch:
                shape.add(event)
                kind = event["type"]
                if kind == "content_block_start":
                    held = _Block()
                if held is None:
                    if kind == "message_delta":
                        await judge(shape.body, None)
                    passed.append(event)
                    continue
                held.add(event)
                if kind == "content_block_stop":
                    block = held.content
                    allowed = await judge(shape.body, block)
                    passed += (
                        held.events if allowed == block else _written(event, allowed)
                    )
                    held = None
            if passed:
                yield passed


def _written(stop: JsonObject, block: JsonObject) -> list[JsonObject]:
    """The events of a block that a policy changed."""
    index: int = stop["index"]
    empty, delta = _emptied(block)
    start = {"type": "content_block_start", "index": index, "content_block": empty}
    if delta is None:
        return [start, stop]
    return [
        start,
        {"type": "content_block_delta", "index": index, "delta": delta},
        stop,
    ]


def _emptied(block: JsonObject) -> tuple[JsonObject, JsonObject | None]:
    """A block as it starts, and what fills it."""
    match block["type"]:
        case "text":
            delta: JsonObject = {"type": "text_delta", "text": block["text"]}
            return {**block, "text": ""}, delta
        case "thinking":
            # What it was signed as is no longer what it says.
            delta = {"type": "thinking_delta", "thinking": block["thinking"]}
            return {"type": "thinking", "thinking": ""}, delta
        case "tool_use" | "server_tool_use":
            text = dump_text(block["input"])
            delta = {"type": "input_json_delta", "partial_json": text}
            return {**block, "input": {}}, delta
        case _:
            return block, None
