# Fixed runtime of a generated SDK: the same source in every package.
"""Questions about decoded JSON and about arguments, answered for the type checkers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Say whether a value is a JSON object, or a mapping that stands for one."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Iterable[Any]]:
    """Say whether a value is a JSON array, or any other run of values."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """Say whether a value is a tuple."""
    return isinstance(value, tuple)
