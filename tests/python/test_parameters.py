"""Parameters that cannot be written are refused; the vectors say how others are."""

from __future__ import annotations

from typing import Any

import pytest

from headgate_sdk import ConfigurationError
from headgate_sdk._runtime.parameters import (
    Style,
    cookie_text,
    header_text,
    path_text,
    query_text,
)


@pytest.mark.parametrize("value", ["\ud800", ["\ud800"], {"a": "\ud800"}], ids=ascii)
def test_what_is_no_text_is_refused(value: Any) -> None:
    """Half a pair of surrogates has no bytes, wherever it stands."""
    for write in (
        lambda: path_text("a", value),
        lambda: query_text({"a": value}, {}),
        lambda: query_text({"a": value}, {"a": Style("deepObject", explode=True)}),
        lambda: query_text({"a": value}, {"a": Style("json")}),
        lambda: cookie_text({"a": value}, {}),
    ):
        with pytest.raises(ConfigurationError, match="parameter"):
            write()


def test_any_run_of_values_is_a_list() -> None:
    """Whatever can be gone through is, also inside of what is written as JSON."""
    assert query_text({"c": (1, 2)}, {}) == "c=1&c=2"
    assert query_text({"c": [frozenset({1})]}, {}) == "c=%5B1%5D"
    assert header_text({"a": range(2)}, Style("json")) == '{"a":[0,1]}'


def test_what_json_does_not_have_is_refused() -> None:
    """A parameter that is JSON has no NaN, no endless list and no tuple for a name."""
    endless: list[Any] = []
    endless.append(endless)
    for value in (float("nan"), endless, {("a",): 1}):
        with pytest.raises(ConfigurationError, match="not JSON"):
            header_text(value, Style("json"))
