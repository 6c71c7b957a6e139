"""What a method sets in the body by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.operations import BodyFlag

if TYPE_CHECKING:
    from headgate.ir.operations import Operation, StreamCall


def sent_flag(operation: Operation, stream: StreamCall | None) -> BodyFlag | None:
    """Give the property that asks for the stream, or else for the whole answer."""
    asked = operation.stream.asked_by if operation.stream is not None else None
    if asked is None or operation.body is None or operation.body.kind != "json":
        return None
    if stream is not None:
        return asked
    if asked.otherwise is None:
        return None
    return BodyFlag(asked.property, asked.otherwise)
