# Fixed runtime of a generated SDK: the same source in every package.
"""What generated folds share: they build a stream's final object from its events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from typing import Any, Generic, TypeVar

from pydantic_core import from_json

from .errors import ResponseDecodeError
from .models import ApiModel

T = TypeVar("T")
R = TypeVar("R")


class Folding(Generic[R]):
    """A final object under construction.

    Long texts come in many short pieces, so pieces are kept and joined at the end.
    """

    def __init__(self, steps: Mapping[type[Any], Callable[[Any], None]]) -> None:
        """Begin with nothing; `steps` says what each class of event does."""
        self._steps = steps
        self._result: R | None = None
        self._texts: dict[tuple[int, str], tuple[Any, list[str]]] = {}
        self._json: dict[tuple[int, str], tuple[Any, list[str]]] = {}
        self._text: tuple[Any, str, list[str]] = (None, "", [])

    def add(self, event: object, /) -> None:
        """Take the next event."""
        step = self._steps.get(type(event))
        if step is not None:
            step(event)

    def result(self) -> R:
        """Give the object as far as the events have built it."""
        self._settle()
        if self._result is None:
            raise ResponseDecodeError("the stream had no event to begin with", raw="")
        return self._result

    def _append_text(self, owner: Any, field: str, piece: str | None) -> None:
        """Add to the end of a text field, most often the one of the piece before."""
        known, name, pieces = self._text
        if known is not owner or name != field:
            pieces = self._texts.setdefault((id(owner), field), (owner, []))[1]
            self._text = (owner, field, pieces)
        pieces.append(piece or "")

    def _append_json(self, owner: Any, field: str, piece: str | None) -> None:
        """Add to the JSON text that a field's value is parsed from."""
        self._json.setdefault((id(owner), field), (owner, []))[1].append(piece or "")

    def _settle(self) -> None:
        for (_, field), (owner, pieces) in self._texts.items():
            setattr(owner, field, (getattr(owner, field) or "") + "".join(pieces))
            pieces.clear()
        for (_, field), (owner, pieces) in self._json.items():
            # What was cut off is no JSON: the field keeps what it began with.
            with suppress(ValueError):
                setattr(owner, field, from_json("".join(pieces) or "{}"))


def copied(value: T) -> T:
    """Give a copy that can be built upon while the event keeps what it carried."""
    return deepcopy(value)


def merge_unknown(target: ApiModel, source: ApiModel) -> None:
    """Take over the fields that were received but are not in the specification."""
    for name, value in (source.model_extra or {}).items():
        setattr(target, name, value)


def item_at(items: Sequence[T], index: int) -> T | None:
    """Give the item at an index, None where there is none."""
    return items[index] if 0 <= index < len(items) else None


def put_at(items: list[T], index: int, value: T) -> None:
    """Set the item at an index; the index after the last one appends."""
    if index == len(items):
        items.append(value)
    elif 0 <= index < len(items):
        items[index] = value
