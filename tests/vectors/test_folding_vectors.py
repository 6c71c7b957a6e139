"""The folding vectors are what the declaration's own fold gives."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from headgate.contract.folding import fold_events
from tests.contract_streams.recordings import SPECIFIED
from tests.vectors.vector_files import Case, Document, expanded, read_cases

CASES = read_cases("folding")
SPLIT = [case for case in CASES if "splits" in case.vector]


def events_of(case: Case) -> list[Document]:
    """The vector's events, each as often as it says."""
    return [
        event
        for item in case.vector["events"]
        for event in [item.get("event", item)] * item.get("times", 1)
    ]


def fold(case: Case, events: list[Document]) -> Any:
    return fold_events(SPECIFIED[case.vector["stream"]].declaration, events)


def cuts(text: str) -> Iterator[list[str]]:
    """The text cut in two between each two characters, and into single ones."""
    for place in range(len(text) + 1):
        yield [text[:place], text[place:]]
    yield list(text)


def with_text(event: Document, path: str, text: str) -> Document:
    """The event with another text at a path."""
    changed = copy.deepcopy(event)
    *parents, last = path.split(".")
    place = changed
    for name in parents:
        place = place[name]
    place[last] = text
    return changed


def text_at(event: Document, path: str) -> str:
    """The text at a path."""
    place: Any = event
    for name in path.split("."):
        place = place[name]
    return str(place)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_reference_fold_gives_the_object(case: Case) -> None:
    """The fold on plain JSON comes to what the vector expects."""
    folded = fold(case, events_of(case))

    assert expanded(case.vector["folded"]) == folded


@pytest.mark.parametrize("case", SPLIT, ids=lambda case: case.label)
def test_splits_change_nothing(case: Case) -> None:
    """Wherever a text is cut into pieces, the object is the same."""
    events = events_of(case)
    place, path = case.vector["splits"]["event"], case.vector["splits"]["at"]
    for pieces in cuts(text_at(events[place], path)):
        split = [with_text(events[place], path, piece) for piece in pieces]
        folded = fold(case, [*events[:place], *split, *events[place + 1 :]])

        assert case.vector["folded"] == folded, pieces
