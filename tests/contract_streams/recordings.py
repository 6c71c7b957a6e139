"""Good streams, made piece by piece, for tests to break."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headgate.contract import Frame, Stream, Violation, check_frames, streams_of
from headgate.contract.checker import frame_of
from headgate.document import load_document

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = ROOT / "spec" / "openapi.yaml"
BUNDLE = load_document(SPECIFICATION).root
SPECIFIED = streams_of(BUNDLE)

Event = dict[str, Any]


def usage(given: int = 3, made: int = 4) -> Event:
    return {
        "input_tokens": given,
        "output_tokens": made,
        "total_tokens": given + made,
    }


def answer(content: list[Event], stop_reason: str | None = None) -> Event:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "mock/script",
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage(),
    }


def text(*pieces: str) -> tuple[Event, list[Event]]:
    """A text block and its deltas."""
    deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
    return {"type": "text", "text": ""}, deltas


def thinking(*pieces: str) -> tuple[Event, list[Event]]:
    """A thinking block and its deltas, signed."""
    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
    deltas.append({"type": "signature_delta", "signature": "c2ln"})
    return {"type": "thinking", "thinking": ""}, deltas


def tool(identity: str, *pieces: str) -> tuple[Event, list[Event]]:
    """A tool_use block and the pieces of its input."""
    block = {"type": "tool_use", "id": identity, "name": "web_search", "input": {}}
    return block, [{"type": "input_json_delta", "partial_json": p} for p in pieces]


def message(*blocks: tuple[Event, list[Event]], stop: str | None = None) -> list[Event]:
    """All events of an answer."""
    asks = any(block["type"] == "tool_use" for block, _ in blocks)
    events: list[Event] = [{"type": "message_start", "message": answer([])}]
    for index, (block, deltas) in enumerate(blocks):
        events.append(
            {"type": "content_block_start", "index": index, "content_block": block}
        )
        events += [
            {"type": "content_block_delta", "index": index, "delta": delta}
            for delta in deltas
        ]
        events.append({"type": "content_block_stop", "index": index})
    reason = stop or ("tool_use" if asks else "end_turn")
    events.append(
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": usage(),
        }
    )
    events.append({"type": "message_stop"})
    return copy.deepcopy(events)


def folded(*blocks: tuple[Event, list[Event]], stop: str) -> Event:
    """The answer that the blocks come to, written down independently."""
    content: list[Event] = []
    for block, deltas in blocks:
        done = dict(block)
        if block["type"] == "tool_use":
            pieces = "".join(delta["partial_json"] for delta in deltas)
            done["input"] = json.loads(pieces or "{}")
        for delta in deltas:
            for key in ("text", "thinking", "signature"):
                if key in delta:
                    done[key] = done.get(key, "") + delta[key]
        content.append(done)
    return answer(content, stop)


REQUEST: Event = {
    "request": {
        "model": "mock/script",
        "messages": [{"role": "user", "content": "What is new?"}],
    },
    "run": {"parallel_tools": True, "max_turns": 8},
}


@dataclass
class Run:
    """Writes a run's events and keeps the counts that its result must show."""

    events: list[Event] = field(default_factory=list)
    steps: list[Event] = field(default_factory=list)
    results: int = 0
    length: int = 1

    def add(self, kind: str, **fields: Any) -> None:
        """Write the next event."""
        self.events.append(
            {
                "type": kind,
                "run_id": "run_1",
                "sequence_number": len(self.events) + 1,
                "created_at": "2026-11-21T10:00:00Z",
                **copy.deepcopy(fields),
            }
        )

    def start(self) -> None:
        """Begin the run."""
        self.add(
            "run_start",
            request_id="req_1",
            model="mock/script",
            protocol_version="1",
            resumed=False,
        )

    def open_step(self, *blocks: tuple[Event, list[Event]]) -> None:
        """Begin a step and stream its answer."""
        self.add("step_start", index=len(self.steps))
        for event in message(*blocks):
            self.add("stream_event", event=event)

    def begin_tool(self, identity: str) -> None:
        """Call a tool."""
        self.add(
            "tool_call_start",
            step_index=len(self.steps),
            id=identity,
            name="web_search",
            input={},
        )

    def ask_about(self, identity: str) -> None:
        """Ask a person about a tool call."""
        self.add(
            "approval_requested",
            step_index=len(self.steps),
            id=identity,
            name="web_search",
            approval_id=f"appr_{identity}",
            policy_name="Careful",
            expires_at="2026-11-21T10:10:00Z",
        )

    def decide_about(self, identity: str, decision: str = "approved") -> None:
        """Tell what the person said."""
        self.add(
            "approval_decided",
            step_index=len(self.steps),
            id=identity,
            approval_id=f"appr_{identity}",
            decision=decision,
            reason=None,
        )

    def end_tool(self, identity: str, *, failed: bool = False) -> None:
        """Answer a tool call."""
        self.results += 1
        self.add(
            "tool_result",
            step_index=len(self.steps),
            id=identity,
            name="web_search",
            content=[{"type": "text", "text": "found"}],
            is_error=failed,
            error=FAILURE if failed else None,
        )

    def abandon_step(self) -> None:
        """Give the open step up, with the answers of its tools."""
        begun = max(
            at for at, event in enumerate(self.events) if event["type"] == "step_start"
        )
        self.results -= sum(e["type"] == "tool_result" for e in self.events[begun:])
        self.add("step_abandoned", index=len(self.steps), reason="gateway_lost")

    def close_step(self, *blocks: tuple[Event, list[Event]]) -> None:
        """End a step and hand its messages to the history."""
        ran = [e["id"] for e in self.events if e["type"] == "tool_result"]
        asked = [block["id"] for block, _ in blocks if block["type"] == "tool_use"]
        done = [identity for identity in asked if identity in ran]
        response = folded(*blocks, stop="tool_use" if asked else "end_turn")
        step = {
            "index": len(self.steps),
            "response": response,
            "tool_calls": [],
            "tool_results": [],
            "duration_ms": 5,
        }
        self.add(
            "step_complete", index=len(self.steps), response=response, duration_ms=5
        )
        self.steps.append(step)
        append = [{"role": "assistant", "content": response["content"]}]
        if done:
            results = [
                {"type": "tool_result", "tool_use_id": identity, "content": []}
                for identity in done
            ]
            append.append({"role": "user", "content": results})
        self.add("history_delta", expected_len=self.length, append=append)
        self.length += len(append)

    def complete(self, stop_reason: str) -> None:
        """End the run, with the counts that were kept."""
        count = len(self.steps)
        self.add(
            "run_complete",
            result={
                "response": self.steps[-1]["response"] if self.steps else None,
                "steps": self.steps,
                "tool_call_count": self.results,
                "turn_count": count,
                "usage": usage(3 * count, 4 * count),
                "stop_reason": stop_reason,
            },
        )


FAILURE: Event = {
    "type": "timeout_error",
    "code": "tool_timeout",
    "message": "The tool took too long.",
    "param": None,
    "request_id": "req_1",
    "standard_code": "E3003",
    "retryable": True,
}
ASKING = (thinking("Let me ", "look."), tool("a", '{"q": ', '"x"}'), tool("b"))
ANSWERING = (text("Here ", "it is."),)


def run() -> list[Event]:
    """A run of two steps, the first of which calls two tools side by side."""
    made = Run()
    made.start()
    made.open_step(*ASKING)
    made.begin_tool("a")
    made.begin_tool("b")
    made.end_tool("b", failed=True)
    made.end_tool("a")
    made.close_step(*ASKING)
    made.open_step(*ANSWERING)
    made.close_step(*ANSWERING)
    made.complete("end_turn")
    return made.events


def numbered(events: Iterable[Event]) -> list[Event]:
    """The same events, counted anew."""
    renewed: list[Event] = []
    for event in events:
        if "sequence_number" in event:
            count = sum("sequence_number" in other for other in renewed)
            renewed.append({**event, "sequence_number": count + 1})
        else:
            renewed.append(event)
    return renewed


def frames(stream: Stream, events: Iterable[Event]) -> list[Frame]:
    return [frame_of(stream.declaration, event) for event in events]


def violations(
    stream: Stream, events: Iterable[Event], request: Event | None = None
) -> list[Violation]:
    return check_frames(stream, frames(stream, events), request=request)


def rules(
    stream: Stream, events: Iterable[Event], request: Event | None = None
) -> set[str]:
    """The names of the rules that events break."""
    return {violation.rule for violation in violations(stream, events, request)}
