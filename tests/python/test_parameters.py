"""Parameters are written in every style that OpenAPI has (3.1.1, section 4.8.12)."""

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

BLUE = "blue"
ARRAY = ["blue", "black", "brown"]
OBJECT = {"R": 100, "G": 200, "B": 150}


@pytest.mark.parametrize(
    ("style", "explode", "texts"),
    [
        ("matrix", False, (";c=blue", ";c=blue,black,brown", ";c=R,100,G,200,B,150")),
        ("matrix", True, (";c=blue", ";c=blue;c=black;c=brown", ";R=100;G=200;B=150")),
        ("label", False, (".blue", ".blue,black,brown", ".R,100,G,200,B,150")),
        ("label", True, (".blue", ".blue.black.brown", ".R=100.G=200.B=150")),
        ("simple", False, ("blue", "blue,black,brown", "R,100,G,200,B,150")),
        ("simple", True, ("blue", "blue,black,brown", "R=100,G=200,B=150")),
    ],
)
def test_paths(style: Any, *, explode: bool, texts: tuple[str, ...]) -> None:
    """A path's values are those of the standard's table."""
    written = [path_text("c", each, Style(style, explode)) for each in VALUES]
    assert texts == tuple(written)


VALUES: tuple[Any, ...] = (BLUE, ARRAY, OBJECT)


@pytest.mark.parametrize(
    ("style", "value", "text"),
    [
        (Style("form", explode=True), ARRAY, "c=blue&c=black&c=brown"),
        (Style("form", explode=True), OBJECT, "R=100&G=200&B=150"),
        (Style("form"), ARRAY, "c=blue%2Cblack%2Cbrown"),
        (Style("form"), OBJECT, "c=R%2C100%2CG%2C200%2CB%2C150"),
        (Style("spaceDelimited"), ARRAY, "c=blue%20black%20brown"),
        (Style("pipeDelimited"), ARRAY, "c=blue%7Cblack%7Cbrown"),
        (
            Style("deepObject"),
            {"a": {"b": 1}, "l": [2]},
            "c%5Ba%5D%5Bb%5D=1&c%5Bl%5D%5B0%5D=2",
        ),
        (Style("json"), {"a": [True]}, "c=%7B%22a%22%3A%5Btrue%5D%7D"),
        (Style("form", allow_reserved=True), "a/b:c?d&e", "c=a/b:c?d%26e"),
    ],
)
def test_queries(style: Style, value: Any, text: str) -> None:
    """A query's values are those of the standard's table, percent-encoded."""
    assert text == query_text({"c": value, "absent": None}, {"c": style})


def test_pieces_of_a_path_stay_in_their_place() -> None:
    """What separates stands as it is; what is inside a value does not."""
    assert path_text("c", ["a,b", "c/d"]) == "a%2Cb,c%2Fd"


def test_headers_and_cookies() -> None:
    """Headers are simple, cookies are forms."""
    assert header_text(ARRAY) == "blue,black,brown"
    assert header_text(OBJECT, Style("simple", explode=True)) == "R=100,G=200,B=150"
    assert header_text([1], Style("json")) == "[1]"
    assert cookie_text({"a": "x;y", "b": True, "c": None}, {}) == "a=x%3By; b=true"


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


def test_what_json_does_not_have_is_refused() -> None:
    """A parameter that is JSON has no NaN, no endless list and no tuple for a name."""
    endless: list[Any] = []
    endless.append(endless)
    for value in (float("nan"), endless, {("a",): 1}):
        with pytest.raises(ConfigurationError, match="not JSON"):
            header_text(value, Style("json"))
