"""What a method sets in the body by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headgate.ir.operations import BodyFlag
from headgate.ir.types import Constant, Scalar

if TYPE_CHECKING:
    from headgate.ir.operations import Operation, StreamCall
    from headgate.ir.types import TypeExpr

_KINDS: Final = frozenset({"json", "form", "multipart"})
"""Kinds of body that have properties."""


def sent_flag(operation: Operation, stream: StreamCall | None) -> BodyFlag | None:
    """Give the property that asks for the stream, or else for the whole answer."""
    asked = operation.stream.asked_by if operation.stream is not None else None
    if asked is None or operation.body is None or operation.body.kind not in _KINDS:
        return None
    if stream is not None:
        return asked
    if asked.otherwise is None:
        return None
    return BodyFlag(asked.property, asked.otherwise)


def is_boolean(type_: TypeExpr) -> bool:
    """Say whether a property is true or false, or always the same of them."""
    is_constant = isinstance(type_, Constant) and isinstance(type_.value, bool)
    return is_constant or type_ == Scalar("boolean")
