"""Values and names as a message shows them."""

from __future__ import annotations

import json
from typing import TypeAlias

from headgate.ir.types import Constant, Enum

Values: TypeAlias = dict[str, object]
"""The values of a type by how they are shown."""


def quoted(value: object) -> str:
    """Write a value so that its end is seen: text in quotes, the rest as JSON."""
    return f"'{value}'" if isinstance(value, str) else json.dumps(value, default=str)


def values_of(plain: object) -> Values | None:
    """Give all the values that a type has; None: too many."""
    if isinstance(plain, Enum):
        return {quoted(each.value): each.value for each in plain.values}
    return {quoted(plain.value): plain.value} if isinstance(plain, Constant) else None
