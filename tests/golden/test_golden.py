"""Each case's packages are, byte for byte, the ones that were reviewed."""

from __future__ import annotations

import pytest

from tests.golden.cases import CASES, LANGUAGES, Language, read_expected, read_written
from tests.golden.conftest import Written


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_package_is_as_reviewed(
    case: str, language: Language, written: Written
) -> None:
    """The generator writes what `expected/` holds; `make golden` accepts a change."""
    actual = read_written(case, language, written.folder(language) / case)

    assert read_expected(case, language) == actual
