"""The rules of both streams written as plain code, knowing nothing of declarations.

It answers yes or no. Where it and the checker disagree, one of them is wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]
FITTING = {
    "text": {"text_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "tool_use": {"input_json_delta"},
    "server_tool_use": {"input_json_delta"},
}


class Broken(Exception):
    """Something a stream may not do."""


def need(fact: bool) -> None:  # noqa: FBT001
    if not fact:
        raise Broken


@dataclass
class Message:
    """An answer, as far as it has come."""

    started: bool = False
    blocks: list[Event] = field(default_factory=list)
    is_open: bool = False
    pieces: str = ""
    finishing: bool = False
    audio: bool = True
    over: bool = False
    stop_reason: str | None = None

    def take(self, event: Event) -> None:
        """Take the next event."""
        need(not self.over)
        kind = event["type"]
        if not self.started:
            need(kind == "message_start")
            need(event["message"]["content"] == [])
            need(event["message"]["stop_reason"] is None)
            self.started = True
        elif kind == "error":
            self.over = True
        elif kind in ("audio_chunk", "audio_unavailable"):
            need(self.audio)
            final = event.get("is_final", False) or kind == "audio_unavailable"
            self.audio = not final
        elif kind != "ping":
            self.take_part(kind, event)

    def take_part(self, kind: str, event: Event) -> None:
        """Take an event of the answer itself."""
        if self.finishing:
            need(kind == "message_stop")
            self.over = True
        elif kind == "content_block_start":
            need(not self.is_open and event["index"] == len(self.blocks))
            self.blocks.append(event["content_block"])
            self.is_open, self.pieces = True, ""
        elif kind in ("content_block_delta", "content_block_stop"):
            need(self.is_open and event["index"] == len(self.blocks) - 1)
            self.take_block(event)
        else:
            need(kind == "message_delta" and not self.is_open)
            self.finish(event)

    def take_block(self, event: Event) -> None:
        """Take a delta or the end of the open block."""
        block = self.blocks[-1]["type"]
        if event["type"] == "content_block_delta":
            need(event["delta"]["type"] in FITTING.get(block, set()))
            self.pieces += event["delta"].get("partial_json", "")
            return
        if block in ("tool_use", "server_tool_use") and self.pieces:
            need(_is_object(self.pieces))
        self.is_open = False

    def finish(self, event: Event) -> None:
        """Take the stop reason and the usage."""
        usage = event["usage"]
        reason = event["delta"]["stop_reason"]
        asks = any(block["type"] == "tool_use" for block in self.blocks)
        need((reason == "tool_use") == asks)
        need(usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"])
        need(usage.get("cache_read_tokens", 0) <= usage["input_tokens"])
        need(usage.get("cache_write_tokens", 0) <= usage["input_tokens"])
        self.finishing, self.stop_reason = True, reason


def message_is_good(events: list[Event]) -> bool:
    message = Message()
    try:
        need(bool(events) and events[0]["type"] != "ping")
        for event in events:
            message.take(event)
        need(message.over)
    except Broken:
        return False
    return True


@dataclass
class Questions:
    """What people are asked about the tool calls of one step."""

    KINDS = ("approval_requested", "approval_decided")
    asked: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def unanswered(self) -> int:
        """How many questions are open."""
        return len(self.asked) - len(self.answers)

    def take(self, event: Event, *, open_calls: set[str]) -> None:
        """Take a question or an answer."""
        call, approval = event["id"], event["approval_id"]
        if event["type"] == "approval_requested":
            need(call in open_calls and call not in self.asked)
            need(approval not in self.asked.values())
            self.asked[call] = approval
        else:
            need(call in self.asked and call not in self.answers)
            need(approval in self.asked.values() and event["decision"] != "pending")
            self.answers[call] = event["decision"]

    def verdict(self, call: str) -> bool | None:
        """Say whether the call may succeed; None if nobody was asked."""
        if call not in self.asked:
            return None
        need(call in self.answers)
        return self.answers[call] == "approved"


@dataclass
class RunReader:
    """Reads a run from front to back, by cutting it into its steps."""

    events: list[Event]
    at: int = 0
    steps: list[Event] = field(default_factory=list)
    results: int = 0
    length: int | None = None
    last_tools: int = 0
    capped: bool = False
    at_cut: bool = False
    abandoned: bool = False
    unanswered: int = 0

    def peek(self) -> str:
        """Say what comes next."""
        need(self.at < len(self.events))
        return str(self.events[self.at]["type"])

    def pop(self, kind: str) -> Event:
        """Take an event of this kind."""
        need(self.peek() == kind)
        self.at += 1
        return self.events[self.at - 1]

    def read(self) -> None:
        """Read the whole run."""
        self.pop("run_start")
        while self.peek() == "step_start":
            need(not self.capped)
            need(self.pop("step_start")["index"] == len(self.steps))
            if not self.attempt():
                break
        self.end(inside=self.at_cut or self.abandoned)
        need(self.at == len(self.events))

    def attempt(self) -> bool:
        """Read one step or what came of it; False if the run was cut inside it."""
        before = self.results
        whole = self.step()
        self.abandoned = not whole and self.peek() == "step_abandoned"
        if self.abandoned:
            need(self.pop("step_abandoned")["index"] == len(self.steps))
            self.results, self.at_cut = before, False
        return whole or self.abandoned

    def step(self) -> bool:
        """Read one step; False if it does not come to its end."""
        message = Message()
        while self.peek() == "stream_event" and not message.over:
            inner = self.pop("stream_event")["event"]
            need(inner["type"] not in ("ping", "error"))
            message.take(inner)
        self.at_cut = not message.over or self.peek() in ("run_complete", "error")
        if not message.over:
            return False
        asked = [b["id"] for b in message.blocks if b["type"] == "tool_use"]
        begun, done = self.tools(asked if message.stop_reason == "tool_use" else [])
        if self.peek() != "step_complete":
            self.at_cut = True
            return False
        self.at_cut = False
        self.complete(message, asked, begun, done)
        return True

    def tools(self, asked: list[str]) -> tuple[list[str], list[str]]:
        """Read the tool calls of a step: the ids begun and those answered."""
        begun: list[str] = []
        done: list[str] = []
        questions = Questions()
        kinds = ("tool_call_start", "tool_result", *Questions.KINDS)
        while self.peek() in kinds:
            event = self.pop(self.peek())
            need(event["step_index"] == len(self.steps))
            if event["type"] in Questions.KINDS:
                questions.take(event, open_calls=set(begun) - set(done))
            elif event["type"] == "tool_call_start":
                need(event["id"] in asked and event["id"] not in begun)
                begun.append(event["id"])
            else:
                need(event["id"] in begun and event["id"] not in done)
                need(event["is_error"] == (event["error"] is not None))
                need(questions.verdict(event["id"]) is not False or event["is_error"])
                done.append(event["id"])
                self.results += 1
        self.unanswered = questions.unanswered
        return begun, done

    def complete(
        self, message: Message, asked: list[str], begun: list[str], done: list[str]
    ) -> None:
        """Read the end of a step and its history_delta."""
        event = self.pop("step_complete")
        need(event["index"] == len(self.steps))
        need(event["response"]["stop_reason"] == message.stop_reason)
        need(set(begun) == set(done) and len(done) in (0, len(asked)))
        self.steps.append(event)
        self.last_tools, self.capped = len(done), bool(asked) and not done
        history = self.pop("history_delta")
        need(self.length is None or history["expected_len"] == self.length)
        append = history["append"]
        need([m["role"] for m in append] == ["assistant", "user"][: 1 + bool(done)])
        if done:
            need([b.get("tool_use_id") for b in append[1]["content"]] == asked)
        self.length = history["expected_len"] + len(append)

    def end(self, *, inside: bool) -> None:
        """Read the event that ends the run."""
        if self.peek() == "error":
            self.pop("error")
            return
        result = self.pop("run_complete")["result"]
        reason = result["stop_reason"]
        need(not self.unanswered or self.abandoned)
        spent = [step["response"]["usage"] for step in self.steps]
        given = sum(usage["input_tokens"] for usage in spent)
        made = sum(usage["output_tokens"] for usage in spent)
        need(result["turn_count"] == len(result["steps"]) == len(self.steps))
        need(result["tool_call_count"] == self.results)
        need(result["response"] == (self.steps or [{"response": None}])[-1]["response"])
        need(result["usage"]["input_tokens"] == given)
        need(result["usage"]["output_tokens"] == made)
        need(result["usage"]["total_tokens"] == given + made)
        if self.length is not None and "messages" in result:
            need(len(result["messages"]) == self.length)
        if inside:
            need(reason in ("timeout", "cancelled"))
        if reason == "max_tool_calls":
            need(self.capped)
        if reason == "end_turn":
            need(not self.last_tools and not self.capped)
        if reason == "max_turns":
            need(bool(self.last_tools))


def run_is_good(events: list[Event]) -> bool:
    """Say whether a whole run keeps its rules, its request not being known."""
    counted = [event for event in events if event["type"] != "ping"]
    try:
        need(bool(events) and events[0]["type"] != "ping")
        need(events[-1]["type"] != "ping")
        need(len({event["run_id"] for event in counted}) == 1)
        numbers = [event["sequence_number"] for event in counted]
        need(numbers == list(range(1, len(counted) + 1)))
        RunReader(counted).read()
    except Broken:
        return False
    return True


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
