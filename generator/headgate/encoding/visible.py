"""What of a document's text may stand in a comment: only what a reader sees."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

_PLAIN_LINES: Final = re.compile(r"[ -~\n]*")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
"""Controls, marks of direction (Trojan Source), surrogates, separators of lines."""


def visible(text: str) -> str:
    """Drop what is not seen or turns the direction of reading; blanks become spaces."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    if _PLAIN_LINES.fullmatch(text):
        return text
    return "".join(map(_seen, text))


@cache
def _seen(character: str) -> str:
    if character == "\n" or " " <= character <= "~":
        return character
    category = unicodedata.category(character)
    if category in _UNSEEN:
        return ""
    return " " if category == "Zs" else character
