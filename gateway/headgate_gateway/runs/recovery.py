"""What the events of a run say about where it stands, when its process is gone."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from headgate_gateway.clock import parse_rfc3339
from headgate_gateway.events import MessageFold
from headgate_gateway.json import JsonObject, loads
from headgate_gateway.runs.steps import Progress, ToolOutcome
from headgate_gateway.store.runs import StoredEvent


@dataclass(frozen=True, slots=True)
class AskedApproval:
    """What a person was asked about a tool call, and what became of it."""

    approval_id: str
    decision: str | None = None
    reason: str | None = None
    timeout_s: int | None = None


@dataclass(slots=True)
class OpenStep:
    """A step that was begun and not completed."""

    index: int
    fold: MessageFold = field(default_factory=MessageFold)
    begun: set[str] = field(default_factory=set[str])
    """The tool calls that were started."""
    outcomes: dict[str, ToolOutcome] = field(default_factory=dict[str, ToolOutcome])
    """The tool calls that were answered."""
    asked: dict[str, AskedApproval] = field(default_factory=dict[str, AskedApproval])
    """The tool calls that a person has, or had, to agree to."""
    interrupted: frozenset[str] = frozenset()
    """The tool calls that were in flight when the process was lost."""
    began: float = field(default_factory=time.monotonic)

    @property
    def calls(self) -> list[JsonObject]:
        """The answer's tool calls."""
        return tool_calls(self.fold.message)


@dataclass(slots=True)
class Recovered:
    """Where a run stands."""

    progress: Progress
    started: bool = False
    step: OpenStep | None = None
    tool_uses: Counter[str] = field(default_factory=Counter[str])
    """How often each tool was called to an end."""
    last_sequence: int = 0
    last_event_at: int | None = None
    """When the newest event happened, in milliseconds since the epoch."""
    waits: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """When people were waited for: from, to; milliseconds since the epoch."""
    waiting_since: int | None = None

    def take(self, stored: StoredEvent) -> None:
        """Take the next event of the log in."""
        event: JsonObject = loads(stored.data)
        self.last_sequence = stored.sequence
        self.last_event_at = parse_rfc3339(event["created_at"])
        match event["type"]:
            case "run_start":
                self.started = True
            case "step_start":
                self.step = OpenStep(event["index"])
            case "step_abandoned":
                self._abandon()
            case "step_complete":
                self._complete(event)
            case _:
                self._inside(event)

    def _inside(self, event: JsonObject) -> None:
        """An event inside a step."""
        if self.step is None:
            return
        match event["type"]:
            case "stream_event":
                self.step.fold.add(event["event"])
            case "tool_call_start":
                self.step.begun.add(event["id"])
            case "approval_requested":
                self._ask(self.step, event)
            case "approval_decided":
                self._decide(self.step, event)
            case "tool_result":
                self.step.outcomes[event["id"]] = self._outcome(self.step, event)
                self.progress.tool_calls += 1
                self.tool_uses[event["name"]] += 1
            case _:
                pass

    def _ask(self, step: OpenStep, event: JsonObject) -> None:
        step.asked[event["id"]] = AskedApproval(event["approval_id"])
        if self.waiting_since is None:
            self.waiting_since = self.last_event_at

    def _decide(self, step: OpenStep, event: JsonObject) -> None:
        step.asked[event["id"]] = AskedApproval(
            event["approval_id"], event["decision"], event["reason"]
        )
        waits = any(asked.decision is None for asked in step.asked.values())
        if self.waiting_since is not None and not waits:
            self.waits.append((self.waiting_since, self.last_event_at or 0))
            self.waiting_since = None

    def _abandon(self) -> None:
        """Let what the open step did count no longer."""
        if self.step is not None:
            self.progress.tool_calls -= len(self.step.outcomes)
        self.step = None

    def _complete(self, event: JsonObject) -> None:
        step, self.step = self.step, None
        if step is None:
            return
        answered = [call["id"] for call in step.calls if call["id"] in step.outcomes]
        outcomes = [step.outcomes[call_id] for call_id in answered]
        self.progress.complete_step(
            event["response"], outcomes, duration_ms=event["duration_ms"]
        )

    @staticmethod
    def _outcome(step: OpenStep, event: JsonObject) -> ToolOutcome:
        [call] = [call for call in step.calls if call["id"] == event["id"]]
        return ToolOutcome(
            call, event["content"], event["error"], event.get("duration_ms", 0)
        )


def recover(request: JsonObject, events: Iterable[StoredEvent]) -> Recovered:
    """Where the run of this ``RunMessageRequest`` stands after these events."""
    recovered = Recovered(Progress(messages=list(request["messages"])))
    for event in events:
        recovered.take(event)
    if recovered.step is not None:
        step = recovered.step
        held = {
            call_id
            for call_id, asked in step.asked.items()
            if asked.decision != "approved"
        }
        step.interrupted = frozenset(step.begun - step.outcomes.keys() - held)
    return recovered


def tool_calls(message: JsonObject) -> list[JsonObject]:
    """The ``tool_use`` blocks of a message."""
    content: list[JsonObject] = message.get("content", [])
    return [block for block in content if block["type"] == "tool_use"]
