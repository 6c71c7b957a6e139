"""The eight bugs of 2026, by name, in each SDK."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.faults.regressions import REGRESSIONS
from tests.faults.campaign import LANGUAGES, run

NAMES = [scenario.__name__.replace("_", "-") for scenario in REGRESSIONS]
EACH = 8


@pytest.fixture(scope="module", params=LANGUAGES)
def report(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What a language's driver made of all eight, a few times each."""
    return run(request.param, cases=EACH * len(NAMES), scenarios=NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_bug_is_not_ours(report: dict[str, Any], name: str) -> None:
    """The scenario in which others failed was played and went right each time."""
    failures = [found for found in report["failures"] if found["scenario"] == name]

    assert failures == []
    assert report["scenarios"][name] == EACH


def test_nothing_is_left_open(report: dict[str, Any]) -> None:
    """No socket, task or timer outlives the calls."""
    assert set(report["left_open"].values()) == {0}
