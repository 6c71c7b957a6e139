"""The lines of a text as an editor counts them: ended by CR LF, LF or CR alone."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

_END: Final = re.compile(r"\r\n|\n|\r")


def lines_of(text: str) -> list[str]:
    """Give the lines of a text without their ends."""
    return _END.split(text) if "\r" in text else text.split("\n")


def line_starts(text: str) -> list[int]:
    """Give the offset at which each line begins."""
    if "\r" in text:
        return [0, *(end.end() for end in _END.finditer(text))]
    lengths = (len(line) + 1 for line in text.split("\n"))
    return list(accumulate(lengths, initial=0))[:-1]
