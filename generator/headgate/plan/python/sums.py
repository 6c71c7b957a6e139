"""How the pieces of one object add up, as the arguments of a runtime constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import string
from headgate.plan.python.layout import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headgate.ir.streams import Accumulation

_INDENT = 16


def sum_arguments(rule: Accumulation) -> tuple[Code, ...]:
    """Write what a `SumRule` is made with; defaults are left out."""
    found: list[Code] = []
    if rule.by is not None:
        found.append(assembled("by={}", string(rule.by)))
    if rule.append:
        names = [string(name) for name in sorted(rule.append)]
        found.append(_tuples(fixed("append="), names))
    for start, pairs in ((fixed("rename={"), rule.rename), (fixed("put={"), rule.put)):
        if pairs:
            entries = [assembled("{}: {}", string(a), string(b)) for a, b in pairs]
            found.append(listed(start, entries, "}", indent=_INDENT, extra=1))
    for start, paths in ((fixed("nulls="), rule.nulls), (fixed("drop="), rule.drop)):
        if paths:
            found.append(_tuples(start, [_tuple(path) for path in paths]))
    return tuple(found)


def _tuple(path: tuple[str, ...]) -> Code:
    names = [string(name) for name in path]
    if len(names) == 1:
        return assembled("({},)", names[0])
    return listed(fixed("("), names, ")", indent=_INDENT, extra=1)


def _tuples(start: Code, items: Sequence[Code]) -> Code:
    if len(items) == 1:
        return assembled("{}({},)", start, items[0])
    head = assembled("{}(", start)
    return listed(head, list(items), ")", indent=_INDENT, extra=1)
