from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.corpus import find_documents
from tests.gateway_process import Gateway, running_gateway

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
"""No test here says how long something may take."""


def pytest_report_header() -> str:
    """Say what real documents the suite reads, since a clone may stand alone."""
    found = len(find_documents())
    return f"corpus: {found} real documents" if found else "corpus: none"


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for the tests that leave it as usable as they found it."""
    with running_gateway(tmp_path_factory.mktemp("gateway")) as running:
        yield running
