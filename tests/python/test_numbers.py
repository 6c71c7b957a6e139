"""Whole numbers of any size are kept, as far as Python reads them at all."""

from __future__ import annotations

from typing import Any

import pytest

from headgate_sdk import Headgate, PartialJson, ResponseDecodeError
from tests.python.raw_server import answer, raw_server

LARGE = 123456789012345678901234567890


def test_large_numbers_are_kept() -> None:
    """In an answer that has a type, in one that has none, and in a text."""
    body = {"object": "list", "data": [], "later": LARGE}
    with (
        raw_server([answer(200, body)], [answer(200, body)]) as server,
        Headgate(base_url=server.url, api_key="none") as client,
    ):
        typed: Any = client.models.list()
        raw: Any = client.get("/v1/customers").json()
    text = PartialJson()
    text.feed(f'{{"a": {LARGE}}}')

    assert (typed.later, raw["later"], text.finish()) == (LARGE, LARGE, {"a": LARGE})


def test_numbers_beyond_all_measure_are_refused() -> None:
    """Python reads 4,300 digits; more are an error with the text."""
    text = PartialJson()
    text.feed("9" * 5_000)

    with pytest.raises(ResponseDecodeError):
        text.finish()
