"""Rows that wait for the store, made of what requests leave behind."""

from collections.abc import Callable
from typing import Generic, TypeVar

S = TypeVar("S")
T = TypeVar("T")

_AT_ONCE = 16
"""Of so many a row is made at once.

Alone each would find nothing of what makes it in the processor's caches; of very many,
what they are made of would no longer be there.
"""


class WaitingRows(Generic[S, T]):
    """Rows in the order of what they are made of.

    They are made on the loop: a thread would take the interpreter and what the caches
    hold from the requests that are there, which costs them more than the rows.
    """

    def __init__(self, make: Callable[[S], T]) -> None:
        self._make_one = make
        self._left: list[S] = []
        self._made: list[T] = []

    def __len__(self) -> int:
        return len(self._left) + len(self._made)

    def add(self, left: S) -> None:
        """Take what a row is to be made of."""
        self._left.append(left)
        if len(self._left) >= _AT_ONCE:
            self._make()

    def first(self, most: int) -> list[T]:
        """The first rows, which stay until they are dropped."""
        self._make()
        return self._made[:most]

    def drop(self, count: int) -> None:
        """Keep so many of the first ones no more."""
        del self._made[:count]

    def _make(self) -> None:
        left, self._left = self._left, []
        self._made += [self._make_one(each) for each in left]
