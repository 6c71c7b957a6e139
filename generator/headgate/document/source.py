"""One file of a document: its text, its value, and the place of every part of it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from headgate.document.json_values import Json, Tokens, pointer
from headgate.errors import Location
from headgate.lines import line_starts


class Marks:
    """Offsets of an object's or a list's start, of its keys, and of what is inside.

    A scalar inside is its bare offset: a large document has a hundred thousand.
    """

    __slots__ = ("inner", "keys", "offset")

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.keys: dict[str, int] = {}
        self.inner: dict[str, Marks | int] = {}

    def find(self, token: str) -> tuple[int, Marks | int] | None:
        """Find a member: the offset of its key, -1 in a list, and its mark."""
        mark = self.inner.get(token)
        return None if mark is None else (self.keys.get(token, -1), mark)


@dataclass(frozen=True)
class Source:
    """A file that was read. `name` is its path as the user would type it."""

    name: str
    text: str
    value: Json
    marks: Marks | int = field(repr=False)

    def locate(self, tokens: Tokens) -> Location:
        """Find where a value is, or its nearest ancestor that exists.

        An object or a list is shown by its key, a scalar by itself: that is where a
        reader looks.
        """
        offset, depth = _offset(self.marks, tokens, at_key=False)
        return self.at(offset, tokens[:depth])

    def locate_key(self, tokens: Tokens) -> Location:
        """Find where the key of a member is written."""
        offset, depth = _offset(self.marks, tokens, at_key=True)
        return self.at(offset, tokens[:depth])

    def at(self, offset: int, tokens: Tokens) -> Location:
        """Give the line and column of an offset."""
        line = bisect_right(self._line_starts, offset)
        column = offset - self._line_starts[line - 1] + 1
        return Location(self.name, line, column, pointer(tokens))

    @cached_property
    def _line_starts(self) -> list[int]:
        return line_starts(self.text)


def _offset(marks: Marks | int, tokens: Tokens, *, at_key: bool) -> tuple[int, int]:
    key_offset = -1
    depth = 0
    for token in tokens:
        found = None if isinstance(marks, int) else marks.find(token)
        if found is None:
            break
        key_offset, marks = found
        depth += 1
    if isinstance(marks, int):
        return (key_offset if at_key and key_offset >= 0 else marks), depth
    return (key_offset if key_offset >= 0 else marks.offset), depth
