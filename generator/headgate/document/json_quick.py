"""Reads JSON that has nothing wrong with it, which is nearly all there is.

What is wrong, and where, is for `json_text` to say: here is only one answer for all
of that.
"""

from __future__ import annotations

import json
import re
from typing import Final

from headgate.document.json_values import Json, JsonObject
from headgate.document.scalars import decimal, integer
from headgate.document.tree import MOST_DEPTH, MOST_NODES

_HALF_PAIR: Final = re.compile(r"\\u[dD][89a-fA-F]")


class NotPlainError(ValueError):
    """JSON that has to be read with care, or no JSON at all."""


def read_plain_json(text: str) -> Json:
    """Give the value of a text; `NotPlainError` where that has to be looked into."""
    if _HALF_PAIR.search(text) or sum(map(text.count, "{[,")) >= MOST_NODES:
        raise NotPlainError
    try:
        value: Json = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise NotPlainError from None
    if _is_deep(value):
        raise NotPlainError
    return value


def _object(members: list[tuple[str, Json]]) -> JsonObject:
    value = dict(members)
    if len(value) < len(members):
        raise NotPlainError
    return value


def _integer(digits: str) -> int:
    return integer(digits, 10)


def _no_number(_word: str) -> float:
    raise NotPlainError


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=decimal,
    parse_int=_integer,
    parse_constant=_no_number,
)


def _is_deep(value: Json) -> bool:
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True
