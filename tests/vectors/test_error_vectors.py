"""The error vectors are what the error tree and the rules come to."""

from __future__ import annotations

import pytest

from tests.vectors.reference_errors import (
    CLASSES,
    PARENTS,
    read_answer,
    read_event,
    typed_details,
)
from tests.vectors.vector_files import Case, Document, read_cases

ANSWERS = read_cases("errors", but=("tree", "streams"))
EVENTS = read_cases("errors", "streams")
TREE = read_cases("errors", "tree")
TYPED = [case for case in ANSWERS + EVENTS if "fields" in case.vector["expect"]]


def expected(case: Case) -> Document:
    """The fields that every error has."""
    expect: Document = case.vector["expect"]
    return {key: value for key, value in expect.items() if key != "fields"}


def known(case: Case, read: Document) -> Document:
    """What was read, without the text where the vector says nothing of it."""
    return {
        key: value
        for key, value in read.items()
        if key != "shown" or key in case.vector["expect"]
    }


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.label)
def test_reference_reads_the_answer(case: Case) -> None:
    """Class and fields are those of the specification's tree and the README's rules."""
    read = read_answer(case.vector, now=case.vector.get("now", 0))

    assert expected(case) == known(case, read)


@pytest.mark.parametrize("case", EVENTS, ids=lambda case: case.label)
def test_reference_reads_the_event(case: Case) -> None:
    """An error event is read as an error body is; a numbered one is the last event."""
    vector = case.vector
    request_id = vector["headers"].get("X-Request-ID")
    number = vector["event"].get("sequence_number")

    assert expected(case) == known(case, read_event(vector["event"], request_id))
    assert vector["last_event_id"] == (None if number is None else str(number))


@pytest.mark.parametrize("case", TYPED, ids=lambda case: case.label)
def test_reference_types_the_details(case: Case) -> None:
    """A typed detail is the value if it has the declared type, else none."""
    expect = case.vector["expect"]
    typed = typed_details(expect["class"], expect["details"])

    assert expect["fields"] == {name: typed[name] for name in expect["fields"]}


def test_tree_is_the_specification_s() -> None:
    """Every class of the specification stands in the tree with all its parents."""
    drawn = {case.vector["class"]: case.vector["parents"] for case in TREE}

    assert drawn == {name: lineage(name) for name in PARENTS}


def lineage(name: str) -> list[str]:
    """A class's parents, the nearest first."""
    parent = PARENTS.get(name)
    return [] if parent is None else [parent, *lineage(parent)]


def test_every_class_is_reached() -> None:
    """Each class that a failure's answer has is expected by a vector."""
    reached = {case.vector["expect"]["class"] for case in ANSWERS}
    pending = {entry["name"] for entry in CLASSES if entry.get("pending")}

    assert reached == {"APIError", *PARENTS} - pending
