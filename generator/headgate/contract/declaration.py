"""What a stream declaration says, typed: its order, its fold, how it resumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from headgate.contract.expressions import Expression, Value
from headgate.document.json_values import JsonObject
from headgate.ir.streams import Accumulation

Framing = Literal["sse", "jsonl", "json-seq"]
Meaning = Literal["complete", "failed"]
Answer = Literal["finished", "unknown", "expired"]
ActionKind = Literal["set", "merge", "append", "append_json"]

EVERY_EVENT = "*"

GENERAL_RULES = {
    "F1": "the frame's event name equals the payload's discriminator",
    "F2": "the data is one JSON object with a discriminator that is a string",
    "F6": "a heartbeat has no id and is not the first event",
    "S2": "the bytes are well-formed frames",
    "S3": "every event is declared and valid by its JSON Schema",
    "S4": "the sequence has no gap and no repeat and equals the frame's id",
    "S5": "every event is one that the current state admits",
    "S6": "the stream ends with a terminal event",
    "S19": "nothing follows the terminal event",
}

INVARIANTS = frozenset(
    {
        "fold_equals_answer",
        "result_equals_answer",
        "snapshots_equal_folds",
        "replay_identical",
        "cursor_answers",
        "outlives_client",
        "ends_within",
        "status_agrees",
    }
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be true of an event, and the rule that it breaks if not."""

    rule: str
    test: Expression


@dataclass(frozen=True, slots=True)
class Effect:
    """Conditions on an event and the registers it changes."""

    require: tuple[Condition, ...] = ()
    set: Mapping[str, Value] = field(default_factory=dict[str, Value])


@dataclass(frozen=True, slots=True)
class Transition:
    """What an event does in a state: `to` is absent where the state stays.

    `ended` is where the stream goes once the nested stream in the event has ended.
    """

    effect: Effect
    to: str | None = None
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's sentence, and what breaks it besides the conditions named after it."""

    text: str
    states: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    invariant: str | None = None


@dataclass(frozen=True, slots=True)
class Nested:
    """An event that carries, in the field `at`, the events of another stream.

    `snapshot` is an event and the field in it that holds what they fold to.
    """

    stream: str
    at: str
    rule: str | None
    request: Value | None
    snapshot: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Key:
    """A path's step to a field."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """A path's step to the list item whose number the event carries at `by`."""

    by: tuple[str, ...]


PathStep: TypeAlias = Key | Index


@dataclass(frozen=True, slots=True)
class Action:
    """One thing an event does to the folded object; () is the whole."""

    kind: ActionKind
    target: tuple[PathStep, ...]
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoldRule:
    """The actions of an event, where the event's field `by` has the value `tag`."""

    event: str
    by: tuple[str, ...]
    tag: str | None
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """How the events of a stream build one object."""

    into: str | None
    rules: tuple[FoldRule, ...]
    accumulation: Accumulation | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """A named text inside events; `nested` takes it from the carried stream."""

    event: str | None
    by: tuple[str, ...]
    tag: str | None
    at: tuple[str, ...]
    nested: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """An object that comes in pieces: from `begin` to `end`, its JSON in `text`.

    `nested` names the event that carries another stream's; then the rest is that
    stream's own. `discarded_by` names the events that drop what has not ended.
    """

    begin: str | None
    text: str | None
    end: str | None
    nested: str | None
    discarded_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resume:
    """How a cut stream goes on, and what the answers mean."""

    operation: str
    parameters: Mapping[str, str]
    query: str | None
    header: str | None
    statuses: Mapping[int, Answer]


@dataclass(frozen=True, slots=True)
class Declaration:
    """One stream's declaration. Texts are the specification's own spelling."""

    name: str
    event: str | None
    framing: Framing
    named: bool
    discriminator: str | None
    kinds: Mapping[str, Expression]
    sentinel: str | None
    start: str
    states: Mapping[str, Mapping[str, Transition]]
    registers: Mapping[str, Value]
    always: Mapping[str, Effect]
    anywhere: Mapping[str, Effect]
    heartbeats: frozenset[str]
    from_any: Mapping[str, Transition]
    ends: Mapping[str, Meaning]
    error: tuple[str, tuple[str, ...]] | None
    sequence: str | None
    resume: Resume | None
    nested: Mapping[str, Nested]
    fold: Fold | None
    deltas: Mapping[str, Delta]
    calls: Mapping[str, Call]
    rules: Mapping[str, Rule]
    data: JsonObject

    def is_terminal(self, state: str) -> bool:
        """Say whether the stream is over in this state."""
        return state in self.ends

    def transition(self, state: str, event: str) -> Transition | None:
        """Give what an event does in a state, None where it is out of place."""
        found = self.states.get(state, {}).get(event)
        if found is not None or state == self.start or state in self.ends:
            return found
        if event in self.from_any:
            return self.from_any[event]
        effect = self.anywhere.get(event)
        return None if effect is None else Transition(effect)

    def events(self) -> frozenset[str]:
        """Give the names of all events that are admitted somewhere."""
        named = {event for events in self.states.values() for event in events}
        return frozenset(named | set(self.from_any) | set(self.anywhere)) | (
            self.heartbeats
        )

    def name_of(self, general: str) -> str:
        """Give this stream's own name for a general rule."""
        for name, rule in self.rules.items():
            if general in rule.covers:
                return name
        return general

    def misplaced(self, state: str, event: str) -> str:
        """Give the rule that an event breaks by being out of place in a state."""
        for name, rule in self.rules.items():
            if state in rule.states:
                return name
        for name, rule in self.rules.items():
            if event in rule.events:
                return name
        return self.name_of("S5")
