"""What no state and no condition can say is said by functions over recordings."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from headgate.contract import Frame, Stream, invariants
from headgate.contract.declaration import INVARIANTS
from headgate.contract.invariants import Cursor, Recording
from tests.contract_streams.recordings import (
    ANSWERING,
    ASKING,
    SPECIFIED,
    Event,
    Run,
    folded,
    frames,
    message,
    run,
)

MESSAGE, RUN = SPECIFIED["message"], SPECIFIED["run"]
WHOLE = run()
STATUSES = {"timeout": "timed_out", "cancelled": "cancelled", "": "completed"}


def recording(stream: Stream, events: list[Event]) -> Recording:
    return Recording(stream, tuple(frames(stream, events)))


def named(found: list[Any]) -> list[str]:
    return [violation.rule for violation in found]


def test_every_named_invariant_is_a_function() -> None:
    """A declaration can name what exists, and all of it."""
    assert {name for name in INVARIANTS if hasattr(invariants, name)} == INVARIANTS


def test_fold_equals_answer() -> None:
    """M12: ids may differ, words may not."""
    recorded = recording(MESSAGE, message(*ASKING))
    answer = folded(*ASKING, stop="tool_use")
    renamed = {**answer, "id": "msg_2"}
    shortened = copy.deepcopy(answer)
    shortened["content"][0]["thinking"] = "Let me"

    actual = [
        invariants.fold_equals_answer(recorded, other)
        for other in (answer, renamed, shortened)
    ]

    assert [named(found) for found in actual] == [[], [], ["M12"]]
    assert "content[0].thinking" in actual[2][0].message


def test_a_stream_that_does_not_fold_is_a_violation() -> None:
    """A delta for a block that is not there cannot be folded."""
    events = [e for e in message(*ANSWERING) if e["type"] != "content_block_start"]

    found = invariants.fold_equals_answer(recording(MESSAGE, events), None)

    assert named(found) == ["M12"]


def test_result_equals_answer() -> None:
    """R14: the result inside run_complete is the blocking call's."""
    result = WHOLE[-1]["result"]
    other = {**result, "tool_call_count": 3}

    actual = [
        named(invariants.result_equals_answer(recording(RUN, WHOLE), answer))
        for answer in (result, other)
    ]

    assert actual == [[], ["R14"]]


def test_snapshots_equal_folds() -> None:
    """A completed step carries what its own events fold to."""
    kinds = [event["type"] for event in WHOLE]
    place = kinds.index("step_complete")
    changed = copy.deepcopy(WHOLE)
    changed[place]["response"]["content"][0]["thinking"] = "Hm."

    found = invariants.snapshots_equal_folds(recording(RUN, changed))

    assert invariants.snapshots_equal_folds(recording(RUN, WHOLE)) == []
    assert [(v.rule, v.index) for v in found] == [("R3", place)]


def test_an_abandoned_step_is_in_no_snapshot() -> None:
    """What an abandoned step said is not part of the whole that follows it."""
    made = Run()
    made.start()
    made.open_step(*ASKING)
    made.abandon_step()
    made.open_step(*ANSWERING)
    made.close_step(*ANSWERING)
    made.complete("end_turn")
    cut = [*made.events[:6], *made.events[8:]]

    found = [
        invariants.snapshots_equal_folds(recording(RUN, events))
        for events in (made.events, cut)
    ]

    assert found == [[], []]


def test_replay_identical() -> None:
    """R15: a replay is the same bytes; pings are not replayed."""
    good = frames(RUN, WHOLE)
    first = Recording(RUN, (good[0], Frame('{"type":"ping"}', "ping"), *good[1:]))
    spaced = Frame(good[9].data.replace(":", ": ", 1), good[9].event, good[9].id)
    replays = [
        good[5:],
        [*good[5:8], *first.frames[1:2], *good[8:]],
        good[4:],
        good[6:],
        good[5:-1],
        [*good[5:9], spaced, *good[10:]],
    ]

    actual = [
        named(invariants.replay_identical(first, Recording(RUN, tuple(r)), after=5))
        for r in replays
    ]

    assert actual == [[], [], ["R15"], ["R15"], ["R15"], ["R15"]]


@pytest.mark.parametrize(
    ("cursor", "good", "bad"),
    [
        ("conflicting", 400, 200),
        ("malformed", 400, 422),
        ("finished", 204, 200),
        ("unknown", 404, 403),
        ("expired", 410, 404),
    ],
)
def test_cursor_answers(cursor: Cursor, good: int, bad: int) -> None:
    """R16: each odd cursor has its status."""
    assert named(invariants.cursor_answers(RUN, {cursor: good})) == []
    assert named(invariants.cursor_answers(RUN, {cursor: bad})) == ["R16"]


def test_outlives_client() -> None:
    """R17: a run goes on to its end when the first reader leaves."""
    left = recording(RUN, WHOLE[:6])
    cancelled = Run(events=copy.deepcopy(WHOLE[:8]))
    cancelled.complete("cancelled")
    wholes = [WHOLE, WHOLE[:9], cancelled.events, WHOLE[:6], [WHOLE[0], *WHOLE]]

    actual = [
        named(
            invariants.outlives_client(
                left,
                recording(RUN, events),
                unlike={"result.stop_reason": "cancelled"},
            )
        )
        for events in wholes
    ]

    assert actual == [[], ["R17"], ["R17"], ["R17"], ["R17"]]


def test_ends_within() -> None:
    """R13: a cancel ends the stream soon."""
    good = tuple(frames(RUN, WHOLE))
    recordings = [
        Recording(RUN, good, (*[0.0] * (len(good) - 1), 11.5)),
        Recording(RUN, good, (*[0.0] * (len(good) - 1), 12.5)),
        Recording(RUN, good[:-1], (0.0,) * (len(good) - 1)),
    ]

    actual = [named(invariants.ends_within(r, asked_at=10.0)) for r in recordings]

    assert actual == [[], ["R13"], ["R13"]]


def test_status_agrees() -> None:
    """R18: the status read afterwards is what the last event said."""
    timed_out = Run(events=copy.deepcopy(WHOLE[:5]))
    timed_out.complete("timeout")
    cases = [
        (WHOLE, "completed"),
        (WHOLE, "cancelled"),
        (timed_out.events, "timed_out"),
        (timed_out.events, "completed"),
    ]

    actual = [
        named(
            invariants.status_agrees(
                recording(RUN, events),
                status,
                expected=STATUSES,
                at="result.stop_reason",
            )
        )
        for events, status in cases
    ]

    assert actual == [[], ["R18"], [], ["R18"]]
