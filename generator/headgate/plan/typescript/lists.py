"""How lists continue; the rules that several of them share have a module."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString, TypeAlias, assert_never

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.typescript import doc_comment, identifier, literal, string
from headgate.ir.operations import CursorPage, LinkPage, NumberPage, OffsetPage
from headgate.names import Name, Scope, camel, split_words
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import (
    WIDTH,
    Entry,
    Object,
    one_line,
    open_object,
)

if TYPE_CHECKING:
    from headgate.ir.api import Api
    from headgate.ir.operations import Page

LISTS = "lists"

_DOCS: dict[LiteralString, str] = {
    "byCursor": "Lists whose pages say where the next one begins.",
    "byLastItem": "Lists that go on after their last item.",
    "byOffset": "Lists that are asked for from a number of items on.",
    "byNumber": "Lists in numbered pages.",
    "byLink": "Lists that go on at the address of the header `Link`.",
}

Told: TypeAlias = tuple[tuple[LiteralString, str | int], ...]
Rule: TypeAlias = tuple[LiteralString, Told]
"""The function that makes a rule, and what it is told."""


@dataclass(frozen=True, slots=True)
class SharedRule:
    """A rule of several lists: its comment and its constant."""

    docs: Code
    constant: Code


@dataclass(frozen=True, slots=True)
class ListsPage:
    """The module of the rules that several lists share."""

    header: Code
    imports: tuple[Code, ...]
    rules: tuple[SharedRule, ...]


def plan_lists(api: Api, header: Code) -> ListsPage | None:
    """Plan the module; none if no two lists continue in the same way."""
    imports = Imports(LISTS)
    pages = {rule_of(each.page): each.page for each in api.operations if each.page}
    rules = tuple(
        SharedRule(
            doc_comment(_DOCS[rule[0]]),
            rule_constant(
                imports, fixed("export const"), identifier(name), pages[rule]
            ),
        )
        for rule, name in shared_rules(api).items()
    )
    return ListsPage(header, imports.lines(), rules) if rules else None


def shared_rules(api: Api) -> dict[Rule, Name]:
    """Name the rules of more than one list, by their items where that tells them."""
    used = Counter(rule_of(each.page) for each in api.operations if each.page)
    shared = [rule for rule, times in used.items() if times > 1]
    alike = Counter(map(_way, shared))
    scope = Scope()
    return {
        rule: scope.claim(_name(rule, alone=alike[_way(rule)] == 1), "page")
        for rule in shared
    }


def _way(rule: Rule) -> str:
    """Say how a list goes on, which is never the name of the rule's own function."""
    function, told = rule
    by = [str(value) for key, value in told if key in ("from", "offset", "page")]
    return " ".join([function, *(by or ["header"])])


def _name(rule: Rule, *, alone: bool) -> str:
    way, items = _way(rule), dict(rule[1])["items"]
    return camel(split_words(way if alone else f"{items} {way}"))


def rule_constant(imports: Imports, start: Code, name: Code, page: Page) -> Code:
    """Write the constant of a rule."""
    function, told = rule_of(page)
    entries = [
        Entry(fixed(key), string(value) if isinstance(value, str) else literal(value))
        for key, value in told
    ]
    start = assembled("{} {} = {}", start, name, imports.runtime("pages", function))
    line = assembled("{}({});", start, one_line(Object(tuple(entries))))
    if len(line) <= WIDTH:
        return line
    return assembled("{}({});", start, open_object(entries, 0))


def rule_of(page: Page) -> Rule:
    """Give the function that makes a rule, and what it is told."""
    items: tuple[LiteralString, str] = ("items", page.items_field or "")
    match page:
        case CursorPage():
            function = "byCursor" if page.of_item is None else "byLastItem"
            return function, _told(
                items,
                ("parameter", page.parameter),
                ("from", page.from_field),
                ("more", page.more_field),
            )
        case OffsetPage():
            return "byOffset", _told(
                items,
                ("offset", page.offset_parameter),
                ("limit", page.limit_parameter),
                ("total", page.total_field),
            )
        case NumberPage():
            return "byNumber", _told(
                items,
                ("page", page.page_parameter),
                ("first", page.first),
                ("pages", page.total_pages_field),
            )
        case LinkPage():
            return "byLink", _told(items)
        case _ as never:
            assert_never(never)


def _told(*told: tuple[LiteralString, str | int | None]) -> Told:
    return tuple((key, value) for key, value in told if value is not None)
