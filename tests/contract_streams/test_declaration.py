"""What is wrong with a declaration is said, each thing where it stands."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from headgate.contract.reading import read_declaration
from headgate.contract.stream import DeclarationError, read_declarations, streams_of
from tests.contract_streams.recordings import BUNDLE

JOB = """
event: {$ref: '#/components/schemas/JobEvent'}
states:
  before: {started: {to: running}}
  running:
    progress:
      require: {J1: event.done > done && event.done <= 100}
      set: {done: event.done}
    finished: {to: end, require: {J2: done == 100}}
registers: {done: 0}
from_any: {error: failed}
ends: {end: complete, failed: failed}
heartbeats: [ping]
error: {event: error, at: error}
fold:
  into: {$ref: '#/components/schemas/Job'}
  started: [{set: '', from: job}]
  progress: [{set: done, from: done}]
deltas:
  note: {event: progress, at: note}
rules:
  J1: Progress only grows.
  J2: A job finishes at 100 percent.
"""


def event(name: str, **properties: Any) -> dict[str, Any]:
    constant = {"type": {"type": "string", "const": name}}
    return {"type": "object", "properties": {**constant, **properties}}


SCHEMAS: dict[str, Any] = {
    "JobEvent": {
        "oneOf": [
            event("started", job={"$ref": "#/components/schemas/Job"}),
            event("progress", done={"type": "integer"}, note={"type": "string"}),
            event("finished"),
            event("error", error={"type": "object"}),
            event("ping"),
        ]
    },
    "Job": {
        "type": "object",
        "properties": {
            "done": {"type": "integer"},
            "parts": {"type": "array", "items": {"type": "string"}},
        },
    },
}


def document(declaration: Any) -> dict[str, Any]:
    return {
        "components": {"schemas": SCHEMAS},
        "x-streams": {"job": declaration},
    }


def job(path: str = "", value: Any = None) -> Any:
    """The job stream with one part changed, or taken away (`value` absent)."""
    declaration = yaml.safe_load(JOB)
    if not path:
        return declaration
    *parents, last = path.split("/")
    target = declaration
    for parent in parents:
        target = target[int(parent) if isinstance(target, list) else parent]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return declaration


CASES: list[tuple[Any, str, str, str]] = [
    (job("states/before/started/to", "runing"), "stream-state",
     "states/before/started/to", "there is no state 'runing'"),
    (job("start", "nowhere"), "stream-state", "start", "there is no state 'nowhere'"),
    (job("states/idle", {"progress": {"to": "running"}}), "stream-unreachable",
     "states/idle", "nothing leads to 'idle'"),
    (job("ends/cancelled", "failed"), "stream-unreachable", "ends/cancelled",
     "nothing leads to 'cancelled'"),
    (job("states/before/progress", {"to": "stuck"}) | {}, "stream-state",
     "states/before/progress/to", "there is no state 'stuck'"),
    (job("ends"), "stream-ends", "", "no state ends the stream: declare 'ends'"),
    (job("from_any/error", "running"), "stream-ends", "from_any/error",
     "'running' is not one of 'ends'"),
    (job("states/end", {"progress": {}}), "stream-ends", "states/end",
     "the stream is over in 'end': it admits nothing"),
    (job("states/running/finished/require", {"J2": "done =="}), "stream-expression",
     "states/running/finished/require/J2", "Failed to parse"),
    (job("states/running/finished/require", {"J2": "pace == 1"}), "stream-expression",
     "states/running/finished/require/J2", "there is no register 'pace'"),
    (job("states/running/finished/require", {"J2": "sum(done) == 1"}),
     "stream-expression", "states/running/finished/require/J2",
     "there is no function 'sum'"),
    (job("states/running/progress/set", {"pace": "1"}), "stream-register",
     "states/running/progress/set/pace", "there is no register 'pace'"),
    (job("registers/event", 1), "stream-register", "registers/event",
     "'event' has a meaning of its own"),
    (job("rules/J3", "Nobody asks for this."), "stream-rule", "rules/J3",
     "nothing checks 'J3'"),
    (job("rules/J1"), "stream-rule", "states/running/progress/require/J1",
     "'J1' is not listed in 'rules'"),
    (job("rules/J2", {"text": "x", "covers": ["S99"]}), "stream-rule",
     "rules/J2/covers", "there is no general rule 'S99'"),
    (job("rules/J2", {"text": "x", "invariant": "magic"}), "stream-invariant",
     "rules/J2/invariant", "there is no invariant 'magic'"),
    (job("always", {"stopped": {}}), "stream-event", "always/stopped",
     "no state admits 'stopped'"),
    (job("states/running/stopped", {"to": "end"}), "stream-event",
     "states/running/stopped", "no schema describes 'stopped'"),
    (job("heartbeats", []), "stream-event", "event",
     "no state admits the event 'ping'"),
    (job("fold/progress", [{"set": "pace", "from": "done"}]), "stream-fold",
     "fold/progress/0/set", "the folded object has no 'pace'"),
    (job("fold/progress", [{"set": "done", "from": "pace"}]), "stream-fold",
     "fold/progress/0/from", "progress has no 'pace'"),
    (job("fold/progress", [{"append": "parts[nr]", "from": "note"}]), "stream-fold",
     "fold/progress/0/append", "progress has no 'nr' to index with"),
    (job("fold/progress", [{"append": "parts[", "from": "note"}]), "stream-path",
     "fold/progress/0/append", "'parts[' is not a path"),
    (job("fold/progress", [{"add": "parts", "from": "note"}]), "stream-shape",
     "fold/progress/0", "expected 'from' and one of: set, merge, append, append_json"),
    (job("deltas/note", {"nested": "progress"}), "stream-nested",
     "deltas/note/nested", "'progress' carries no nested stream"),
    (job("nested", {"progress": {"stream": "x", "at": "note"}}), "stream-nested",
     "nested/progress/stream", "there is no stream 'x'"),
    (job("resume", {"operation": "jobs.events"}), "stream-resume", "resume",
     "a stream that resumes needs a 'sequence'"),
    (job("framing", "xml"), "stream-shape", "framing",
     "'xml' is none of: sse, jsonl, json-seq"),
    (job("sates", {}), "stream-unknown-key", "sates", "'sates' means nothing here"),
    (job("states/running/progress/when", "true"), "stream-unknown-key",
     "states/running/progress/when", "'when' means nothing here"),
    (job("states/running/progress", [1]), "stream-shape", "states/running/progress",
     "expected an object, not a list"),
]  # fmt: skip


def test_a_sound_declaration_has_no_problems() -> None:
    """The example of the guide is sound."""
    assert read_declarations(document(job()))[1] == ()


@pytest.mark.parametrize(
    ("declaration", "code", "place", "message"),
    CASES,
    ids=[
        f"{code}-{place or 'root'}-{n}" for n, (_, code, place, _) in enumerate(CASES)
    ],
)
def test_a_problem_is_said_where_it_stands(
    declaration: Any, code: str, place: str, message: str
) -> None:
    """Code, pointer and words of a mistake."""
    problems = read_declarations(document(declaration))[1]

    pointer = "#/x-streams/job" + (f"/{place}" if place else "")
    found = [p.message for p in problems if (p.code, p.pointer) == (code, pointer)]
    assert [m for m in found if m.startswith(message)] != [], problems


def test_dead_ends_are_found() -> None:
    """A state from which no event leads to an end is a mistake."""
    declaration = job("from_any")
    del declaration["ends"]["failed"]
    del declaration["error"]
    declaration["states"]["running"]["error"] = {"to": "stuck"}
    declaration["states"]["stuck"] = {"progress": {}}

    problems = read_declarations(document(declaration))[1]

    assert [(p.code, p.pointer) for p in problems] == [
        ("stream-dead-end", "#/x-streams/job/states/stuck")
    ]


def test_all_problems_are_said_at_once() -> None:
    """A declaration with three mistakes has three problems."""
    declaration = job("states/before/started/to", "runing")
    declaration["registers"]["request"] = 1
    declaration["rules"]["J9"] = "Idle."

    problems = read_declarations(document(declaration))[1]

    codes = {problem.code for problem in problems}
    assert codes >= {"stream-state", "stream-register", "stream-rule"}
    with pytest.raises(DeclarationError):
        streams_of(document(declaration))


def test_anything_at_all_can_be_read() -> None:
    """No JSON where a declaration should be ends in a traceback."""
    every: list[Any] = [None, 1, "x", [], [1], {}, {"a": 1}, {"a": {"b": [{}]}}]
    for key in job():
        for junk in every:
            declaration = copy.deepcopy(job())
            declaration[key] = junk
            read_declaration("job", declaration)


STREAMS = {"message", "run", "chat", "workspace", "audit"}


def test_the_specification_is_sound() -> None:
    """Our own streams have no problems."""
    declared, problems = read_declarations(BUNDLE)

    assert (set(declared), problems) == (STREAMS, ())


def test_every_rule_of_the_specification_is_checked() -> None:
    """The rules that were asked for are all there."""
    declared, _ = read_declarations(BUNDLE)

    messages = {f"M{n}" for n in range(1, 10)} | {"M12"}
    runs = {f"R{n}" for n in range(1, 18)}
    assert messages <= set(declared["message"].rules)
    workspaces = {f"W{n}" for n in range(1, 7)}
    assert runs <= set(declared["run"].rules)
    assert workspaces <= set(declared["workspace"].rules)
