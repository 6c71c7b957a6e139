"""The module that reads the headers of answers as what they are declared to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.typescript import doc_comment, string, type_key, value_key
from headgate.names import Scope, camel, split_words
from headgate.plan.typescript.layout import Array, Entry, open_object
from headgate.plan.typescript.types import Member

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.api import Api, DeclaredHeader

HEADERS = "headers"

_TYPES = {
    "text": fixed("string"),
    "integer": fixed("number"),
    "number": fixed("number"),
    "boolean": fixed("boolean"),
    "texts": fixed("readonly string[]"),
}


@dataclass(frozen=True, slots=True)
class HeadersPage:
    """The module of the headers of answers."""

    header: Code
    members: tuple[Member, ...]
    table: Code


def plan_headers(api: Api, header: Code) -> HeadersPage:
    """Plan the module of an API whose answers have declared headers."""
    names = header_names(api.headers)
    members: list[Member] = []
    entries: list[Entry] = []
    for each in api.headers:
        name = names[each.name]
        line = assembled(
            "  readonly {}: {} | undefined;", type_key(name), _TYPES[each.kind]
        )
        docs = doc_comment(each.docs.text, deprecated=each.docs.deprecated, depth=2)
        members.append(Member(docs, line))
        entries.append(
            Entry(value_key(name), Array((string(each.name), string(each.kind))))
        )
    start = fixed("const table: HeaderTable<DeclaredHeaders> = ")
    return HeadersPage(
        header, tuple(members), assembled("{}{};", start, open_object(entries, 0))
    )


def header_names(headers: Iterable[DeclaredHeader]) -> dict[str, str]:
    """Name the property of each header."""
    scope = Scope()
    return {
        each.name: scope.claim(camel(split_words(each.name)), "header").text
        for each in headers
    }
