"""The places of a valid JSON text, found where somebody looks."""

from __future__ import annotations

import json
import re
from typing import Final

from headgate.document.source import Marks

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_DECODER: Final = json.JSONDecoder()


def marks_of(text: str) -> Marks | int:
    """Give the marks of a text that is known to be one JSON value."""
    return _marked(text, _after_blanks(text, 0))


class JsonMarks(Marks):
    """Marks of an object or a list, sought from its start to the member asked for.

    Few ever are: what is wrong with a document is at few of its places.
    """

    __slots__ = ("_last", "_text")

    def __init__(self, text: str, offset: int) -> None:
        super().__init__(offset)
        self._text = text
        self._last = -1

    def find(self, token: str) -> tuple[int, Marks | int] | None:
        """Find a member, reading on from where the last search ended."""
        while token not in self.inner:
            offset = self._next()
            if self._text[offset] in "]}":
                return None
            self._read(offset)
        return super().find(token)

    def _next(self) -> int:
        """Give the offset of the next member, or of the end."""
        if self._last < 0:
            return _after_blanks(self._text, self.offset + 1)
        _, end = _DECODER.raw_decode(self._text, self._last)
        end = _after_blanks(self._text, end)
        is_last = self._text[end] in "]}"
        return end if is_last else _after_blanks(self._text, end + 1)

    def _read(self, offset: int) -> None:
        token = str(len(self.inner))
        if self._text[self.offset] == "{":
            token, end = _DECODER.raw_decode(self._text, offset)
            self.keys[token] = offset
            offset = _after_blanks(self._text, _after_blanks(self._text, end) + 1)
        self.inner[token] = _marked(self._text, offset)
        self._last = offset


def _marked(text: str, offset: int) -> Marks | int:
    return JsonMarks(text, offset) if text[offset] in "{[" else offset


def _after_blanks(text: str, offset: int) -> int:
    found = _BLANK.match(text, offset)
    assert found is not None
    return found.end()
