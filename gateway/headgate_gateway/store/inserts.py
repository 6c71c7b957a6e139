"""SQLite's statements for many rows, in which what all rows share is given once.

Most of what entries of one moment say is the same: whose they are, what was asked, what
there was not. To bind a value takes as long as to write it, and holds up the loop.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from headgate_gateway.store.bulk import Insert, Row

MOST_TOGETHER = 256
"""Rows of a statement; SQLite takes 32,766 values in one."""


class Inserts:
    """Makes statements and what they are given.

    A column that once differed is given for each row from then on: few statements are
    made, and SQLite keeps them.
    """

    def __init__(self) -> None:
        self._differing: dict[Insert, tuple[int, ...]] = {}

    def statement(self, insert: Insert, rows: Sequence[Row]) -> tuple[str, list[Any]]:
        """The statement for rows, at most ``MOST_TOGETHER``, and its values."""
        columns = list(zip(*rows, strict=True))
        # The first one is the id.
        known = self._differing.get(insert, (0,))
        differing = tuple(
            place
            for place, values in enumerate(columns)
            if place in known or values.count(values[0]) < len(values)
        )
        self._differing[insert] = differing
        each = zip(*[columns[place] for place in differing], strict=True)
        once = [
            values[0] for place, values in enumerate(columns) if place not in differing
        ]
        text = _text(insert, differing, len(rows))
        return text, [*chain.from_iterable(each), *once]


@lru_cache(maxsize=32)
def _text(insert: Insert, differing: tuple[int, ...], rows: int) -> str:
    given = ", ".join(insert.columns[place] for place in differing)
    row = f"({', '.join('?' * len(differing))})"
    values = ", ".join(
        name if place in differing else "?" for place, name in enumerate(insert.columns)
    )
    parts = (
        f"WITH given ({given}) AS (VALUES {', '.join([row] * rows)})",
        insert.text,
        "SELECT",
        values,
        "FROM given",
    )
    return " ".join(parts)
