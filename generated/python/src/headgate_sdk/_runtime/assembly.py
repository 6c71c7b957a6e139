# Fixed runtime of a generated SDK: the same source in every package.
"""Objects whose JSON arrives in pieces, put together as a stream is read."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from .folding import copied
from .partial_json import PartialJson

T = TypeVar("T")


class Assembly(Generic[T]):
    """The objects that have begun and not ended, by their keys."""

    into: ClassVar[str]
    """The attribute that holds what the pieces parse to."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._open: dict[Any, tuple[T, PartialJson]] = {}

    def _begin(self, key: Any, value: T) -> None:
        """Begin an object; one of the same key that has not ended is dropped."""
        self._open[key] = (copied(value), PartialJson())

    def _add(self, key: Any, piece: str | None) -> None:
        """Take a piece of an object's JSON; one that has not begun is passed over."""
        if key in self._open:
            self._open[key][1].feed(piece or "")

    def _end(self, key: Any) -> T | None:
        """Give the completed object; no text at all stands for `{}`.

        Raises `ResponseDecodeError` where the pieces are no JSON.
        """
        if key not in self._open:
            return None
        value, pieces = self._open.pop(key)
        setattr(value, self.into, pieces.finish() if pieces.text else {})
        return value

    def _discard(self) -> None:
        """Drop all that has not ended."""
        self._open.clear()
