"""Whatever a document says stays text in Python, TOML, JSON and Markdown."""

from __future__ import annotations

import ast
import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.encoding.code import Code
from headgate.encoding.markup import (
    json_string,
    json_value,
    markdown_code,
    markdown_text,
    toml_string,
)
from headgate.encoding.python import comment, docstring, dotted, string

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
AWKWARD = [
    '"""',
    "\\",
    'ends with "',
    "'''\"\"\"",
    "{{ x }} {% raw %}",
    "\r\nx\r",
    "a\u2028b\u0085c",
    "\u202ereversed\u202c",
    "\0\a\x1b",
    "\ud800",
    "    indented\n        deeper",
    "```\ncode   with   blanks\n```",
]


@given(TEXTS)
def test_string_literal_is_the_text(text: str) -> None:
    """Evaluating the literal gives the text back."""
    assert text == ast.literal_eval(string(text).text)


@given(TEXTS)
def test_string_literal_hides_nothing(text: str) -> None:
    """No character that is invisible or turns the reading order stands in source."""
    assert string(text).text.isprintable()


@given(st.lists(TEXTS, max_size=3), st.sampled_from([0, 4, 8]))
def test_docstring_stays_one_statement(texts: list[str], indent: int) -> None:
    """A body with the docstring parses to one string and nothing else."""
    check_docstring(texts, indent)


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_docstrings(text: str) -> None:
    """Quotes, backslashes and odd spaces end no docstring."""
    check_docstring([text], 4)
    check_docstring(["Words before.", text], 8)


def check_docstring(texts: list[str], indent: int) -> None:
    code = docstring(texts, indent)
    if not code:
        return
    margin = " " * indent
    head = "".join(f"{' ' * level}if x:\n" for level in range(0, indent, 4))
    tree = ast.parse(f"{head}{margin}{code.text}\n")
    node: ast.AST = tree.body[0]
    while isinstance(node, ast.If):
        assert len(node.body) == 1
        node = node.body[0]
    assert isinstance(node, ast.Expr)
    assert isinstance(node.value, ast.Constant)
    assert isinstance(node.value.value, str)
    assert [line for line in code.text.split("\n") if line != line.rstrip()] == []


@pytest.mark.parametrize("width", [70, 79, 80, 81, 82, 83, 84, 88, 89, 100, 200])
def test_prose_is_filled_to_the_width(width: int) -> None:
    """No line of a filled docstring is wider than the formatter's width."""
    text = ("word " * 40)[: width - 1] + "."
    lines = docstring([text], 4).text.split("\n")

    assert max(len(lines[0]) + 4, *map(len, lines)) <= 88


@given(TEXTS)
def test_comment_is_one_line(text: str) -> None:
    """A comment cannot go on as code on the next line."""
    code = comment(text).text

    assert code.startswith("#")
    assert len(code.splitlines()) == 1


@pytest.mark.parametrize("path", ["a-b", "a b", "a;b", "a\nb", "é"])
def test_module_path_is_made_of_identifiers(path: str) -> None:
    """What is no module path is refused, not written."""
    with pytest.raises(ValueError, match="not a module path"):
        dotted([path])


@given(TEXTS)
def test_toml_string_is_the_text(text: str) -> None:
    """Reading the TOML gives the text back."""
    assert {"x": text} == tomllib.loads(f"x = {toml_string(text).text}")


@given(st.text())
def test_json_string_is_the_text(text: str) -> None:
    """Reading the JSON gives the text back, lone surrogates too."""
    assert text == json.loads(json_string(text).text)
    assert {"a": text} == json.loads(json_value({"a": text}).text)


@given(TEXTS)
def test_markdown_is_one_line(text: str) -> None:
    """Plain text and inline code begin no new block."""
    for code in (markdown_text(text), markdown_code(text)):
        assert isinstance(code, Code)
        assert "\n" not in code.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a*b*", r"a\*b\*"),
        ("# x", r"\# x"),
        ("- x", r"\- x"),
        ("1. x", r"1\. x"),
        ("2) x", r"2\) x"),
        ("1.5 x", r"1\.5 x"),
        ("<b>", r"\<b\>"),
        ("[a](b)", r"\[a\](b)"),
    ],
)
def test_markdown_shows_the_text(text: str, expected: str) -> None:
    """What Markdown would read as markup is escaped."""
    assert expected == markdown_text(text).text


@pytest.mark.parametrize(
    ("text", "expected"), [("a", "`a`"), ("a`b", "``a`b``"), ("`", "`` ` ``")]
)
def test_inline_code_may_hold_backticks(text: str, expected: str) -> None:
    """The fence is longer than any run of backticks inside."""
    assert expected == markdown_code(text).text


def test_code_is_made_by_nobody_else() -> None:
    """The class itself makes none, with text or without."""
    make: Any = Code
    for arguments in ((), ("text",)):
        with pytest.raises(TypeError):
            make(*arguments)
