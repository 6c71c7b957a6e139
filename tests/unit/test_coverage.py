"""docs/coverage.md tells the truth about what is shown."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| ([A-E]\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
NOT_YET = "not yet"
FEATURES = {"A": 33, "B": 26, "C": 21, "D": 33, "E": 12}


def read_rows() -> dict[str, list[str]]:
    """The tests that each row names; none where it says that there is none yet."""
    text = (ROOT / "docs" / "coverage.md").read_text("utf-8")
    return {
        feature: [] if shown == NOT_YET else re.findall(r"`([^`]+)`", shown)
        for feature, _, shown in ROW.findall(text)
    }


def test_every_feature_has_one_row() -> None:
    """No feature is left out, and none is counted twice."""
    text = (ROOT / "docs" / "coverage.md").read_text("utf-8")
    named = [feature for feature, _, _ in ROW.findall(text)]

    assert named == [
        f"{letter}{number}"
        for letter, count in FEATURES.items()
        for number in range(1, count + 1)
    ]


def test_every_row_names_tests_that_exist() -> None:
    """A row says `not yet`, or names files with tests in them."""
    text = (ROOT / "docs" / "coverage.md").read_text("utf-8")
    unclear = [
        feature
        for feature, _, shown in ROW.findall(text)
        if shown != NOT_YET and not re.fullmatch(r"`[^`]+`(, `[^`]+`)*", shown)
    ]
    absent = {
        path
        for paths in read_rows().values()
        for path in paths
        if not path.startswith("tests/") or not (ROOT / path).exists()
    }

    assert (unclear, absent) == ([], set())


def test_the_count_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The number of features that are shown is known, and more than none."""
    rows = read_rows()
    shown = sum(1 for tests in rows.values() if tests)
    with capsys.disabled():
        sys.stdout.write(f"\n{shown} of {len(rows)} features are shown by a test\n")

    assert 0 < shown <= len(rows) == sum(FEATURES.values())
