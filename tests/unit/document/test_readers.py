"""YAML and JSON texts become the same values, each knowing its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from headgate.document.json_text import read_json
from headgate.document.json_values import Json, Tokens
from headgate.document.source import Source
from headgate.document.tree import MOST_DEPTH, TreeBuilder, UnreadableError
from headgate.document.yaml_text import YamlReader

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBER = re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]+")
"""What only YAML 1.2 takes for a number without a point or a sign: `0E0`."""

PRINTABLE = TEXTS.filter(lambda it: it.isprintable() and not NUMBER.fullmatch(it))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers()


def values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Json]:
    """JSON values of some depth."""
    return st.recursive(
        st.none() | st.booleans() | NUMBERS | texts,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
        ),
    )


def places(value: Json, tokens: Tokens = ()) -> Iterator[tuple[Tokens, Json]]:
    """Every part of a value with the way to it."""
    yield tokens, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*tokens, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*tokens, str(index)))


@given(
    value=values(TEXTS),
    indent=st.sampled_from([None, 1, "\t"]),
    ascii_only=st.booleans(),
)
def test_json_is_read_as_python_reads_it(
    *, value: Json, indent: int | str | None, ascii_only: bool
) -> None:
    """Whatever the spacing and the escapes."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)

    assert read_json(text).root == value


@given(values(PRINTABLE))
def test_yaml_is_read_as_it_was_written(value: Json) -> None:
    """A writer for 1.1 quotes more than 1.2 asks for, and never less."""
    text = yaml.safe_dump(value, allow_unicode=True)

    assert YamlReader().read(text).root == value


@given(values(PRINTABLE))
def test_json_is_yaml(value: Json) -> None:
    """One line of JSON means the same to both readers."""
    text = json.dumps(value, ensure_ascii=False)

    assert YamlReader().read(text).root == value


@given(values(TEXTS), st.sampled_from([None, 2]))
def test_every_scalar_is_found_where_it_stands(value: Json, indent: int | None) -> None:
    """Reading JSON again from a scalar's place gives that scalar."""
    text = json.dumps(value, indent=indent)
    tree = read_json(text)
    source = Source("spec.json", text, tree.root, tree.root_marks)
    lines = text.split("\n")

    for tokens, part in places(value):
        place = source.locate(tokens)
        rest = "\n".join(lines[place.line - 1 :])[place.column - 1 :]
        found, end = json.JSONDecoder().raw_decode(rest)
        shown_by_key = isinstance(part, dict | list) and rest[end:].startswith(":")
        assert found == (tokens[-1] if shown_by_key else part)


NOT_JSON = [
    "",
    "[1,]",
    "[,1]",
    "[1 2]",
    '{"a" 1}',
    '{"a": 1,}',
    "{a: 1}",
    "{1: 1}",
    "['a']",
    "[1]]",
    "[1}",
    "[",
    '{"a":',
    "01",
    "1.",
    ".5",
    "+1",
    "NaN",
    "Infinity",
    "nul",
    "// a\n1",
    '"a\nb"',
    '"\\x41"',
    '"a',
    "\ufeff1",
    "1 1",
]


@pytest.mark.parametrize("text", NOT_JSON)
def test_what_is_not_json_is_refused(text: str) -> None:
    """A file named `*.json` gets no leniency: other tools would not read it."""
    assert refusal(text) == "json-syntax"


def refusal(text: str) -> str | None:
    """The code under which JSON text is refused."""
    try:
        tree = read_json(text)
    except UnreadableError as error:
        return error.fault.code
    return tree.faults[0].code if tree.faults else None


def yaml_tree(text: str) -> TreeBuilder:
    return YamlReader().read(text)


def test_an_alias_shares_the_value_and_the_place_of_its_anchor() -> None:
    """It is the same thing twice, so it has one place."""
    text = "a: &pet {name: Rex}\nb: *pet\n"
    tree = yaml_tree(text)
    source = Source("spec.yaml", text, tree.root, tree.root_marks)

    assert tree.root == {"a": {"name": "Rex"}, "b": {"name": "Rex"}}
    assert source.locate(("b", "name")).line == 1


def test_merged_keys_yield_to_those_that_stand_there() -> None:
    """YAML 1.1's merge: what is written beside `<<` wins, then the first source."""
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 0}\n"
    read = yaml_tree(text).root

    assert isinstance(read, dict)
    assert read["c"] == {"x": 0, "y": 1, "z": 2}


def test_aliases_count_as_what_they_stand_for() -> None:
    """306 bytes that unfold to 490 million values are too large."""
    names = "abcdefghi"
    lines = ["a: &a [1,1,1,1,1,1,1,1,1]"]
    lines += [
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]"
        for before, name in pairwise(names)
    ]
    with pytest.raises(UnreadableError) as raised:
        yaml_tree("\n".join(lines))

    assert raised.value.fault.code == "too-large"


@pytest.mark.parametrize("depth", [MOST_DEPTH, MOST_DEPTH + 1])
def test_values_nest_as_deep_as_the_limit(depth: int) -> None:
    """One level more is refused, by both readers and through an alias alike."""
    nested = "[" * depth + "]" * depth
    half = "[" * (depth // 2)
    close = "]" * (depth // 2)
    rest = "[" * (depth - depth // 2 - 1)
    aliased = f"[&a {half}{close}, {rest}*a{']' * len(rest)}]"
    outcomes: set[bool | str] = set()
    for read, text in ((read_json, nested), (yaml_tree, nested), (yaml_tree, aliased)):
        try:
            outcomes.add(bool(read(text).root))
        except UnreadableError as error:
            outcomes.add(error.fault.code)

    assert outcomes == ({True} if depth == MOST_DEPTH else {"too-deep"})


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", '{"a":'])
def test_a_hundred_thousand_openings_are_no_stack(opening: str) -> None:
    """The reader gives up at its limit; it does not recurse until it crashes."""
    with pytest.raises(UnreadableError) as raised:
        yaml_tree(opening * 100_000)

    assert raised.value.fault.code == "too-deep"
