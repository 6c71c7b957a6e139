"""What a condition asks of an event's fields, where that can be read off its text.

`event.index == blocks` fixes a field, `event.id in asked` leaves a choice, and
`size(event.append) == 2` fixes a length. Conditions of other shapes say nothing here;
events that miss them are thrown away by whoever draws them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from headgate.contract.expressions import (
    EVENT,
    Expression,
    ExpressionError,
    compile_expression,
)
from headgate.contract.machine import Machine
from headgate.document.json_values import Json, JsonObject

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The field is one of these."""

    values: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """The list or text has this length."""

    length: int


@dataclass(frozen=True, slots=True)
class Absent:
    """The field is left out."""


Pin: TypeAlias = Choice | Size | Absent
Pins: TypeAlias = dict[Path, Pin]

_FIELD = r"event((?:\.\w+|\[\d+\])+)"
_EQUAL = re.compile(rf"{_FIELD}\s*==\s*(.+)", re.DOTALL)
_IN = re.compile(rf"{_FIELD}\s+in\s+(.+)", re.DOTALL)
_SIZE = re.compile(rf"size\({_FIELD}\)\s*==\s*(.+)", re.DOTALL)
_HAS_NOT = re.compile(rf"!has\({_FIELD}\)")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def pins_of(tests: Iterable[Expression], machine: Machine) -> Pins | None:
    """Give what conditions ask of the next event's fields, as the registers stand.

    None means that no event can meet them now.
    """
    pins: Pins = {}
    for test in tests:
        for part in _parts(test.source):
            if _is_impossible(part, machine):
                return None
            _pin(part, machine, pins)
    return pins


def repair(event: JsonObject, tests: Iterable[Expression], machine: Machine) -> None:
    """Set the fields that conditions derive from other fields of the event."""
    for test in tests:
        for part in _parts(test.source):
            match = _EQUAL.fullmatch(part)
            if match is None:
                continue
            value = _value(match[2], machine, event)
            if value is not None:
                _assign(event, _path(match[1]), value.values[0])


def _is_impossible(part: str, machine: Machine) -> bool:
    """Say whether the registers alone make a condition false."""
    known = _value(part, machine, None)
    if known is not None:
        return known.values[0] is not True
    match = _IN.fullmatch(part)
    choices = None if match is None else _value(match[2], machine, None)
    return choices is not None and choices.values[0] == []


def _pin(part: str, machine: Machine, pins: Pins) -> None:
    if len(_split(part, "||")) > 1:
        _pin_alternatives(part, machine, pins)
        return
    for pattern, make in ((_EQUAL, _one), (_IN, _many), (_SIZE, _size)):
        match = pattern.fullmatch(part)
        if match is None:
            continue
        value = _value(match[2], machine, None)
        pin = None if value is None else make(value.values[0])
        if pin is not None:
            path = _path(match[1])
            pins[path] = _both(pins.get(path), pin)
        return
    match = _HAS_NOT.fullmatch(part)
    if match is not None:
        pins[_path(match[1])] = Absent()


def _pin_alternatives(part: str, machine: Machine, pins: Pins) -> None:
    open_ways: list[str] = []
    for way in _split(part, "||"):
        known = _value(way, machine, None)
        if known is not None and known.values[0] is True:
            return
        if known is None:
            open_ways.append(way)
    if open_ways:
        for inner in _parts(open_ways[0]):
            _pin(inner, machine, pins)


def _both(old: Pin | None, new: Pin) -> Pin:
    if isinstance(old, Choice) and isinstance(new, Choice):
        shared = tuple(value for value in old.values if value in new.values)
        return Choice(shared or new.values)
    return new


def _one(value: Json) -> Pin:
    return Choice((value,))


def _many(value: Json) -> Pin | None:
    return Choice(tuple(value)) if isinstance(value, list) and value else None


def _size(value: Json) -> Pin | None:
    return Size(value) if isinstance(value, int) and value >= 0 else None


def _value(source: str, machine: Machine, event: JsonObject | None) -> Choice | None:
    expression = _compiled(source)
    if expression is None or (event is None and EVENT in expression.names):
        return None
    try:
        return Choice((machine.evaluate(expression, event),))
    except ExpressionError:
        return None


@lru_cache(maxsize=4096)
def _compiled(source: str) -> Expression | None:
    try:
        return compile_expression(source)
    except ExpressionError:
        return None


def _path(text: str) -> Path:
    return tuple(name or number for name, number in _STEP.findall(text))


def _assign(event: JsonObject, path: Path, value: Json) -> None:
    target: Json = event
    for name in path[:-1]:
        target = target.get(name) if isinstance(target, dict) else None
    if isinstance(target, dict):
        target[path[-1]] = value


@lru_cache(maxsize=4096)
def _parts(source: str) -> tuple[str, ...]:
    return tuple(_split_all(source))


def _split_all(source: str) -> Iterator[str]:
    """Split a condition at its outer `&&`."""
    stripped = _unwrapped(source.strip())
    parts = _split(stripped, "&&") if len(_split(stripped, "||")) == 1 else [stripped]
    if len(parts) == 1:
        yield parts[0]
        return
    for part in parts:
        yield from _parts(part)


@lru_cache(maxsize=4096)
def _split(source: str, operator: str) -> list[str]:
    parts: list[str] = []
    start = 0
    if _outermost(source, "?"):
        return [source]
    for place in _outermost(source, operator):
        parts.append(source[start:place].strip())
        start = place + len(operator)
    return [*parts, source[start:].strip()]


def _outermost(source: str, operator: str) -> list[int]:
    """Give where an operator stands outside of texts and brackets."""
    places: list[int] = []
    depth = 0
    quote = ""
    for place, character in enumerate(source):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif depth == 0 and source.startswith(operator, place):
            places.append(place)
    return places


def _unwrapped(source: str) -> str:
    while source.startswith("(") and _closing(source) == len(source) - 1:
        source = source[1:-1].strip()
    return source


def _closing(source: str) -> int:
    depth = 0
    for place, character in enumerate(source):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place
    return -1
