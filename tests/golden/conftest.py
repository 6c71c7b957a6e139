from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.cases import CASES, generate, spec_of


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every case generated once: `<folder>/<case>/<language>/…`."""
    folder = tmp_path_factory.mktemp("golden")
    for case in CASES:
        generate(spec_of(case), folder / case)
    return folder
