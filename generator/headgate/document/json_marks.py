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
    """Marks of an object or a list whose members are sought when they are asked for.

    Few ever are: what is wrong with a document is at few of its places.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str, offset: int) -> None:
        self.offset = offset
        self._text = text

    def __getattr__(self, name: str) -> dict[str, int] | dict[str, Marks | int]:
        """Seek the members: `keys` or `inner` is not there yet."""
        if name not in ("keys", "inner"):
            raise AttributeError(name)
        self.keys = {}
        self.inner = {}
        begin = _after_blanks(self._text, self.offset + 1)
        if self._text[begin] not in "]}":
            seek = self._members if self._text[self.offset] == "{" else self._items
            seek(begin)
        return self.keys if name == "keys" else self.inner

    def _members(self, offset: int) -> None:
        while True:
            key, end = _DECODER.raw_decode(self._text, offset)
            value = _after_blanks(self._text, _after_blanks(self._text, end) + 1)
            self.keys[key] = offset
            end = self._put(key, value)
            if self._text[end] == "}":
                return
            offset = _after_blanks(self._text, end + 1)

    def _items(self, offset: int) -> None:
        while True:
            end = self._put(str(len(self.inner)), offset)
            if self._text[end] == "]":
                return
            offset = _after_blanks(self._text, end + 1)

    def _put(self, key: str, offset: int) -> int:
        """Keep a value's mark, and give the offset of what follows it."""
        self.inner[key] = _marked(self._text, offset)
        return _after_blanks(self._text, _DECODER.raw_decode(self._text, offset)[1])


def _marked(text: str, offset: int) -> Marks | int:
    return JsonMarks(text, offset) if text[offset] in "{[" else offset


def _after_blanks(text: str, offset: int) -> int:
    found = _BLANK.match(text, offset)
    assert found is not None
    return found.end()
