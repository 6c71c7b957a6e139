from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.generating import Pair, repeated_pair, single_pair
from tests.hostile.payloads import PAYLOADS


@pytest.fixture(scope="session")
def repeated(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """All repeated positions, with every payload."""
    return repeated_pair(tmp_path_factory.mktemp("repeated"))


@pytest.fixture(scope="session")
def singles(tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    """What stands once in a document: a document for each payload."""
    folder = tmp_path_factory.mktemp("singles")
    return [single_pair(folder / str(each.number), each.number) for each in PAYLOADS]


@pytest.fixture(scope="session")
def pairs(repeated: Pair, singles: list[Pair]) -> list[Pair]:
    """Every document."""
    return [repeated, *singles]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """An empty folder to run programs in: what appears in it is a canary."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder
