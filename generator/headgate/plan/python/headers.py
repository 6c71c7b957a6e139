"""`headers.py`: what the API's answers say in their headers, each typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import docstring, string
from headgate.names import Scope
from headgate.plan.python.context import Context, name
from headgate.plan.python.names import KEYWORDS, SHADOWED, attribute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.api import DeclaredHeader, HeaderKind

_READERS: Final[dict[HeaderKind, tuple[Code, Code]]] = {
    "text": (fixed("_text"), fixed("str")),
    "integer": (fixed("_integer"), fixed("int")),
    "number": (fixed("_number"), fixed("float")),
    "boolean": (fixed("_boolean"), fixed("bool")),
    "texts": (fixed("_texts"), fixed("list[str]")),
}


@dataclass(frozen=True, slots=True)
class HeaderPage:
    """A property that reads a header."""

    name: Code
    returns: Code
    docs: Code
    value: Code


@dataclass(frozen=True, slots=True)
class HeadersPage:
    """The module of the headers."""

    header: Code
    headers: tuple[HeaderPage, ...]


def headers_page(context: Context) -> HeadersPage:
    """Plan the module."""
    names = header_names(context.api.headers)
    headers = tuple(_header(each, names[each.name]) for each in context.api.headers)
    return HeadersPage(context.header, headers)


def header_names(headers: Iterable[DeclaredHeader]) -> dict[str, str]:
    """Name the property of each header."""
    scope = Scope(KEYWORDS | SHADOWED | {"list"})
    return {
        each.name: scope.claim(attribute(each.name), "header").text for each in headers
    }


def _header(header: DeclaredHeader, own: str) -> HeaderPage:
    reader, kind = _READERS[header.kind]
    return HeaderPage(
        name=name(own),
        returns=assembled("{} | None", kind),
        docs=docstring([header.docs.text or f"The header `{header.name}`."], 8),
        value=assembled("self.{}({})", reader, string(header.name)),
    )
