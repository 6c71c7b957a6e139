"""Spoilt documents bring packages or diagnostics, never a traceback."""

from __future__ import annotations

from tests.fuzz.campaign import Tally, run

FOUND = (213, 1590, 2024, 2102, 3541, 6370)
"""Seeds that once found a fault."""


def test_spoilt_documents_are_answered() -> None:
    """Each of many documents is generated from or refused with a position."""
    tally: Tally = run((*FOUND, *range(5000, 5120)))

    assert tally.faults == {}
    assert tally.generated > 20
    assert tally.refused > 20
