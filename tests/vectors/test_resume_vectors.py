"""The resume vectors are what the rules come to when they are read a second time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vectors.reference_resume import Session, decide
from tests.vectors.vector_files import Case, read_cases, read_documents

SCRIPTS = read_cases("resume", but=("decisions",))
DECISIONS = read_cases("resume", "decisions")
POLICY: dict[str, Any] = read_documents("resume")["decisions"]["policy"]


@pytest.mark.parametrize("case", SCRIPTS, ids=lambda case: case.label)
def test_reference_reads_the_stream(case: Case) -> None:
    """Requests, events and end are those of the rules."""
    expect = case.vector["expect"]
    plain = {"operation", "run_id", "cursor", "attempt"}
    requests = [
        {key: value for key, value in request.items() if key in plain}
        for request in expect["requests"]
    ]
    expected = {"requests": requests, "events": expect["events"], "end": expect["end"]}

    assert expected == Session(case.vector, POLICY).play()


@pytest.mark.parametrize("case", DECISIONS, ids=lambda case: case.label)
def test_reference_decides_as_the_vector(case: Case) -> None:
    """Decision, delay and reason are those of the rules."""
    vector = case.vector
    actual = decide(
        vector["failure"],
        {**POLICY, **vector.get("policy", {})},
        attempt=vector["attempt"],
        random=vector["random"],
        now=vector["now"],
    )

    assert vector["expect"] == pytest.approx(actual, abs=1e-6)


def test_complete_streams_say_what_they_fold_to() -> None:
    """A stream delivered whole names the recording whose object it comes to."""
    whole = {"run": list(range(1, 12)), "message": list(range(1, 7))}
    for case in SCRIPTS:
        expect = case.vector["expect"]
        numbers = [event for event in expect["events"] if isinstance(event, int)]
        recording = case.vector["call"]["recording"]
        is_whole = expect["end"] == {"complete": True} and numbers == whole[recording]

        assert expect.get("final") == (recording if is_whole else None), case.label


def test_eight_bugs_are_named() -> None:
    """Each of the eight bugs that others shipped has its vector."""
    named = [case for case in SCRIPTS if "bug" in case.vector]

    assert len(named) == 8
    assert {case.document["class"] for case in named} == {"regressions"}
