"""Type expressions as text, broken where ruff's formatter would break them.

Three forms are all there is: a name, a subscript, and alternatives joined by `|`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.python import WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import LiteralString

_INDENT = 4


@dataclass(frozen=True, slots=True)
class Atom:
    """A name or a literal: text without a place to break it."""

    text: Code


@dataclass(frozen=True, slots=True)
class Subscript:
    """`head[arguments]`."""

    head: Code
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """`a | b`; never nested."""

    options: tuple[Expr, ...]


Expr: TypeAlias = Atom | Subscript | Alternatives

NONE = Atom(fixed("None"))


def alternatives(*options: Expr) -> Expr:
    """Join options, each of them once."""
    flat_options: dict[Expr, None] = {}
    for option in options:
        inner = option.options if isinstance(option, Alternatives) else (option,)
        flat_options.update(dict.fromkeys(inner))
    found = tuple(flat_options)
    return found[0] if len(found) == 1 else Alternatives(found)


def optional(expr: Expr) -> Expr:
    """Add None to what an expression admits."""
    return alternatives(expr, NONE)


def flat(expr: Expr) -> Code:
    """Write an expression on one line."""
    match expr:
        case Atom():
            return expr.text
        case Subscript():
            inner = joined(", ", map(flat, expr.arguments))
            return assembled("{}[{}]", expr.head, inner)
        case Alternatives():
            return joined(" | ", map(flat, expr.options))


def margin(columns: int) -> LiteralString:
    """Give that many blanks."""
    return " " * columns


def lines(parts: Sequence[Code]) -> Code:
    """Put parts on lines of their own."""
    return joined("\n", parts)


def fits(indent: int, text: Code, extra: int = 0) -> bool:
    """Say whether a text's last line fits, beginning at a column."""
    return indent + columns(text) + extra <= WIDTH


def columns(text: Code) -> int:
    """Count the columns that a text takes: wide characters two, marks none."""
    if text.text.isascii():
        return len(text)
    return sum(map(_columns, text.text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def inside(expr: Expr, indent: int, end: LiteralString = "") -> list[Code]:
    """Write an expression between brackets that stand on lines of their own."""
    one = assembled("{}{}{}", fixed(margin(indent)), flat(expr), fixed(end))
    if fits(0, one) or isinstance(expr, Atom):
        return [one]
    if isinstance(expr, Subscript):
        return _broken(fixed(margin(indent)), expr, indent, end)
    return _operands(expr, indent, end)


def _operands(expr: Alternatives, indent: int, end: LiteralString) -> list[Code]:
    result: list[Code] = []
    last = len(expr.options) - 1
    for number, option in enumerate(expr.options):
        start = assembled("{}{}", fixed(margin(indent)), fixed("| " if number else ""))
        after: LiteralString = end if number == last else ""
        result += _operand(start, option, indent, after)
    return result


def _operand(start: Code, option: Expr, indent: int, end: LiteralString) -> list[Code]:
    one = assembled("{}{}{}", start, flat(option), fixed(end))
    if fits(0, one) or not isinstance(option, Subscript):
        return [one]
    return _broken(start, option, indent, end)


def _broken(
    start: Code, expr: Subscript, indent: int, end: LiteralString
) -> list[Code]:
    """Break a subscript behind its bracket, and its arguments if they must be."""
    head = assembled("{}{}[", start, expr.head)
    foot = assembled("{}]{}", fixed(margin(indent)), fixed(end))
    return [head, *_arguments(expr.arguments, indent + _INDENT), foot]


def _arguments(arguments: Sequence[Expr], indent: int) -> list[Code]:
    if len(arguments) == 1:
        return inside(arguments[0], indent)
    one = joined(", ", map(flat, arguments))
    if fits(indent, one):
        return [assembled("{}{}", fixed(margin(indent)), one)]
    return [
        line for argument in arguments for line in inside(argument, indent, end=",")
    ]


def annotated_line(
    start: Code, expr: Expr, indent: int, end: LiteralString = ""
) -> Code:
    """Write `start: expr end`, as an attribute or an alias has it.

    What does not fit goes between parentheses, a subscript between its brackets. A
    value (` = None`) goes there alone if that leaves room for the expression.
    """
    one = assembled("{}{}{}", start, flat(expr), fixed(end))
    if fits(indent, one):
        return one
    opened = assembled("{}{} = (", start, flat(expr))
    if end.startswith(" = ") and fits(indent, opened):
        value = assembled("{}{}", fixed(margin(indent + _INDENT)), fixed(end[3:]))
        return lines([opened, value, assembled("{})", fixed(margin(indent)))])
    if isinstance(expr, Subscript):
        return lines(_broken(start, expr, indent, end))
    inner = inside(expr, indent + _INDENT)
    foot = assembled("{}){}", fixed(margin(indent)), fixed(end))
    return lines([assembled("{}(", start), *inner, foot])


def parameter_line(
    start: Code, expr: Expr, indent: int, end: LiteralString = ","
) -> Code:
    """Write `start: expr end` as a parameter has it: no parentheses."""
    one = assembled("{}{}{}", start, flat(expr), fixed(end))
    if fits(indent, one) or isinstance(expr, Atom):
        return one
    if isinstance(expr, Subscript):
        return lines(_broken(start, expr, indent, end))
    return lines(_parameter_operands(start, expr, indent, end))


def _parameter_operands(
    start: Code, expr: Alternatives, indent: int, end: LiteralString
) -> list[Code]:
    """Break before each operator; the first operand stays behind the name."""
    first, *rest = expr.options
    begun = assembled("{}{}{}", fixed(margin(indent)), start, flat(first))
    if fits(0, begun) or not isinstance(first, Subscript):
        result = [assembled("{}{}", start, flat(first))]
    else:
        result = _broken(start, first, indent, "")
    last = len(rest) - 1
    for number, option in enumerate(rest):
        after: LiteralString = end if number == last else ""
        bar = assembled("{}| ", fixed(margin(indent)))
        result += _operand(bar, option, indent, after)
    return result


def listed(
    start: Code,
    items: Sequence[Code],
    end: LiteralString,
    *,
    indent: int,
    extra: int = 0,
) -> Code:
    """Write `start items end` on one line, or one item a line with a last comma.

    `extra` is the width of what follows on the line of the end.
    """
    one = assembled("{}{}{}", start, joined(", ", items), fixed(end))
    if fits(indent, one, extra) and "\n" not in one.text:
        return one
    inner = [
        assembled("{}{},", fixed(margin(indent + _INDENT)), item) for item in items
    ]
    foot = assembled("{}{}", fixed(margin(indent)), fixed(end))
    return lines([start, *inner, foot])
