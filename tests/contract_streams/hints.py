"""What the conditions of our own streams do not say in a form that can be solved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from headgate.contract.folding import fold_events
from headgate.contract.strategies import Hint, json_pieces
from tests.contract_streams.recordings import SPECIFIED

REASONS = ["end_turn", "max_tokens", "stop_sequence", "refusal"]
EMPTY: dict[str, dict[str, Any]] = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": ""},
    "tool_use": {"type": "tool_use", "id": "", "name": "web_search", "input": {}},
    "image": {
        "type": "image",
        "source": {"type": "url", "url": "https://example.org/i.png"},
    },
}


def block(draw: Any, registers: Mapping[str, Any], events: list[Any]) -> dict[str, Any]:
    """Blocks begin empty, and the ids of tool calls are never used twice."""
    kind = draw(st.sampled_from(sorted(EMPTY)))
    started = {**EMPTY[kind]}
    if kind == "tool_use":
        started["id"] = f"call_{len(events)}_{registers['blocks']}"
    return {"content_block": started}


def delta(draw: Any, registers: Mapping[str, Any], events: list[Any]) -> dict[str, Any]:
    """A tool's input is partial JSON; everything else is drawn."""
    if registers["kind"] != "tool_use":
        return {}
    return json_pieces("json", "delta.partial_json")(draw, registers, events)


def reason(draw: Any, registers: Mapping[str, Any], _: list[Any]) -> dict[str, Any]:
    """A message that asks for tools stops for them."""
    asks = registers["tools"] > 0
    return {"delta.stop_reason": "tool_use" if asks else draw(st.sampled_from(REASONS))}


def response(_: Any, __: Any, events: list[Any]) -> dict[str, Any]:
    """A completed step carries the answer that its events fold to."""
    begun = max(i for i, event in enumerate(events) if event["type"] == "step_start")
    inner = [e["event"] for e in events[begun:] if e["type"] == "stream_event"]
    return {"response": fold_events(SPECIFIED["message"].declaration, inner)}


def append(_: Any, registers: Mapping[str, Any], __: list[Any]) -> dict[str, Any]:
    """The history grows by the answer and, on a tool step, by the results in order."""
    messages: list[dict[str, Any]] = [
        {"role": "assistant", "content": registers["response"]["content"]}
    ]
    if registers["done"]:
        results = [
            {"type": "tool_result", "tool_use_id": identity, "content": []}
            for identity in registers["asked"]
        ]
        messages.append({"role": "user", "content": results})
    return {"append": messages}


HINTS: dict[str, Hint] = {
    "content_block_start": block,
    "content_block_delta": delta,
    "message_delta": reason,
    "step_complete": response,
    "history_delta": append,
}


def asking(
    draw: Any, registers: Mapping[str, Any], events: list[Any]
) -> dict[str, Any]:
    """In a run every other block asks for a tool, or tools would hardly ever run."""
    started = block(draw, registers, events)
    if draw(st.booleans()):
        identity = f"call_{len(events)}_{registers['blocks']}"
        started = {"content_block": {**EMPTY["tool_use"], "id": identity}}
    return started


RUN_HINTS: dict[str, Hint] = {**HINTS, "content_block_start": asking}
