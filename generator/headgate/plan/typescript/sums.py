"""How the pieces of one object add up, as the constant that drives the runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.typescript import string, value_key
from headgate.plan.typescript.layout import Array, Entry, Object, open_object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.streams import Accumulation
    from headgate.plan.typescript.imports import Imports


def sum_rule(imports: Imports, rule: Accumulation) -> Code:
    """Write the constant `sum`."""
    entries: list[Entry] = []
    if rule.by is not None:
        entries.append(Entry(fixed("by"), string(rule.by)))
    entries += [
        Entry(fixed("append"), _texts(rule.append)),
        Entry(fixed("rename"), _names(rule.rename)),
        Entry(fixed("put"), _names(rule.put)),
        Entry(fixed("nulls"), Array(tuple(_texts(path) for path in rule.nulls))),
        Entry(fixed("drop"), Array(tuple(_texts(path) for path in rule.drop))),
    ]
    type_ = imports.runtime_type("sums", "SumRule")
    return assembled("const sum: {} = {};", type_, open_object(entries, 0))


def _texts(texts: Iterable[str]) -> Array:
    return Array(tuple(string(text) for text in texts))


def _names(pairs: Iterable[tuple[str, str]]) -> Object:
    return Object(tuple(Entry(value_key(a), string(b)) for a, b in pairs))
