from __future__ import annotations

import pytest

from headgate.contract import Stream
from tests.contract_streams.recordings import SPECIFIED


@pytest.fixture(scope="session")
def message_stream() -> Stream:
    return SPECIFIED["message"]


@pytest.fixture(scope="session")
def run_stream() -> Stream:
    return SPECIFIED["run"]
