"""Each rule of the run stream is broken alone, and named."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from headgate.contract import Frame, Stream, StreamChecker, check_frames
from tests.contract_streams.recordings import (
    ANSWERING,
    ASKING,
    FAILURE,
    REQUEST,
    Event,
    Run,
    frames,
    message,
    numbered,
    rules,
    run,
    text,
    tool,
    violations,
)

WHOLE = run()
KINDS = [event["type"] for event in WHOLE]
PING = {"type": "ping"}


def at(kind: str, nth: int = 0) -> int:
    """The place of the nth event of a kind in the whole run."""
    return [place for place, name in enumerate(KINDS) if name == kind][nth]


def inner(kind: str, nth: int = 0) -> int:
    """The place of the nth carried event of a kind."""
    places = [
        place
        for place, event in enumerate(WHOLE)
        if event["type"] == "stream_event" and event["event"]["type"] == kind
    ]
    return places[nth]


def edited(place: int, **fields: Any) -> list[Event]:
    """The whole run with fields of one event changed; `a__b` is b within a."""
    events = copy.deepcopy(WHOLE)
    for path, value in fields.items():
        *parents, last = path.split("__")
        target = events[place]
        for parent in parents:
            target = target[parent]
        target[last] = value
    return events


def without(*places: int) -> list[Event]:
    return numbered(e for place, e in enumerate(WHOLE) if place not in places)


def moved(source: int, target: int) -> list[Event]:
    events = [*WHOLE[:source], *WHOLE[source + 1 :]]
    return numbered([*events[:target], WHOLE[source], *events[target:]])


def repeated(place: int) -> list[Event]:
    return numbered([*WHOLE[: place + 1], *WHOLE[place:]])


def carrying(place: int, event: Event) -> list[Event]:
    wrapped = {**WHOLE[inner("message_start")], "event": event}
    return numbered([*WHOLE[:place], wrapped, *WHOLE[place:]])


def ended(stop_reason: str, upto: int) -> list[Event]:
    """A run cut by the server after so many events."""
    made = Run(events=copy.deepcopy(WHOLE[:upto]))
    made.complete(stop_reason)
    return made.events


def dangling(stop_reason: str) -> list[Event]:
    """A run whose last message asks for tools that never ran."""
    made = Run()
    made.start()
    made.open_step(*ASKING)
    made.close_step(*ASKING)
    made.complete(stop_reason)
    return made.events


def one_after_the_other(*order: str) -> list[Event]:
    made = Run()
    made.start()
    made.open_step(*ASKING)
    for identity in order:
        made.begin_tool(identity)
        made.end_tool(identity)
    made.close_step(*ASKING)
    made.open_step(*ANSWERING)
    made.close_step(*ANSWERING)
    made.complete("end_turn")
    return made.events


def after_tools(stop_reason: str) -> list[Event]:
    """A run that ends behind a step whose tools ran."""
    made = Run(events=copy.deepcopy(WHOLE[: at("step_complete")]), results=2)
    made.close_step(*ASKING)
    made.complete(stop_reason)
    return made.events


def wrong_tool() -> list[Event]:
    events = one_after_the_other("a", "b")
    return [
        {**event, "id": "c"}
        if event["type"] in ("tool_call_start", "tool_result") and event["id"] == "b"
        else event
        for event in events
    ]


def unasked_tool() -> list[Event]:
    made = Run()
    made.start()
    made.open_step(*ANSWERING)
    made.begin_tool("a")
    made.end_tool("a")
    made.complete("timeout")
    return made.events


def begun_anew(upto: int) -> Run:
    """A run that was abandoned after so many events and is about to begin anew."""
    made = Run(events=copy.deepcopy(WHOLE[:upto]))
    made.results = KINDS[:upto].count("tool_result")
    made.abandon_step()
    return made


def taken_up(upto: int) -> list[Event]:
    """The same, gone through to its end."""
    made = begun_anew(upto)
    made.open_step(*ASKING)
    made.begin_tool("a")
    made.begin_tool("b")
    made.end_tool("a")
    made.end_tool("b")
    made.close_step(*ASKING)
    made.open_step(*ANSWERING)
    made.close_step(*ANSWERING)
    made.complete("end_turn")
    return made.events


def given_up(stop_reason: str, upto: int) -> list[Event]:
    """A run that ends behind an abandoned step."""
    made = begun_anew(upto)
    made.complete(stop_reason)
    return made.events


def approved(*acts: str) -> list[Event]:
    """A run whose two calls go through these acts, such as `ask a` or `fail b`."""
    made = Run()
    made.start()
    made.open_step(*ASKING)
    made.begin_tool("a")
    made.begin_tool("b")
    for act in acts:
        word, _, identity = act.partition(" ")
        if word == "ask":
            made.ask_about(identity)
        elif word in ("end", "fail"):
            made.end_tool(identity, failed=word == "fail")
        else:
            made.decide_about(identity, word)
    if sum(event["type"] == "tool_result" for event in made.events) < 2:
        made.complete("cancelled")
        return made.events
    made.close_step(*ASKING)
    made.open_step(*ANSWERING)
    made.close_step(*ANSWERING)
    made.complete("end_turn")
    return made.events


def changed(events: list[Event], kind: str, nth: int, **fields: Any) -> list[Event]:
    """A run with fields of the nth event of a kind changed."""
    place = [at for at, event in enumerate(events) if event["type"] == kind][nth]
    return [*events[:place], {**events[place], **fields}, *events[place + 1 :]]


def inserted(place: int, kind: str) -> list[Event]:
    """The whole run with one more event of a kind."""
    made = Run(events=copy.deepcopy(WHOLE[:place]))
    made.add(kind, index=0, reason="gateway_stopped")
    return numbered([*made.events, *WHOLE[place:]])


def counted_from_two() -> list[Event]:
    return [{**e, "sequence_number": e["sequence_number"] + 1} for e in WHOLE]


def failing_inside() -> list[Event]:
    """An error is wrapped, and the run's own error follows as it should."""
    wrapped = carrying(5, {"type": "error", "error": FAILURE})[:6]
    return numbered([*wrapped, ERROR])


def counting(tools: int, events: list[Event]) -> list[Event]:
    """The same run with its result saying so many tool calls."""
    *others, last = copy.deepcopy(events)
    last["result"]["tool_call_count"] = tools
    return [*others, last]


ERROR = {
    "type": "error",
    "run_id": "run_1",
    "sequence_number": len(WHOLE),
    "created_at": "2026-11-21T10:00:00Z",
    "error": FAILURE,
}
SEQUENTIAL = {**REQUEST, "run": {"parallel_tools": False}}
TWO_TURNS = {**REQUEST, "run": {"max_turns": 2}}
HISTORY = at("history_delta")
MODEL = inner("content_block_delta", 2)
LOST = taken_up(MODEL)
LOST_TOOLS = taken_up(at("step_complete"))
LAST = len(WHOLE) - 1

GOOD: list[tuple[str, list[Event], Event | None]] = [
    ("whole", WHOLE, None),
    ("whole, request known", WHOLE, REQUEST),
    ("pings", [WHOLE[0], PING, *WHOLE[1:5], PING, PING, *WHOLE[5:]], None),
    ("timeout in the model", ended("timeout", inner("content_block_delta")), None),
    ("cancelled before a step", ended("cancelled", 1), None),
    ("tool limit", dangling("max_tool_calls"), None),
    ("turn limit", after_tools("max_turns"), {**REQUEST, "run": {"max_turns": 1}}),
    ("one after the other", one_after_the_other("a", "b"), SEQUENTIAL),
    ("abandoned in the model", taken_up(MODEL), REQUEST),
    ("abandoned between answer and tools", taken_up(at("tool_call_start")), REQUEST),
    ("abandoned with a tool open", taken_up(at("tool_result")), REQUEST),
    ("abandoned with all tools answered", taken_up(at("step_complete")), REQUEST),
    ("timeout behind an abandoned step", given_up("timeout", MODEL), None),
    ("cancelled with tools lost", given_up("cancelled", at("step_complete")), None),
    ("one is approved", approved("ask a", "end b", "approved a", "end a"), REQUEST),
    ("one is rejected", approved("ask b", "rejected b", "fail b", "end a"), REQUEST),
    ("both wait", approved("ask a", "ask b", "expired b", "cancelled a"), None),
    ("error after a tool", numbered([*WHOLE[: at("tool_result")], ERROR]), None),
]

BROKEN: list[tuple[str, str, list[Event], Event | None]] = [
    ("R1", "no run_start", without(0), None),
    ("R1", "two starts", repeated(0), None),
    ("R1", "a gap", [*WHOLE[:4], *WHOLE[5:]], None),
    ("R1", "a repeat", [*WHOLE[:5], *WHOLE[4:]], None),
    ("R1", "another run", edited(5, run_id="run_2"), None),
    ("R1", "counts from 2", counted_from_two(), None),
    ("R2", "first step is 1", edited(at("step_start"), index=1), None),
    ("R2", "another step completes", edited(at("step_complete"), index=1), None),
    ("R2", "step within a step", moved(at("step_start", 1), 4), None),
    ("R2", "tool of another step", edited(at("tool_result"), step_index=1), None),
    ("R2", "begins anew as the next", changed(LOST, "step_start", 1, index=1), None),
    ("R2", "another is abandoned", changed(LOST, "step_abandoned", 0, index=1), None),
    ("R2", "nothing to abandon", inserted(1, "step_abandoned"), None),
    ("R3", "the answer has no start", without(inner("message_start")), None),
    ("R3", "a second answer", carrying(at("step_complete"), message()[0]), None),
    (
        "R3",
        "another stop reason",
        edited(at("step_complete"), response__stop_reason="max_tokens"),
        None,
    ),
    ("R4", "ping wrapped", carrying(5, PING), None),
    ("R4", "error wrapped", failing_inside(), None),
    ("R5", "tool while the model speaks", moved(at("tool_call_start"), 5), None),
    ("R5", "tool that nobody asked for", wrong_tool(), None),
    ("R5", "tool without tool_use", unasked_tool(), None),
    ("R5", "started twice", repeated(at("tool_call_start")), None),
    ("R5", "answered twice", counting(3, repeated(at("tool_result"))), None),
    ("R5", "never answered", counting(1, without(at("tool_result"))), None),
    ("R6", "side by side", WHOLE, SEQUENTIAL),
    ("R6", "wrong order", one_after_the_other("b", "a"), SEQUENTIAL),
    ("R7", "failure without error", edited(at("tool_result"), error=None), None),
    ("R7", "error without failure", edited(at("tool_result"), is_error=False), None),
    ("R8", "no history_delta", without(HISTORY), None),
    ("R8", "two history_deltas", repeated(HISTORY), None),
    ("R8", "complete and abandoned", inserted(HISTORY, "step_abandoned"), None),
    (
        "R8",
        "history of an abandoned step",
        numbered([*begun_anew(MODEL).events, WHOLE[HISTORY], ERROR]),
        None,
    ),
    ("R9", "wrong length", edited(HISTORY, expected_len=2), REQUEST),
    ("R9", "does not go on", edited(at("history_delta", 1), expected_len=2), None),
    ("R9", "user first", edited(HISTORY, append=WHOLE[HISTORY]["append"][::-1]), None),
    (
        "R9",
        "an abandoned step leaves something",
        changed(LOST, "history_delta", 0, expected_len=3),
        None,
    ),
    ("R10", "tools of an abandoned step", counting(4, LOST_TOOLS), None),
    ("R10", "turn count", edited(LAST, result__turn_count=1), None),
    ("R10", "tool count", edited(LAST, result__tool_call_count=3), None),
    ("R10", "usage", edited(LAST, result__usage__input_tokens=7), None),
    ("R10", "last response", edited(LAST, result__response=None), None),
    (
        "R11",
        "max_turns without tools",
        edited(LAST, result__stop_reason="max_turns"),
        None,
    ),
    ("R11", "end_turn with tools asked", dangling("end_turn"), None),
    (
        "R11",
        "tool limit not reached",
        edited(LAST, result__stop_reason="max_tool_calls"),
        None,
    ),
    ("R11", "turn limit not reached", after_tools("max_turns"), TWO_TURNS),
    ("R12", "no end", WHOLE[:-1], None),
    ("R12", "two ends", repeated(LAST), None),
    ("R12", "ping after the end", [*WHOLE, PING], None),
    ("R19", "asked twice", approved("ask a", "ask a", "approved a"), None),
    ("R19", "asked too late", approved("end a", "ask a", "approved a", "end b"), None),
    ("R19", "nobody asked", approved("approved a", "end a", "end b"), None),
    ("R19", "decided twice", approved("ask a", "rejected a", "approved a"), None),
    ("R19", "decided as pending", approved("ask a", "pending a"), None),
    ("R19", "not decided", approved("ask a", "end b"), None),
    ("R19", "made while it waits", approved("ask a", "end a", "approved a"), None),
    ("R19", "made though rejected", approved("ask a", "rejected a", "end a"), None),
    (
        "R19",
        "another approval decided",
        changed(
            approved("ask a", "approved a"),
            "approval_decided",
            0,
            approval_id="appr_b",
        ),
        None,
    ),
    ("R13", "end_turn in the model", ended("end_turn", 6), None),
    ("R13", "end_turn when abandoned", given_up("end_turn", MODEL), None),
]


@pytest.mark.parametrize(
    ("events", "request_body"),
    [(events, request) for _, events, request in GOOD],
    ids=[what for what, _, _ in GOOD],
)
def test_a_good_run_breaks_nothing(
    run_stream: Stream, events: list[Event], request_body: Event | None
) -> None:
    """What keeps the rules is not complained about."""
    assert violations(run_stream, events, request_body) == []


@pytest.mark.parametrize(
    ("rule", "events", "request_body"),
    [(rule, events, request) for rule, _, events, request in BROKEN],
    ids=[f"{rule}-{what}" for rule, what, _, _ in BROKEN],
)
def test_a_broken_rule_is_named(
    run_stream: Stream, rule: str, events: list[Event], request_body: Event | None
) -> None:
    """The run breaks one rule and the checker names that one."""
    actual = violations(run_stream, events, request_body)

    assert {v.within[0] if v.within else v.rule for v in actual} == {rule}


def test_every_rule_of_the_declaration_is_broken_somewhere(run_stream: Stream) -> None:
    """No rule of the declaration is without a run that breaks it."""
    listed = {
        name
        for name, rule in run_stream.declaration.rules.items()
        if rule.invariant is None
    }

    assert listed <= {rule for rule, _, _, _ in BROKEN}


def test_a_carried_answer_is_checked_by_its_own_declaration(run_stream: Stream) -> None:
    """A breach inside a step has the answer's rule, and the run's around it."""
    delta = inner("content_block_delta", 3)
    (actual,) = violations(run_stream, edited(delta, event__index=5))

    assert (actual.rule, actual.within, actual.index) == ("M3", ("R3",), delta)


def test_each_step_carries_a_new_answer(run_stream: Stream) -> None:
    """The second answer's blocks count from 0 again."""
    block = inner("content_block_start", 3)

    assert WHOLE[block]["event"]["index"] == 0
    assert rules(run_stream, edited(block, event__index=3)) >= {"M2"}


def test_frame_and_payload_agree(run_stream: Stream) -> None:
    """The frame's name and id are the payload's type and sequence number."""
    good = frames(run_stream, WHOLE)
    renamed = [Frame(good[0].data, "run_begin", "1"), *good[1:]]
    unnumbered = [Frame(good[0].data, "run_start", None), *good[1:]]
    misnumbered = [Frame(good[0].data, "run_start", "01"), *good[1:]]

    actual = [
        [violation.general for violation in check_frames(run_stream, recording)]
        for recording in (good, renamed, unnumbered, misnumbered)
    ]

    assert actual == [[], ["F1"], ["S4"], ["S4"]]


def test_a_ping_has_no_id(run_stream: Stream) -> None:
    """A ping with an id would move the client's cursor."""
    good = frames(run_stream, WHOLE)
    ping = Frame('{"type":"ping"}', "ping", "1")

    actual = check_frames(run_stream, [good[0], ping, *good[1:]])

    assert [violation.rule for violation in actual] == ["F6"]


def test_joined_in_the_middle(run_stream: Stream) -> None:
    """Behind a cursor the sequence and the end are checked, not the order."""
    good = frames(run_stream, WHOLE)
    outcomes: list[list[str]] = []
    for recording in (good[9:], good[10:], good[9:-1], [*good[9:], good[-1]]):
        checker = StreamChecker(run_stream, after=9)
        for frame in recording:
            checker.feed(frame)
        outcomes.append([violation.rule for violation in checker.finish()])

    assert outcomes == [[], ["R1"], ["R12"], ["R12"]]


def test_an_end_has_a_meaning(run_stream: Stream) -> None:
    """The checker says what the terminal event means."""
    meanings: list[str | None] = []
    for events in (WHOLE, GOOD[-1][1], WHOLE[:-1]):
        checker = StreamChecker(run_stream)
        for frame in frames(run_stream, events):
            checker.feed(frame)
        meanings.append(checker.ended)

    assert meanings == ["complete", "failed", None]


def test_a_step_may_ask_for_no_gateway_tool(run_stream: Stream) -> None:
    """A run whose message asks for tools of the client's ends as custom."""
    made = Run()
    made.start()
    made.open_step(text("Over to you."), tool("mine"))
    made.close_step(text("Over to you."), tool("mine"))
    made.complete("custom")

    assert violations(run_stream, made.events, REQUEST) == []
