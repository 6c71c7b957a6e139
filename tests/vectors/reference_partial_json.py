"""A second reading of JSON that comes in pieces, to check the vectors against."""

from __future__ import annotations

import json
import re
from typing import Any

NOTHING = object()
"""What a text comes to before any value has begun."""

_ENDS = {"{": "}", "[": "]"}
_UNENDED = re.compile(r"[-+.0-9A-Za-z]\Z")


def value_so_far(text: str) -> Any:
    """The best value of a text: of all that it closes to, the longest."""
    for length in range(len(text), -1, -1):
        start = text[:length]
        goes_on = _UNENDED.search(start) and not re.match(r"[\s,}\]]", text[length:])
        open_, quoted = _open(start)
        if goes_on and not quoted:
            continue
        try:
            value = json.loads(start + '"' * quoted + "".join(reversed(open_)))
            json.dumps(value, ensure_ascii=False).encode()
        except ValueError:
            continue
        return value
    return NOTHING


def _open(text: str) -> tuple[list[str], bool]:
    """What ends the objects and lists that are open, and whether a text is."""
    ends: list[str] = []
    quoted = escaped = False
    for character in text:
        if quoted:
            quoted = escaped or character != '"'
            escaped = not escaped and character == "\\"
        elif character == '"':
            quoted = True
        elif character in _ENDS:
            ends.append(_ENDS[character])
        elif character in "}]" and ends:
            ends.pop()
    return ends, quoted
