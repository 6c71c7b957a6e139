"""How the pieces of one object add up, as the constant that drives the runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.plan.rust import layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.streams import Accumulation

_DEPTH = 8


@dataclass(frozen=True, slots=True)
class SumPage:
    """What a stream's pieces add up to, and how."""

    name: Code
    output: Code
    by: Code
    append: Code
    rename: Code
    put: Code
    nulls: Code
    drop: Code


def sum_page(rule: Accumulation, name: Code, output: Code) -> SumPage:
    """Plan the sum of one stream."""
    return SumPage(
        name=name,
        output=output,
        by=rust.option(rule.by),
        append=_list(fixed("append"), map(rust.string, rule.append)),
        rename=_list(fixed("rename"), map(_pair, rule.rename)),
        put=_list(fixed("put"), map(_pair, rule.put)),
        nulls=_list(fixed("nulls"), map(_path, rule.nulls)),
        drop=_list(fixed("drop"), map(_path, rule.drop)),
    )


def _list(name: Code, items: Iterable[Code]) -> Code:
    start = assembled("{}: &", name)
    return layout.short_list(_DEPTH, start, list(items), fixed(","))


def _pair(pair: tuple[str, str]) -> Code:
    return assembled("({}, {})", rust.string(pair[0]), rust.string(pair[1]))


def _path(path: tuple[str, ...]) -> Code:
    return assembled("&[{}]", joined(", ", [rust.string(name) for name in path]))
