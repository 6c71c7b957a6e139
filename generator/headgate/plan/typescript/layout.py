"""Text in the shape that oxfmt would give it, at a width of 100 columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import indent

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 100


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


Value: TypeAlias = Code | Object | Array


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
    value = _laid_out(entry.value, depth=depth, used=used)
    if _is_long_string(entry.value, used):
        return assembled(
            "{}{}:\n{}{},", indent(depth), entry.key, indent(depth + 2), value
        )
    return assembled("{}{}: {},", indent(depth), entry.key, value)


def _is_long_string(value: Value, used: int) -> bool:
    """Say whether the formatter would give a string a line of its own."""
    if not isinstance(value, Code) or value.text[:1] not in {'"', "'"}:
        return False
    return used + len(value) + 1 > WIDTH


def _laid_out(value: Value, *, depth: int, used: int) -> Code:
    """Lay out a value that starts after `used` columns and is followed by a comma."""
    short = one_line(value)
    if isinstance(value, Code) or (
        used + len(short) + 1 <= WIDTH and not _breaks_anyway(value)
    ):
        return short
    if isinstance(value, Object):
        return open_object(value.entries, depth)
    items = [
        assembled(
            "{}{},",
            indent(depth + 2),
            _laid_out(item, depth=depth + 2, used=depth + 2),
        )
        for item in value.items
    ]
    return assembled("[\n{}\n{}]", joined("\n", items), indent(depth))


def _breaks_anyway(value: Object | Array) -> bool:
    """Say whether a list is of lists, or of objects, with more than one member each."""
    if isinstance(value, Object):
        return any(_breaks(entry.value) for entry in value.entries)
    if any(_breaks(item) for item in value.items):
        return True
    return len(value.items) > 1 and (
        all(isinstance(item, Array) and len(item.items) > 1 for item in value.items)
        or all(
            isinstance(item, Object) and len(item.entries) > 1 for item in value.items
        )
    )


def _breaks(value: Value) -> bool:
    return not isinstance(value, Code) and _breaks_anyway(value)


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
            return assembled("[{}]", joined(", ", [one_line(item) for item in items]))


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
    lines = joined(
        "\n", [assembled("{}{},", indent(depth + 2), each) for each in parameters]
    )
    return assembled(
        "{}{}(\n{}\n{}){}", indent(depth), start, lines, indent(depth), end
    )
