"""Expressions are compiled once, read only what they need, and cannot run away."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.contract.expressions import (
    ExpressionError,
    Scope,
    compile_expression,
    merge_fields,
)

EVENT: dict[str, Any] = {
    "index": 2,
    "id": "a",
    "delta": {"type": "text_delta", "text": "x"},
    "append": [{"role": "user"}],
    "event": {"type": "ping"},
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("event.index == blocks", {"index": None}),
        ("event.delta.type in names", {"delta": {"type": None}}),
        ("has(event.delta.text) && event.index > 1",
         {"delta": {"text": None}, "index": None}),
        ("event.delta.type == event.delta.text",
         {"delta": {"type": None, "text": None}}),
        ("event.id.startsWith('x')", {"id": None}),
        ("event.append[0].role == 'user'", {"append": None}),
        ("event.event.type == 'ping'", {"event": {"type": None}}),
        ("event == other", None),
        ("event['index'] == 1", None),
        ("'event.index' == event.id", {"id": None}),
        ("steps == 1", {}),
    ],
)  # fmt: skip
def test_knows_what_it_reads(source: str, expected: object) -> None:
    """Only these fields of an event have to be handed over."""
    assert compile_expression(source).fields == expected


def test_what_several_read_is_joined() -> None:
    """The whole of a field wins over parts of it."""
    sources = ["event.delta.type == 'x'", "event.delta == 1", "event.id == 'a'"]
    trees = [compile_expression(source).fields for source in sources]

    assert merge_fields(trees) == {"delta": None, "id": None}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("event.index == blocks", True),
        ("event.delta.type == 'text_delta' && event.append[0].role == 'user'", True),
        ("is_json_object(text)", True),
        ("is_json_object('[1]')", False),
        ("is_json('[1]') && !is_json('[1')", True),
        ("request == null", True),
        ("[3, 1].filter(n, n > blocks)", [3]),
    ],
)
def test_gives_the_value(source: str, expected: object) -> None:
    """Events, registers, the request and our own functions are there."""
    scope = Scope({"blocks": 2, "text": '{"a": 1}'}, None)
    expression = compile_expression(source)
    scope.see(EVENT, expression.fields)

    assert scope.evaluate(expression) == expected


@pytest.mark.parametrize(
    "source",
    [
        "event.nothing == 1",
        "event.index + 'x' == ''",
        "event.append[5] == null",
        "1 / 0 == 1",
        "nobody == 1",
    ],
)
def test_a_value_that_is_not_there_is_an_error(source: str) -> None:
    """Whatever the interpreter raises, one error comes out."""
    scope = Scope({}, None)
    expression = compile_expression(source)
    scope.see(EVENT, expression.fields)

    with pytest.raises(ExpressionError):
        scope.evaluate(expression)


@pytest.mark.parametrize(
    "source",
    [
        "1 +",
        "",
        "true ? 1",
        "(" * 3000,
        "true && " * 600 + "true",
        "a.all(x, b.all(y, c.all(z, x == y && y == z)))",
    ],
)
def test_what_does_not_compile_or_may_run_away_is_refused(source: str) -> None:
    """A stranger's expression is short and has few loops."""
    with pytest.raises(ExpressionError):
        compile_expression(source)


def test_values_without_a_place_in_cel_are_an_error() -> None:
    """Half a surrogate pair, which JSON can spell, is refused and not mangled."""
    with pytest.raises(ExpressionError):
        Scope({}, None).see({"text": "\ud800"}, None)
