"""Streams by the hundred: good ones pass, broken ones are told from good ones."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from headgate.contract.folding import fold_events
from headgate.contract.strategies import Broken, broken_streams, valid_streams
from tests.contract_streams.hints import HINTS, RUN_HINTS
from tests.contract_streams.recordings import SPECIFIED, Event, violations
from tests.contract_streams.second_opinion import message_is_good, run_is_good

MESSAGE, RUN = SPECIFIED["message"], SPECIFIED["run"]
MESSAGES = valid_streams(MESSAGE, hints=HINTS, events=12)
RUNS = valid_streams(RUN, hints=RUN_HINTS, events=24)

slow = settings(
    deadline=None,
    derandomize=True,
    # Shrinking a stream takes minutes and its events are readable as they are.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
often = settings(slow, max_examples=60)


@often
@given(MESSAGES)
def test_generated_messages_are_good(events: list[Event]) -> None:
    """The checker and a second reading of the rules both accept them."""
    assert (violations(MESSAGE, events), message_is_good(events)) == ([], True)


@often
@given(RUNS)
def test_generated_runs_are_good(events: list[Event]) -> None:
    """The checker and a second reading of the rules both accept them."""
    assert (violations(RUN, events), run_is_good(events)) == ([], True)


@settings(slow, max_examples=120)
@given(broken_streams(MESSAGE, MESSAGES))
def test_broken_messages_are_flagged(broken: Broken) -> None:
    """The checker flags a changed message exactly if it is no longer a good one."""
    assert (violations(MESSAGE, broken.events) == []) == message_is_good(broken.events)


@settings(slow, max_examples=120)
@given(broken_streams(RUN, RUNS))
def test_broken_runs_are_flagged(broken: Broken) -> None:
    """The checker flags a changed run exactly if it is no longer a good one."""
    assert (violations(RUN, broken.events) == []) == run_is_good(broken.events)


@often
@given(broken_streams(RUN, RUNS, renumber=False))
def test_a_lost_or_repeated_event_never_passes(broken: Broken) -> None:
    """Where the sequence is left as it was, no loss and no repeat goes unseen."""
    pings = [event for event in broken.events if event["type"] == "ping"]
    numbers = [e["sequence_number"] for e in broken.events if e not in pings]
    whole = numbers == list(range(1, len(numbers) + 1))

    named = {violation.rule for violation in violations(RUN, broken.events)}
    # A terminal event sent twice is one event too many rather than a wrong number.
    assert whole or named & {"R1", "R12"}


@pytest.mark.parametrize("breakage", ["drop", "repeat", "swap", "cut", "miscount"])
def test_every_breakage_breaks_something(breakage: str) -> None:
    """Each way of breaking a stream makes bad streams, so none is idle."""

    def breaks(broken: Broken) -> bool:
        return broken.breakage == breakage and not message_is_good(broken.events)

    found = find(
        broken_streams(MESSAGE, MESSAGES), breaks, settings=often, random=Random(7)
    )

    assert violations(MESSAGE, found.events) != []


def kinds(events: list[Any]) -> set[str]:
    inner = {e["event"]["type"] for e in events if e["type"] == "stream_event"}
    return {event["type"] for event in events} | inner


@pytest.mark.parametrize(
    ("streams", "reaches"),
    [
        (MESSAGES, lambda e: kinds(e) >= {"message_stop", "content_block_delta"}),
        (MESSAGES, lambda e: "error" in kinds(e)),
        (MESSAGES, lambda e: "ping" in kinds(e)),
        (RUNS, lambda e: kinds(e) >= {"tool_result", "run_complete"}),
        (RUNS, lambda e: sum(x["type"] == "step_complete" for x in e) > 1),
        (RUNS, lambda e: kinds(e) >= {"step_abandoned", "step_complete"}),
    ],
    ids=["whole message", "error", "ping", "tools", "two steps", "begun anew"],
)
def test_walks_go_everywhere(
    streams: st.SearchStrategy[list[Any]], reaches: Callable[[list[Any]], bool]
) -> None:
    """The strategies reach what the declarations allow."""
    patient = settings(slow, max_examples=4000)

    assert reaches(find(streams, reaches, settings=patient, random=Random(7)))


@often
@given(MESSAGES)
def test_a_whole_message_folds(events: list[Event]) -> None:
    """Every good message folds to an answer with a block for each start."""
    answer: Any = fold_events(MESSAGE.declaration, events)

    starts = [e["content_block"] for e in events if e["type"] == "content_block_start"]
    assert [block["type"] for block in answer["content"]] == [
        block["type"] for block in starts
    ]
