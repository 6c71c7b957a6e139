"""From the events of messages to the chunks of a chat completion, and their sum."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from headgate_gateway.events import EventSource
from headgate_gateway.json import JsonObject, object_at, objects_at
from headgate_gateway.providers.prices import cost_told, number

REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "content_filter": "content_filter",
}
_AHEAD = 64
"""Batches of several answers that may wait to be sent."""


@dataclass(slots=True, kw_only=True)
class Head:
    """What all chunks of a completion have in common."""

    id: str
    created: int
    model: str

    def chunk(self, choices: list[JsonObject]) -> JsonObject:
        """A chunk with these choices."""
        return {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }


@dataclass(slots=True)
class Choice:
    """One answer on its way: the pieces that its message's events stand for."""

    index: int
    calls: int = 0
    usage: JsonObject = field(default_factory=dict[str, Any])
    _has_input: bool = False
    _in_call: bool = False

    def pieces_of(self, events: list[JsonObject]) -> list[JsonObject]:
        """The pieces of a message's next events, each for a chunk of its own."""
        found: list[JsonObject] = []
        for event in events:
            if event["type"] != "content_block_delta":
                found += self._told(event)
            elif event["delta"]["type"] == "text_delta":
                # Nearly all there is: without a call for each of them.
                found.append(
                    {
                        "index": self.index,
                        "delta": {"content": event["delta"]["text"]},
                        "finish_reason": None,
                    }
                )
            else:
                found += self._continued(event["delta"])
        return found

    def _told(self, event: JsonObject) -> list[JsonObject]:
        match event["type"]:
            case "message_start":
                return [self._piece({"role": "assistant"})]
            case "content_block_start":
                return self._begun(event["content_block"])
            case "content_block_stop":
                return self._ended()
            case "message_delta":
                self.usage = event["usage"]
                reason = REASONS.get(event["delta"]["stop_reason"], "stop")
                return [self._piece({}, reason)]
            case _:
                return []

    def _begun(self, block: JsonObject) -> list[JsonObject]:
        self._in_call = block["type"] == "tool_use"
        if not self._in_call:
            return []
        self._has_input = False
        self.calls += 1
        function = {"name": block["name"], "arguments": ""}
        return [
            self._call({"id": block["id"], "type": "function", "function": function})
        ]

    def _continued(self, delta: JsonObject) -> list[JsonObject]:
        match delta["type"]:
            case "thinking_delta":
                return [self._piece({"reasoning_content": delta["thinking"]})]
            case "input_json_delta" if self._in_call and delta["partial_json"]:
                self._has_input = True
                return [self._call({"function": {"arguments": delta["partial_json"]}})]
            case _:
                return []

    def _ended(self) -> list[JsonObject]:
        """Close a block; a call without any input is one with an empty object."""
        lacks_input = self._in_call and not self._has_input
        self._in_call = False
        return [self._call({"function": {"arguments": "{}"}})] if lacks_input else []

    def _call(self, call: JsonObject) -> JsonObject:
        return self._piece({"tool_calls": [{"index": self.calls - 1, **call}]})

    def _piece(self, delta: JsonObject, finish_reason: str | None = None) -> JsonObject:
        return {"index": self.index, "delta": delta, "finish_reason": finish_reason}


@dataclass(slots=True)
class Answer:
    """One answer whole: what its pieces add up to."""

    index: int
    _texts: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    _calls: list[JsonObject] = field(default_factory=list[JsonObject])
    _reason: str | None = None

    def add(self, piece: JsonObject) -> None:
        """Take the next piece."""
        delta = object_at(piece, "delta")
        for name in ("content", "reasoning_content"):
            if name in delta:
                self._texts.setdefault(name, []).append(delta[name])
        for call in objects_at(delta, "tool_calls"):
            function = object_at(call, "function")
            if "id" in call:
                kept: JsonObject = {name: call[name] for name in ("id", "type")}
                self._calls.append(kept | {"function": function | {}})
            else:
                index: int = call["index"]
                known = object_at(self._calls[index], "function")
                known["arguments"] += function["arguments"]
        self._reason = piece["finish_reason"] or self._reason

    def choice(self) -> JsonObject:
        """The ``ChatChoice``."""
        texts = {name: "".join(pieces) for name, pieces in self._texts.items()}
        message: JsonObject = {
            "role": "assistant",
            "content": None,
            "refusal": None,
            **texts,
        }
        if self._calls:
            message["tool_calls"] = self._calls
        return {
            "index": self.index,
            "message": message,
            "finish_reason": self._reason,
        }


def combined(
    usages: Sequence[JsonObject], costs: Sequence[Decimal | None]
) -> tuple[JsonObject, Decimal | None]:
    """The ``Usage`` of all answers, which share one prompt, and what they cost.

    Each of them was asked for by itself and cost its prompt again.
    """
    if len(usages) == 1:
        return usages[0], costs[0]
    known = [cost for cost in costs if cost is not None]
    usage: JsonObject = {
        "input_tokens": usages[0]["input_tokens"],
        "output_tokens": sum(usage["output_tokens"] for usage in usages),
    }
    if len(known) < len(costs):
        return usage, None
    cost = sum(known, Decimal(0))
    return {**usage, "cost_usd": number(cost)}, cost


def usage_of(usages: Sequence[JsonObject]) -> JsonObject:
    """The ``ChatUsage`` of all answers: they share one prompt."""
    total, _ = combined(usages, [cost_told(usage) for usage in usages])
    return chat_usage(usages, total)


def chat_usage(usages: Sequence[JsonObject], total: JsonObject) -> JsonObject:
    """The ``ChatUsage`` of answers whose usage is ``combined`` already."""
    first = usages[0]
    prompt, completion = total["input_tokens"], total["output_tokens"]
    usage: JsonObject = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if "cache_read_tokens" in first:
        cached = first["cache_read_tokens"]
        usage["prompt_tokens_details"] = {"cached_tokens": cached}
    if "reasoning_tokens" in first:
        reasoning = sum(usage.get("reasoning_tokens", 0) for usage in usages)
        usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    if "cost_usd" in total:
        usage["cost_usd"] = total["cost_usd"]
    return usage


async def pieces_of(
    choices: Sequence[Choice], sources: Sequence[EventSource]
) -> EventSource:
    """The pieces of all answers as they come; the first failure ends them all."""
    if len(sources) == 1:
        async with aclosing(sources[0]) as only:
            async for batch in only:
                if found := choices[0].pieces_of(batch):
                    yield found
        return
    async with aclosing(_side_by_side(sources)) as batches:
        async for number, batch in batches:
            if found := choices[number].pieces_of(batch):
                yield found


async def _side_by_side(
    sources: Sequence[EventSource],
) -> AsyncGenerator[tuple[int, list[JsonObject]], None]:
    """The events of several sources, each batch with the number of its source."""
    ready: asyncio.Queue[tuple[int, list[JsonObject] | Exception | None]] = (
        asyncio.Queue(_AHEAD)
    )

    async def follow(number: int, source: EventSource) -> None:
        try:
            async with aclosing(source) as batches:
                async for batch in batches:
                    await ready.put((number, batch))
        except Exception as error:  # noqa: BLE001 - raised by who reads
            await ready.put((number, error))
        else:
            await ready.put((number, None))

    tasks = [
        asyncio.create_task(follow(number, source))
        for number, source in enumerate(sources)
    ]
    try:
        open_sources = len(tasks)
        while open_sources:
            number, batch = await ready.get()
            if isinstance(batch, Exception):
                raise batch
            if batch is None:
                open_sources -= 1
            else:
                yield number, batch
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
