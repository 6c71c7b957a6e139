"""What a run has come to so far: its steps, its conversation, its counters."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from headgate_gateway.events import add_usage, usage_of
from headgate_gateway.json import JsonObject


def as_blocks(content: str | Sequence[JsonObject]) -> list[JsonObject]:
    """A message's content as blocks, however the caller wrote it."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [_with_block_content(block) for block in content]


def _with_block_content(block: JsonObject) -> JsonObject:
    if block["type"] != "tool_result":
        return block
    content = block.get("content", [])
    return {**block, "content": as_blocks(content) if content else []}


@dataclass(slots=True)
class ToolOutcome:
    """What one tool call gave back."""

    call: JsonObject
    """The ``tool_use`` block."""
    content: list[JsonObject]
    error: JsonObject | None
    duration_ms: int

    def as_result(self) -> JsonObject:
        """The ``ToolResult`` of a step."""
        return {
            "tool_use_id": self.call["id"],
            "content": self.content,
            "is_error": self.error is not None,
            "error": self.error,
        }

    def as_block(self) -> JsonObject:
        """The ``tool_result`` block that the model reads."""
        return {
            "type": "tool_result",
            "tool_use_id": self.call["id"],
            "content": self.content,
            "is_error": self.error is not None,
        }


@dataclass(slots=True)
class Progress:
    """The steps taken and the conversation they led to."""

    messages: list[JsonObject]
    """The request's messages, then what the steps appended."""
    steps: list[JsonObject] = field(default_factory=list[JsonObject])
    usage: JsonObject = field(default_factory=lambda: usage_of(0, 0))
    tool_calls: int = 0
    """Tool calls answered."""

    def complete_step(
        self, response: JsonObject, outcomes: Sequence[ToolOutcome], *, duration_ms: int
    ) -> tuple[JsonObject, JsonObject]:
        """Take a step in; gives its ``step_complete`` and ``history_delta`` events."""
        index = len(self.steps)
        self.steps.append(
            {
                "index": index,
                "response": response,
                "tool_calls": [_as_call(outcome.call) for outcome in outcomes],
                "tool_results": [outcome.as_result() for outcome in outcomes],
                "duration_ms": duration_ms,
            }
        )
        self.usage = add_usage(self.usage, response["usage"])
        appended: list[JsonObject] = [
            {"role": "assistant", "content": response["content"]}
        ]
        if outcomes:
            blocks = [outcome.as_block() for outcome in outcomes]
            appended.append({"role": "user", "content": blocks})
        length = len(self.messages)
        self.messages.extend(appended)
        return (
            {
                "type": "step_complete",
                "index": index,
                "response": response,
                "duration_ms": duration_ms,
            },
            {"type": "history_delta", "expected_len": length, "append": appended},
        )

    def result(self, stop_reason: str) -> JsonObject:
        """The ``RunResult``."""
        return {
            "response": self.steps[-1]["response"] if self.steps else None,
            "steps": self.steps,
            "tool_call_count": self.tool_calls,
            "turn_count": len(self.steps),
            "usage": self.usage,
            "stop_reason": stop_reason,
            "messages": [
                {"role": message["role"], "content": as_blocks(message["content"])}
                for message in self.messages
            ],
        }

    def counters(self) -> dict[str, Any]:
        """The columns of the run that follow its steps."""
        return {
            "usage": self.usage,
            "turn_count": len(self.steps),
            "tool_call_count": self.tool_calls,
        }


def _as_call(block: JsonObject) -> JsonObject:
    return {"id": block["id"], "name": block["name"], "input": block["input"]}
