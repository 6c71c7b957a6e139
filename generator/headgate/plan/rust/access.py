"""How a field is reached that may be absent, null, or either: each is an `Option`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled

if TYPE_CHECKING:
    from headgate.plan.rust.members import Member


def depth(member: Member) -> int:
    """Say how many times a field is wrapped; twice tells absent from null."""
    return int(member.optional) + int(member.nullable)


def borrowed(place: Code, layers: int) -> Code:
    """Write an option of a reference to what is there."""
    if layers > 1:
        return assembled("{}.as_ref().and_then(Option::as_ref)", place)
    return assembled("{}.as_ref()", place)


def pointed(place: Code, layers: int) -> Code:
    """Write an option of a reference to what is behind a text or a pointer."""
    if layers > 1:
        return assembled("{}.as_ref().and_then(Option::as_deref)", place)
    return assembled("{}.as_deref()", place)


def mutable(place: Code, layers: int) -> Code:
    """Write an option of a mutable reference to what is there."""
    if layers > 1:
        return assembled("{}.as_mut().and_then(Option::as_mut)", place)
    return assembled("{}.as_mut()", place)


def flat(value: Code, layers: int) -> Code:
    """Write a value of one option."""
    return assembled("{}.flatten()", value) if layers > 1 else value


def given(value: Code, layers: int) -> Code:
    """Write what is stored for a value that is there."""
    for _ in range(layers):
        value = assembled("Some({})", value)
    return value
