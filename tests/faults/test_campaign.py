"""The campaign: `HEADGATE_FAULTS` cases a language, 10,000 unless it says otherwise."""

from __future__ import annotations

import os

import pytest

from headgate.faults.report import COLUMNS
from tests.faults.campaign import LANGUAGES, run

CASES = int(os.environ.get("HEADGATE_FAULTS") or 10_000)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_lost_repeated_hung_leaked_or_ended_wrongly(language: str) -> None:
    """Whatever breaks, an SDK delivers each event once and ends as it should."""
    report = run(language, cases=CASES)

    assert report["failures"] == []
    assert report["wrong"] == dict.fromkeys(COLUMNS, 0)
    assert report["cases"] == CASES
