# Fixed runtime of a generated SDK: the same source in every package.
"""Adds up events that are pieces of one object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeGuard, TypeVar

from pydantic import ValidationError

from .calls import reason
from .errors import ResponseDecodeError
from .models import ApiModel

M = TypeVar("M", bound=ApiModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class SumRule:
    """How the pieces add up.

    Items of lists are told apart by their field `by`; texts called as in `append`
    grow, any other value replaces the one before, null replaces nothing. `rename`
    maps the pieces' names to the object's. At the end `put` sets texts, `nulls`
    fills what is absent and `drop` removes, at paths of names.
    """

    by: str | None = None
    append: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict[str, str])
    put: Mapping[str, str] = field(default_factory=dict[str, str])
    nulls: tuple[tuple[str, ...], ...] = ()
    drop: tuple[tuple[str, ...], ...] = ()


class _Text(list[str]):
    """A text in the pieces that it came in: joining them once is linear."""


class Summing(Generic[M]):
    """The object that the events so far are pieces of."""

    def __init__(self, model: type[M], rule: SumRule) -> None:
        """Begin with nothing."""
        self._model = model
        self._rule = rule
        self._whole: dict[str, Any] = {}

    def add(self, event: Any, /) -> None:
        """Take the next event."""
        if isinstance(event, ApiModel):
            piece = event.model_dump(mode="json", by_alias=True, exclude_unset=True)
            self._add(self._whole, piece)

    def result(self) -> M:
        """Give the object as far as the events have built it."""
        whole = self._finished(self._whole)
        whole.update(self._rule.put)
        for *way, last in self._rule.nulls:
            for parent in _objects_at(whole, way):
                parent.setdefault(last, None)
        for *way, last in self._rule.drop:
            for parent in _objects_at(whole, way):
                parent.pop(last, None)
        try:
            return self._model.model_validate(whole)
        except ValidationError as error:
            message = f"the events add up to nothing whole: {reason(error)}"
            raise ResponseDecodeError(message, raw=repr(whole)) from error

    def _add(self, whole: dict[str, Any], piece: dict[str, Any]) -> None:
        for given, value in piece.items():
            name = self._rule.rename.get(given, given)
            if value is None:
                whole.setdefault(name, None)
            elif _is_object(value):
                if not _is_object(whole.get(name)):
                    whole[name] = {}
                self._add(whole[name], value)
            elif _is_list(value):
                if not _is_list(whole.get(name)):
                    whole[name] = []
                for item in value:
                    self._add_item(whole[name], item)
            elif name in self._rule.append and isinstance(value, str):
                self._append(whole, name, value)
            else:
                whole[name] = value

    def _append(self, whole: dict[str, Any], name: str, piece: str) -> None:
        known = whole.get(name)
        if isinstance(known, _Text):
            known.append(piece)
        else:
            whole[name] = _Text([piece])

    def _add_item(self, items: list[Any], item: Any) -> None:
        """Merge an item into the one of its number, if items have numbers."""
        by = self._rule.by
        if not _is_object(item):
            items.append(item)
            return
        number = None if by is None else item.get(by)
        known = _numbered(items, by, number)
        if known is None:
            known = {}
            items.append(known)
        self._add(known, item)

    def _finished(self, value: Any) -> Any:
        """Copy a value with its texts joined and its numbered items in order."""
        if _is_object(value):
            return {name: self._finished(part) for name, part in value.items()}
        if isinstance(value, _Text):
            return "".join(value)
        if _is_list(value):
            items = [self._finished(part) for part in value]
            by = self._rule.by
            if by is not None and all(isinstance(_number(i, by), int) for i in items):
                items.sort(key=lambda item: _number(item, by))
            return items
        return value


def _numbered(items: list[Any], by: str | None, number: Any) -> dict[str, Any] | None:
    """Give the item of a number."""
    if by is None or number is None:
        return None
    same = (item for item in items if _number(item, by) == number)
    return next(same, None)


def _number(item: Any, by: str) -> Any:
    return item.get(by) if _is_object(item) else None


def _objects_at(value: Any, way: list[str]) -> list[dict[str, Any]]:
    """Give the objects at the end of a path, through lists."""
    if _is_list(value):
        return [found for part in value for found in _objects_at(part, way)]
    if not _is_object(value):
        return []
    if not way:
        return [value]
    return _objects_at(value.get(way[0]), way[1:])


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
