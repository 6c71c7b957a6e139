"""Plain YAML scalars by the core schema of YAML 1.2 (section 10.3.2).

PyYAML knows YAML 1.1, where `no` is false, `012` is ten, `1:30` is ninety and
`2026-11-21` is a date. None of that is what the author of a document means.
"""

from __future__ import annotations

import math
import re
from typing import Final

NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
TRUES: Final = frozenset({"true", "True", "TRUE"})
FALSES: Final = frozenset({"false", "False", "FALSE"})

_NUMBER_START: Final = frozenset("0123456789+-.")
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MOST_DIGITS: Final = 400


class NotJsonError(ValueError):
    """A scalar that YAML allows and JSON has no value for."""


def plain(text: str) -> str | int | float | bool | None:
    """Give the value of an unquoted scalar; `NotJsonError` for infinities."""
    if text in NULLS:
        return None
    first = text[0]
    if first in _NUMBER_START:
        return _number_or_text(text)
    if text in TRUES:
        return True
    if text in FALSES:
        return False
    return text


def _number_or_text(text: str) -> str | int | float:
    if _INTEGER.fullmatch(text):
        return integer(text, 10)
    if _FLOAT.fullmatch(text):
        return decimal(text)
    if _BASED.fullmatch(text):
        return integer(text, 0)
    if _NOT_FINITE.fullmatch(text):
        raise NotJsonError(f"JSON has no number {text}")
    return text


def integer(text: str, base: int) -> int:
    """Read an integer of a size that a double can hold."""
    if len(text) > _MOST_DIGITS or math.isinf(_as_float(value := int(text, base))):
        raise NotJsonError(f"a number of {len(text)} digits is out of range")
    return value


def decimal(text: str) -> float:
    """Read a decimal number; one too large for a double is refused, not infinite."""
    value = float(text)
    if math.isinf(value):
        shown = text if len(text) <= 20 else f"{text[:17]}..."
        raise NotJsonError(f"the number {shown} is out of range")
    return value


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
