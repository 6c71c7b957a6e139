# Fixed runtime of a generated SDK: the same source in every package.
"""Headers of answers, read as what the specification says that they are."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_MOST = 2**63


class HeaderReader:
    """Reads headers; one that is absent or cannot be read is None."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        """Take the headers of an answer or of an error."""
        self._headers = {name.lower(): value for name, value in headers.items()}

    def _text(self, name: str) -> str | None:
        """Give what was sent; several of one name have commas between them."""
        return self._headers.get(name.lower())

    def _integer(self, name: str) -> int | None:
        """Read a whole number of 64 bits."""
        text = self._text(name) or ""
        # A longer one is beyond 64 bits, and Python does not read just any length.
        number = int(text) if len(text) < 100 and _INTEGER.fullmatch(text) else None
        return number if number is not None and -_MOST <= number < _MOST else None

    def _number(self, name: str) -> float | None:
        """Read a number by JSON's grammar."""
        text = self._text(name) or ""
        number = float(text) if _NUMBER.fullmatch(text) else math.inf
        return number if math.isfinite(number) else None

    def _boolean(self, name: str) -> bool | None:
        """Read `true` or `false`."""
        return {"true": True, "false": False}.get(self._text(name) or "")

    def _texts(self, name: str) -> list[str] | None:
        """Read texts with commas between them; empty ones are left out."""
        text = self._text(name)
        if text is None:
            return None
        pieces = (piece.strip(" \t") for piece in text.split(","))
        return [piece for piece in pieces if piece]
