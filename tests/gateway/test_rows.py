"""Rows that wait for the store."""

from __future__ import annotations

import weakref

from headgate_gateway.rows import WaitingRows


class Left:
    """What a request leaves behind."""

    def __init__(self, number: int) -> None:
        self.number = number


def numbers() -> WaitingRows[Left, int]:
    """Rows that are the numbers of what they are made of."""
    return WaitingRows(lambda left: left.number)


def test_rows_stay_in_order_until_they_are_dropped():
    rows = numbers()
    for number in range(50):
        rows.add(Left(number))

    assert len(rows) == 50
    assert rows.first(20) == rows.first(20) == list(range(20))

    rows.drop(20)
    rows.add(Left(50))

    assert len(rows) == 31
    assert rows.first(100) == list(range(20, 51))


def test_what_rows_are_made_of_is_not_kept_for_long():
    """Of a thousand requests it would fill the processor's caches."""
    rows = numbers()
    left = [Left(number) for number in range(1000)]
    kept = weakref.WeakSet(left)
    while left:
        rows.add(left.pop())

    assert len(rows) == 1000
    assert len(kept) < 20


def test_nothing_is_made_of_nothing():
    rows = numbers()

    assert len(rows) == 0
    assert rows.first(10) == []
