"""One file of a document: its text, its value, and the place of every part of it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from headgate.document.json_values import Json, Tokens, pointer
from headgate.errors import Location

_LINE_END: Final = re.compile(r"\r\n|\n|\r")


class Marks:
    """Offsets of an object's or a list's start, of its keys, and of what is inside.

    A scalar inside is its bare offset: a large document has a hundred thousand.
    """

    __slots__ = ("inner", "keys", "offset")

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.keys: dict[str, int] = {}
        self.inner: dict[str, Marks | int] = {}


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


def line_starts(text: str) -> list[int]:
    """Give the offset at which each line begins, as an editor counts lines."""
    return [0, *(end.end() for end in _LINE_END.finditer(text))]


def _offset(marks: Marks | int, tokens: Tokens, *, at_key: bool) -> tuple[int, int]:
    key_offset = -1
    depth = 0
    for token in tokens:
        if isinstance(marks, int) or token not in marks.inner:
            break
        key_offset = marks.keys.get(token, -1)
        marks = marks.inner[token]
        depth += 1
    if isinstance(marks, int):
        return (key_offset if at_key and key_offset >= 0 else marks), depth
    return (key_offset if key_offset >= 0 else marks.offset), depth
