"""Each case's packages are, byte for byte, the ones that were reviewed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.cases import CASES, LANGUAGES, read_expected, read_written


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_package_is_as_reviewed(case: str, language: str, written: Path) -> None:
    """The generator writes what `expected/` holds; `make golden` accepts a change."""
    actual = read_written(written / case / language, language)

    assert read_expected(case, language) == actual
