"""JSON that comes in pieces says what the shared vectors state, however it is cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from headgate_sdk import PartialJson, ResponseDecodeError
from tests.python.shared_vectors import Case, check_keys, read_cases

CASES = read_cases("partial-json")
WHOLE = [case for case in CASES if "final" in case.vector]
BROKEN = [case for case in CASES if "final" not in case.vector]


def cuts(text: str) -> Iterator[list[str]]:
    """The text whole, in two at every offset, and a character at a time."""
    for at in range(len(text) + 1):
        yield [text[:at], text[at:]]
    yield list(text)


def stated(vector: dict[str, Any], length: int) -> Any:
    """What the vector states after so many characters."""
    said = [entry for entry in vector["values"] if entry["after"] <= length][-1]
    check_keys(said, "after", "value", "none")
    return said.get("value")


@pytest.mark.parametrize("case", WHOLE, ids=lambda case: case.label)
def test_values_so_far(case: Case) -> None:
    """After each piece the value is the one stated for that many characters."""
    vector = case.vector
    check_keys(vector, "name", "note", "text", "values", "final")
    for pieces in cuts(vector["text"]):
        partial = PartialJson()
        length = 0
        for piece in pieces:
            partial.feed(piece)
            length += len(piece)
            assert stated(vector, length) == partial.value()
        assert vector["final"] == partial.finish()


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.label)
def test_broken_text(case: Case) -> None:
    """What is no JSON in the end raises with its whole text; asking before never."""
    check_keys(case.vector, "name", "note", "text")
    text = case.vector["text"]
    for pieces in cuts(text):
        partial = PartialJson()
        for piece in pieces:
            partial.feed(piece)
            partial.value()
        with pytest.raises(ResponseDecodeError) as raised:
            partial.finish()
        assert text == raised.value.raw


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(value=JSON, at=st.integers(0, 200), indent=st.sampled_from([None, 2]))
def test_every_split(value: Any, at: int, indent: int | None) -> None:
    """Wherever a text is cut, the parts give the value, and the first a part of it."""
    text = to_json(value, indent=indent).decode()
    partial = PartialJson()
    partial.feed(text[:at])
    assert is_part(partial.value(), value)
    partial.feed(text[at:])

    assert value == partial.finish()


def is_part(part: Any, whole: Any) -> bool:
    """Say whether a value is another one that has not come to its end."""
    if part is None:
        return True
    if isinstance(part, str) and isinstance(whole, str):
        return whole.startswith(part)
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(map(is_part, part, whole))
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and is_part(part[key], whole[key]) for key in part)
    return bool(part == whole)
