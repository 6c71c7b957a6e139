"""What a method sets in the body by itself, and what it refuses there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.ir.operations import BodyFlag
from headgate.ir.types import Constant, Ref, Scalar, Struct
from headgate.plan.rust import layout

if TYPE_CHECKING:
    from headgate.ir.operations import Body, Operation, StreamCall
    from headgate.ir.types import TypeExpr
    from headgate.plan.rust.definitions import Definitions
    from headgate.plan.rust.members import Member
    from headgate.plan.rust.reference import CallNames

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


def property_of(body: Body, flag: BodyFlag, definitions: Definitions) -> Member | None:
    """Give the field of a body's struct that asks for a stream."""
    plain = definitions.types.resolve(body.type)
    if not isinstance(plain, Ref):
        return None
    struct = definitions.types.definitions[plain.id]
    if not isinstance(struct, Struct):
        return None
    return definitions.find(struct, flag.property)


def refusals(
    operation: Operation, argument: Code, definitions: Definitions, called: CallNames
) -> list[Code]:
    """Write what refuses to ask for a stream where the answer is read whole."""
    flag, body = operation.switch, operation.body
    if flag is None or body is None:
        return []
    member = property_of(body, flag, definitions)
    if member is None or member.constant:
        return []
    given = assembled("&{}.{}", argument, member.name)
    if not body.required:
        picked = assembled("map(|body| &body.{})", member.name)
        given = assembled("&{}.as_ref().{}", argument, picked)
    value = rust.string(json.dumps(flag.value))
    method = rust.string(called.way(operation, streamed=True))
    arguments = (rust.string(flag.property), given, value, method)
    return [layout.call(8, fixed("request.streamed_by"), arguments, fixed(";"))]
