"""Which lists with a type for each place are tuples in Rust."""

from __future__ import annotations

from typing import Final, assert_never

from headgate.ir.types import (
    Constant,
    Json,
    ListOf,
    MapOf,
    Nullable,
    Ref,
    Scalar,
    TupleOf,
    TypeExpr,
)

MOST_PLACES: Final = 12
"""The standard library compares and shows tuples of so many items."""

MOST_COMPLEX: Final = 250
"""How complex a type may be before clippy asks for a name for it."""

_WRAPPED: Final = 3
"""How deep the type of a field stands that may be absent and null."""


def is_tuple(type_: TupleOf) -> bool:
    """Say whether places become a tuple; else the list holds any JSON.

    Tuples that would be hard to read without a name do not.
    """
    outside = 10 + 20
    return (
        0 < len(type_.items) <= MOST_PLACES
        and outside + _complexity(type_, _WRAPPED) <= MOST_COMPLEX
    )


def _complexity(type_: TypeExpr, nest: int) -> int:
    """Count as clippy's `type_complexity` does: ten for each type and each level."""
    own = 10 * nest
    match type_:
        case Scalar() | Constant() | Json() | Ref():
            return own
        case ListOf(inner) | Nullable(inner):
            return own + _complexity(inner, nest + 1)
        case MapOf(inner):
            return own + 10 * (nest + 1) + _complexity(inner, nest + 1)
        case TupleOf(items, rest):
            if rest is None:
                return own + sum(_complexity(item, nest + 1) for item in items)
            tail = _complexity(rest, nest + 1)
            return own + _complexity(TupleOf(items, None), nest + 1) + tail
        case _:
            assert_never(type_)
