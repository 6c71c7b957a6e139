from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.cases import CASES, Language, generate


class Written:
    """Every case generated: `<folder>/<case>/<language>/…`, a language on demand."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._languages: set[Language] = set()

    def folder(self, language: Language) -> Path:
        """The folder of all cases, in which this language has been generated."""
        if language not in self._languages:
            self._languages.add(language)
            for case in CASES:
                generate(case, language, self._folder / case)
        return self._folder


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return Written(tmp_path_factory.mktemp("golden"))
