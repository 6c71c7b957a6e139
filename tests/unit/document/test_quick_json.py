"""What is read quickly is what the careful reader reads, at the same places."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headgate.document.json_marks import marks_of
from headgate.document.json_quick import NotPlainError, read_plain_json
from headgate.document.json_text import read_json
from headgate.document.json_values import Json
from headgate.document.source import Source
from headgate.document.tree import MOST_DEPTH, UnreadableError
from tests.unit.document.test_readers import NOT_JSON, TEXTS, places, values

HALF = "\ud800"
FAULTY = [
    *NOT_JSON,
    '{"a": 1, "a": 2}',
    '{"a": {"b": 1, "b": 2}}',
    json.dumps(HALF),
    "1e999",
    "9" * 500,
    "9" * 5000,
    "-Infinity",
    "[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1),
    "[" * 100_000,
]


@given(value=values(TEXTS), indent=st.sampled_from([None, 2]), is_ascii=st.booleans())
@example(value={"a": [], "b": {}, "c": [{}, [1]]}, indent=2, is_ascii=True)
def test_both_readers_agree(*, value: Json, indent: int | None, is_ascii: bool) -> None:
    """The same value, and for each part and each key the same line and column."""
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)
    careful = read_json(text)
    slow = Source("a.json", text, careful.root, careful.root_marks)
    try:
        quick = Source("a.json", text, read_plain_json(text), marks_of(text))
    except NotPlainError:
        assert "\\ud" in text
        return

    assert quick.value == slow.value
    for tokens, _ in places(value):
        further = (*tokens, "0", "nowhere")
        assert quick.locate(tokens) == slow.locate(tokens)
        assert quick.locate_key(tokens) == slow.locate_key(tokens)
        assert quick.locate(further) == slow.locate(further)


@pytest.mark.parametrize("text", FAULTY)
def test_what_is_wrong_is_left_to_the_careful_reader(text: str) -> None:
    """It is never taken, and the other one says what is wrong with it."""
    with pytest.raises(NotPlainError):
        read_plain_json(text)
    try:
        faults = read_json(text).faults
    except UnreadableError as error:
        faults = list(error.faults)

    assert faults


def test_values_nest_as_deep_as_the_limit() -> None:
    """The deepest that the careful reader takes is read quickly."""
    text = "[" * MOST_DEPTH + "]" * MOST_DEPTH

    assert read_plain_json(text) == read_json(text).root
