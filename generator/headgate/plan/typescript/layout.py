"""Text in the shape that oxfmt would give it, at a width of 100 columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import indent

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 100
SHORT_KEY = 4
"""Behind a key up to this length the formatter does not start a line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A property of an object literal."""

    key: Code
    value: Value


@dataclass(frozen=True, slots=True)
class Object:
    """An object literal."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Array:
    """An array literal."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function by its name."""

    function: Code
    arguments: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Fallback:
    """A value, or another one where it is null or undefined."""

    value: Code
    other: Code


Value: TypeAlias = Code | Object | Array | Call | Fallback


def object_lines(entries: Sequence[Entry], depth: int) -> tuple[Code, ...]:
    """Lay out the properties of an object that is open, each from its own line on."""
    return tuple(_property(entry, depth) for entry in entries)


def open_object(entries: Sequence[Entry], depth: int) -> Code:
    """Lay out an open object literal, whose brace stands in a line of `depth`."""
    if not entries:
        return fixed("{}")
    lines = joined("\n", object_lines(entries, depth + 2))
    return assembled("{{\n{}\n{}}}", lines, indent(depth))


def _property(entry: Entry, depth: int) -> Code:
    if entry.value == entry.key:
        return assembled("{}{},", indent(depth), entry.key)
    used = depth + len(entry.key) + 2
    if isinstance(entry.value, Fallback) and used + len(one_line(entry.value)) >= WIDTH:
        value = _laid_out(entry.value, depth=depth + 2, used=depth + 2)
        return assembled(
            "{}{}:\n{}{},", indent(depth), entry.key, indent(depth + 2), value
        )
    value = _laid_out(entry.value, depth=depth, used=used)
    if len(entry.key) > SHORT_KEY and _is_long_atom(entry.value, used):
        return assembled(
            "{}{}:\n{}{},", indent(depth), entry.key, indent(depth + 2), value
        )
    return assembled("{}{}: {},", indent(depth), entry.key, value)


def _is_long_atom(value: Value, used: int) -> bool:
    """Say whether the formatter would give a string or a name a line of its own."""
    if not isinstance(value, Code):
        return False
    if value.text[:1] not in {'"', "'"} and not value.text.isidentifier():
        return False
    return used + len(value) + 1 > WIDTH


def _laid_out(value: Value, *, depth: int, used: int) -> Code:
    """Lay out a value that starts after `used` columns and is followed by a comma."""
    short = one_line(value)
    if used + len(short) + 1 <= WIDTH and not _breaks_anyway(value):
        return short
    match value:
        case Code():
            return value
        case Object(entries=entries):
            return open_object(entries, depth)
        case Array(items=items):
            lines = [_laid_out(item, depth=depth + 2, used=depth + 2) for item in items]
            return assembled("[{}]", _apart(lines, depth))
        case Call(function=function, arguments=arguments):
            return assembled("{}({})", function, _apart(arguments, depth))
        case Fallback(value=first, other=other):
            return assembled("{} ??\n{}{}", first, indent(depth), other)


def _apart(items: Sequence[Code], depth: int) -> Code:
    """Write items a line each, between brackets that stand in a line of `depth`."""
    lines = [assembled("{}{},", indent(depth + 2), item) for item in items]
    return assembled("\n{}\n{}", joined("\n", lines), indent(depth))


def _breaks_anyway(value: Value) -> bool:
    """Say whether there is a list of lists or objects with several members each."""
    match value:
        case Code() | Call() | Fallback():
            return False
        case Object(entries=entries):
            return any(_breaks_anyway(entry.value) for entry in entries)
        case Array(items=items):
            return any(map(_breaks_anyway, items)) or (
                len(items) > 1
                and len({type(item) for item in items}) == 1
                and all(_members(item) > 1 for item in items)
            )


def _members(value: Value) -> int:
    match value:
        case Object(entries=entries):
            return len(entries)
        case Array(items=items):
            return len(items)
        case Code() | Call() | Fallback():
            return 0


def one_line(value: Value) -> Code:
    """Write a value on one line, however long."""
    match value:
        case Code():
            return value
        case Object(entries=()):
            return fixed("{}")
        case Object(entries=entries):
            return assembled("{{ {} }}", joined(", ", map(_short_property, entries)))
        case Array(items=items):
            return assembled("[{}]", joined(", ", map(one_line, items)))
        case Call(function=function, arguments=arguments):
            return assembled("{}({})", function, joined(", ", arguments))
        case Fallback(value=first, other=other):
            return assembled("{} ?? {}", first, other)


def _short_property(entry: Entry) -> Code:
    if entry.value == entry.key:
        return entry.key
    return assembled("{}: {}", entry.key, one_line(entry.value))


def union_alias(name: Code, members: Sequence[Code]) -> Code:
    """Lay out `export type` of a union."""
    line = assembled("export type {} = {};", name, joined(" | ", members))
    if len(line) <= WIDTH:
        return line
    if len(members) == 1:
        return assembled("export type {} =\n  {};", name, members[0])
    lines = joined("\n", [assembled("  | {}", member) for member in members])
    return assembled("export type {} =\n{};", name, lines)


def call_lines(start: Code, parameters: Sequence[Code], end: Code, depth: int) -> Code:
    """Lay out a signature or a call on one line, or else with an argument a line."""
    line = assembled("{}{}({}){}", indent(depth), start, joined(", ", parameters), end)
    if len(line) <= WIDTH:
        return line
    lines = _apart(parameters, depth)
    return assembled("{}{}({}){}", indent(depth), start, lines, end)


def new_member(name: Code, class_name: Code) -> Code:
    """Lay out a property that is a resource made with the transport of this one."""
    start = assembled("  readonly {} = new {}(", name, class_name)
    if len(start) + len("this.transport);") <= WIDTH:
        return assembled("{}this.transport);", start)
    if len(start) <= WIDTH:
        return assembled("{}\n    this.transport,\n  );", start)
    return assembled("  readonly {} =\n    new {}(this.transport);", name, class_name)
