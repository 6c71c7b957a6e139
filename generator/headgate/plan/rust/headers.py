"""The page of the headers that answers declare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.plan.rust import layout
from headgate.plan.rust.docs import described
from headgate.plan.rust.names import claim_snake, scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from headgate.ir.api import DeclaredHeader, HeaderKind

_TYPES: Final[Mapping[HeaderKind, Code]] = {
    "text": fixed("String"),
    "integer": fixed("i64"),
    "number": fixed("f64"),
    "boolean": fixed("bool"),
    "texts": fixed("Vec<String>"),
}
_READERS: Final[Mapping[HeaderKind, Code]] = {
    "text": fixed("declared::text"),
    "integer": fixed("declared::integer"),
    "number": fixed("declared::number"),
    "boolean": fixed("declared::boolean"),
    "texts": fixed("declared::texts"),
}


@dataclass(frozen=True, slots=True)
class HeaderPage:
    """The method that reads a header."""

    docs: Code
    signature: Code
    read: Code


@dataclass(frozen=True, slots=True)
class HeadersPage:
    """The file of the headers."""

    header: Code
    headers: tuple[HeaderPage, ...]


def plan_headers(headers: Iterable[DeclaredHeader], header: Code) -> HeadersPage:
    """Plan the file."""
    names = header_names(headers)
    pages = tuple(_header(each, names[each.name]) for each in headers)
    return HeadersPage(header, pages)


def header_names(headers: Iterable[DeclaredHeader]) -> dict[str, Code]:
    """Name the method that reads each header."""
    names = scope("clone", "fmt")
    return {each.name: claim_snake(names, each.name, "header") for each in headers}


def _header(each: DeclaredHeader, own: Code) -> HeaderPage:
    head = assembled("pub fn {}", own)
    tail = assembled(" -> Option<{}> {{", _TYPES[each.kind])
    arguments = (fixed("self.0.headers()"), rust.string(each.name))
    return HeaderPage(
        docs=rust.doc(described(each.docs, f"`{each.name}`"), 4),
        signature=layout.signature(4, head, (fixed("&self"),), tail),
        read=layout.call(8, _READERS[each.kind], arguments, layout.EMPTY),
    )
