"""docs/security.md tells the truth about what is shown."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security.md"
ROW = re.compile(r"^\| (G\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
NOT_YET = "not yet"
PROMISES = 40


def rows() -> dict[str, list[str]]:
    """The tests of each promise; none where there is none yet."""
    return {
        promise: [] if shown == NOT_YET else re.findall(r"`([^`]+)`", shown)
        for promise, _, shown in ROW.findall(PAGE.read_text("utf-8"))
    }


@cache
def functions_in(path: str) -> frozenset[str]:
    """The names of a file's tests."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_every_promise_has_one_row() -> None:
    """No promise is left out, and none is counted twice."""
    named = [promise for promise, _, _ in ROW.findall(PAGE.read_text("utf-8"))]

    assert named == [f"G{number}" for number in range(1, PROMISES + 1)]


def test_every_row_names_tests_that_exist() -> None:
    """A row says `not yet`, or names tests by their file and function."""
    unclear = [
        promise
        for promise, _, shown in ROW.findall(PAGE.read_text("utf-8"))
        if shown != NOT_YET and not re.fullmatch(r"`[^`]+`(, `[^`]+`)*", shown)
    ]
    absent = [
        test
        for tests in rows().values()
        for test in tests
        if test.partition("::")[2] not in functions_in(test.partition("::")[0])
    ]

    assert (unclear, absent) == ([], [])


def test_the_count_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The number of promises that are shown is known, and more than none."""
    shown = sum(1 for tests in rows().values() if tests)
    with capsys.disabled():
        sys.stdout.write(f"\n{shown} of {PROMISES} promises are shown by a test\n")

    assert 0 < shown <= PROMISES
