"""The header Prefer is read as RFC 7240 has it."""

from __future__ import annotations

import pytest

from headgate_gateway.http.preferences import preferred_wait


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        (["wait=20"], 20),
        (["Wait=20"], 20),
        ([" wait \t=  20 "], 20),
        (['wait="20"'], 20),
        (['wait="2\\0"'], 20),
        (["respond-async, wait=20"], 20),
        (["wait=20, respond-async"], 20),
        (["wait=20; foo", "respond-async"], 20),
        (["respond-async", "handling=lenient", "wait=20"], 20),
        ([",, wait=20 ,"], 20),
        (['foo="a, wait=1; \\", wait=2", wait=20'], 20),
        (["wait=20, wait=30"], 20),
        (["wait=00"], 0),
        (["wait=" + "9" * 5000], 10**18 - 1),
        ([], None),
        ([""], None),
        (["wait"], None),
        (["wait="], None),
        (["wait=soon"], None),
        (["wait=-1"], None),
        (["wait=²"], None),
        (["respond-async; wait=20"], None),
        (["waits=20"], None),
        (['"wait=20"'], None),
        (['foo="wait=1, wait=20'], None),
    ],
)
def test_how_long_a_caller_would_wait(lines: list[str], seconds: int | None):
    """Names in any case, values plain or in quotes, all else passed over."""
    assert preferred_wait(lines) == seconds
