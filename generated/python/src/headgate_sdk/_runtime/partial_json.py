# Fixed runtime of a generated SDK: the same source in every package.
"""JSON whose text comes in pieces: what it says so far, and in the end."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pydantic_core import from_json

from .errors import ResponseDecodeError

_HIGH_SURROGATES = ("d8", "d9", "da", "db")
_ENDS_SCALAR = frozenset(' \t\r\n,:"[]{}')


class PartialJson:
    """One JSON text, fed as it arrives.

    Open texts, lists and objects count as closed; a key without its value, half an
    escape and a number or literal that might go on do not count yet.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._certain = 0
        self._open: list[str] = []
        self._quote = ""
        self._is_key = False
        self._digits = ""
        self._step = self._between
        self._value: Any = None

    @property
    def text(self) -> str:
        """All that was fed."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def feed(self, text: str) -> None:
        """Take the next piece of the text."""
        self._pieces.append(text)
        for character in text:
            self._length += 1
            self._step(character)

    def value(self) -> Any:
        """Give what the text says so far; None while it says nothing.

        Reads the whole text again, so ask when the value is to be shown. Of a text
        that is no JSON, the value before the mistake stays.
        """
        certain = self.text[: self._certain]
        closed = certain + self._quote + "".join(reversed(self._open))
        with suppress(ValueError):
            self._value = from_json(closed, allow_inf_nan=False)
        return self._value

    def finish(self) -> Any:
        """Give what the whole text parses to; raise `ResponseDecodeError` otherwise."""
        try:
            return from_json(self.text, allow_inf_nan=False)
        except ValueError as error:
            raise ResponseDecodeError(
                f"the pieces are no JSON together: {error}", raw=self.text
            ) from error

    def _certain_now(self) -> None:
        """Note that all so far is a value once what is open is closed."""
        self._certain = self._length

    def _between(self, character: str) -> None:
        match character:
            case '"':
                self._step = self._in_text
                if not self._is_key:
                    self._quote = '"'
                    self._certain_now()
            case "[" | "{":
                self._open.append("]" if character == "[" else "}")
                self._is_key = character == "{"
                self._certain_now()
            case "]" | "}":
                if self._open:
                    self._open.pop()
                self._is_key = False
                self._certain_now()
            case ",":
                self._is_key = self._open[-1:] == ["}"]
            case ":":
                self._is_key = False
            case " " | "\t" | "\r" | "\n":
                pass
            case _:
                self._step = self._in_scalar

    def _in_text(self, character: str) -> None:
        if character == "\\":
            self._step = self._in_escape
            return
        if character == '"':
            self._step = self._between
            self._quote = ""
        if not self._is_key:
            self._certain_now()

    def _in_escape(self, character: str) -> None:
        if character == "u":
            self._digits = ""
            self._step = self._in_digits
            return
        self._end_escape()

    def _in_digits(self, character: str) -> None:
        self._digits += character.lower()
        if len(self._digits) < 4:
            return
        if self._digits.startswith(_HIGH_SURROGATES):
            self._step = self._in_text  # its other half is still to come
            return
        self._end_escape()

    def _end_escape(self) -> None:
        self._step = self._in_text
        if not self._is_key:
            self._certain_now()

    def _in_scalar(self, character: str) -> None:
        if character not in _ENDS_SCALAR:
            return
        self._certain = self._length - 1
        self._step = self._between
        self._between(character)
