"""The campaign: `HEADGATE_FAULTS` cases a language, 10,000 unless it says otherwise."""

from __future__ import annotations

import os
from typing import Any

import pytest

from headgate.faults.report import COLUMNS
from tests.faults.campaign import LANGUAGES, Progress, run

CASES = int(os.environ.get("HEADGATE_FAULTS") or 10_000)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_lost_repeated_hung_leaked_or_ended_wrongly(language: str) -> None:
    """Whatever breaks, an SDK delivers each event once and ends as it should."""
    report = run(language, cases=CASES)

    assert report["failures"] == []
    assert report["wrong"] == dict.fromkeys(COLUMNS, 0)
    assert report["cases"] == CASES


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_decoder_threw_away_is_asked_for(language: str) -> None:
    """The cursor is that of the last event that the caller was given, or none.

    In Node the bytes behind good events make the decoder drop what nobody has read.
    """
    report = run(language, cases=16, scenarios=["gzip-corrupt-before-it-is-read"])

    assert report["failures"] == []
    assert report["cases"] == 16


def test_a_campaign_says_how_far_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    """While cases run, the reports so far are told; a line is written of each."""
    told: list[int] = []
    progress = Progress("python", 60)

    def tell(report: dict[str, Any]) -> None:
        told.append(report["cases"])
        progress(report)

    report = run("python", cases=60, tell=tell, every=0.05)
    lines = capfd.readouterr().err.splitlines()

    assert report["cases"] == 60
    assert told == sorted(told)
    assert len(told) > 1
    assert len(lines) == len(told)
    assert all(line.startswith("python: ") for line in lines)
    assert all("nothing wrong" in line for line in lines)
