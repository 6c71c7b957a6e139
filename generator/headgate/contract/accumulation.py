"""Adds up events that are pieces of one object, on plain JSON.

This is the reading of `fold.accumulate` that the SDKs' runtimes are held to.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from headgate.document.json_values import Json, JsonObject
from headgate.ir.streams import Accumulation


def accumulate(rule: Accumulation, events: Iterable[JsonObject]) -> JsonObject:
    """Give the object that a stream's events are pieces of."""
    whole: JsonObject = {}
    for event in events:
        _add(rule, whole, event)
    if rule.by is not None:
        _sort(rule.by, whole)
    whole.update(rule.put)
    for path in rule.nulls:
        for parent in _parents(whole, path):
            parent.setdefault(path[-1], None)
    for path in rule.drop:
        for parent in _parents(whole, path):
            parent.pop(path[-1], None)
    return whole


def _add(rule: Accumulation, whole: JsonObject, piece: JsonObject) -> None:
    names = dict(rule.rename)
    for given, value in piece.items():
        name = names.get(given, given)
        known = whole.get(name)
        if value is None:
            whole.setdefault(name, None)
        elif isinstance(value, dict):
            if not isinstance(known, dict):
                known = whole[name] = {}
            _add(rule, known, value)
        elif isinstance(value, list):
            if not isinstance(known, list):
                known = whole[name] = []
            for item in value:
                _add_item(rule, known, item)
        elif name in rule.append and isinstance(known, str) and isinstance(value, str):
            whole[name] = known + value
        else:
            whole[name] = value


def _add_item(rule: Accumulation, items: list[Json], item: Json) -> None:
    """Merge an item into the one of its number, if items have numbers."""
    if not isinstance(item, dict):
        items.append(item)
        return
    number = item.get(rule.by) if rule.by is not None else None
    same = (
        known
        for known in items
        if isinstance(known, dict) and known.get(rule.by or "") == number
    )
    known = next(same, None) if number is not None else None
    if known is None:
        begun: JsonObject = {}
        items.append(begun)
        known = begun
    _add(rule, known, copy.deepcopy(item))


def _sort(by: str, value: Json) -> None:
    """Put the items of every list that are numbered in the order of their numbers."""
    if isinstance(value, dict):
        for part in value.values():
            _sort(by, part)
    elif isinstance(value, list):
        for part in value:
            _sort(by, part)
        numbers = [_number(part, by) for part in value]
        if None not in numbers:
            value.sort(key=lambda part: _number(part, by) or 0)


def _number(value: Json, by: str) -> int | None:
    number = value.get(by) if isinstance(value, dict) else None
    return number if isinstance(number, int) else None


def _parents(value: Json, path: tuple[str, ...]) -> list[JsonObject]:
    """Give the objects in which the last name of a path lies."""
    here = [value]
    for name in path[:-1]:
        found = [part[name] for part in _objects(here) if name in part]
        here = found
    return _objects(here)


def _objects(values: list[Json]) -> list[JsonObject]:
    """Give the objects among values, those in lists too."""
    found: list[JsonObject] = []
    for value in values:
        if isinstance(value, dict):
            found.append(value)
        elif isinstance(value, list):
            found += _objects(value)
    return found
