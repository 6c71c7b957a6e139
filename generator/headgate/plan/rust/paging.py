"""The page of the lists that come in pages: what each says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed
from headgate.ir.operations import CursorPage, LinkPage, NumberPage, OffsetPage
from headgate.ir.types import ListOf, Nullable, Ref, Scalar, Struct, Union
from headgate.plan.rust import access, layout
from headgate.plan.rust.imports import Imports
from headgate.plan.rust.places import place_of
from headgate.plan.rust.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.operations import Operation, Page
    from headgate.ir.types import TypeId
    from headgate.plan.rust.definitions import Definitions
    from headgate.plan.rust.members import Member

_WALK: Final = "crate::runtime::page"


@dataclass(frozen=True, slots=True)
class ListPage:
    """What a list says of itself; absent is what it does not say."""

    list: Code
    item: Code
    items: Code
    count: Code
    more: Code | None
    next: Code | None
    total: Code | None


@dataclass(frozen=True, slots=True)
class PagesPage:
    """The file of the lists."""

    header: Code
    imports: Code
    lists: tuple[ListPage, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a list that paging reads; "" are the items of a bare list."""

    items: str
    cursor: str | None = None
    more: str | None = None
    total: str | None = None
    of_item: TypeId | None = None


def plan_pages(
    operations: Iterable[Operation], definitions: Definitions, header: Code
) -> tuple[PagesPage, frozenset[str]]:
    """Plan the file of the lists; say as well which operations give pages."""
    imports = Imports()
    lists: dict[TypeId, tuple[Fields, ListPage]] = {}
    paged: set[str] = set()
    for operation in operations:
        if operation.page is None or not _is_json(operation):
            continue
        fields = _fields(operation.page)
        if not fields.items:
            if _is_bare(operation, definitions):
                paged.add(place_of(operation))
            continue
        struct = _page_struct(operation, definitions)
        if struct is None:
            continue
        if struct.id not in lists:
            planned = _list(struct, operation.page, fields, definitions, imports)
            if planned is not None:
                lists[struct.id] = (fields, planned)
        if struct.id in lists and lists[struct.id][0] == fields:
            paged.add(place_of(operation))
    if lists:
        imports.use(_WALK, "PageBody")
    pages = tuple(planned for _, planned in lists.values())
    return PagesPage(header, imports.lines(), pages), frozenset(paged)


def walk_of(page: Page, imports: Imports) -> Code:
    """Write the statement that says how a list goes on."""
    imports.use(_WALK, "Walk")
    match page:
        case CursorPage():
            walk = assembled("Walk::Cursor({})", rust.string(page.parameter))
        case OffsetPage():
            offset = rust.string(page.offset_parameter)
            return _written(
                "Offset", offset, "limit", rust.option(page.limit_parameter)
            )
        case NumberPage():
            number = rust.string(page.page_parameter)
            return _written("Number", number, "first", rust.integer(page.first))
        case LinkPage():
            walk = fixed("Walk::Link")
        case _:
            assert_never(page)
    return layout.call(8, fixed("request.pages"), (walk,), fixed(";"))


def _written(kind: str, parameter: Code, name: str, value: Code) -> Code:
    heads = {"Offset": fixed("offset"), "Number": fixed("page")}
    names = {"limit": fixed("limit"), "first": fixed("first")}
    kinds = {"Offset": fixed("Walk::Offset"), "Number": fixed("Walk::Number")}
    return assembled(
        "        request.pages({} {{\n            {}: {},\n            {}: {},\n"
        "        }});",
        kinds[kind],
        heads[kind],
        parameter,
        names[name],
        value,
    )


def _fields(page: Page) -> Fields:
    match page:
        case CursorPage():
            return Fields(
                page.items_field,
                page.from_field,
                page.more_field,
                of_item=page.of_item,
            )
        case OffsetPage():
            return Fields(page.items_field, total=page.total_field)
        case NumberPage():
            return Fields(page.items_field, total=page.total_pages_field)
        case LinkPage():
            return Fields(page.items_field or "")
        case _:
            assert_never(page)


def _is_json(operation: Operation) -> bool:
    result = operation.result
    return result is not None and result.kind == "json" and not result.may_be_empty


def _is_bare(operation: Operation, definitions: Definitions) -> bool:
    """Say whether the answer is the list itself."""
    result = operation.result
    assert result is not None
    return isinstance(definitions.types.resolve(result.type), ListOf)


def _page_struct(operation: Operation, definitions: Definitions) -> Struct | None:
    result = operation.result
    assert result is not None
    plain = definitions.types.resolve(result.type)
    if not isinstance(plain, Ref):
        return None
    struct = definitions.types.definitions[plain.id]
    return struct if isinstance(struct, Struct) else None


def _list(
    struct: Struct,
    page: Page,
    fields: Fields,
    definitions: Definitions,
    imports: Imports,
) -> ListPage | None:
    items = definitions.find(struct, fields.items)
    owner = definitions.types.definitions.get(fields.of_item or struct.id)
    cursor = None
    if fields.cursor and isinstance(owner, Struct):
        cursor = definitions.find(owner, fields.cursor)
    if items is None:
        return None
    following = None if cursor is None else _found(cursor, items, fields, definitions)
    if fields.cursor and isinstance(owner, Union):
        following = _of_variant(items, fields.cursor, imports)
    if fields.cursor and following is None:
        return None
    more = definitions.find(struct, fields.more) if fields.more else None
    total = definitions.find(struct, fields.total) if fields.total else None
    given = assembled("self.{}", items.name)
    count = assembled("self.{}.len()", items.name)
    if layers := access.depth(items):
        count = assembled("{}.map_or(0, Vec::len)", access.borrowed(given, layers))
        given = assembled("{}.unwrap_or_default()", access.flat(given, layers))
    return ListPage(
        list=definitions.types.write_name(struct.id, imports, TYPES),
        item=definitions.types.write(page.item, imports, TYPES),
        items=given,
        count=count,
        more=None if more is None else _more(more),
        next=following,
        total=None if total is None else _total(total, definitions),
    )


def _more(more: Member) -> Code:
    if layers := access.depth(more):
        place = access.flat(assembled("self.{}", more.name), layers)
        return assembled("Some({} == Some(true))", place)
    return assembled("Some(self.{})", more.name)


def _found(
    cursor: Member, items: Member, fields: Fields, definitions: Definitions
) -> Code:
    """Write where the next page begins: after the last item, or where the page says."""
    if fields.of_item is None:
        return _next(fixed("self"), cursor, definitions)
    list_ = _listed(items)
    if access.depth(cursor):
        after = _next(fixed("item"), cursor, definitions)
        return assembled("{}.last().and_then(|item| {})", list_, after)
    after = _plain(fixed("item"), cursor, definitions)
    return assembled("{}.last().map(|item| {})", list_, after)


def _of_variant(items: Member, field: str, imports: Imports) -> Code:
    """Write where the next page begins, if the last item is one of several types."""
    imports.use(_WALK, "text_of")
    found = assembled("text_of(item, {})", rust.string(field))
    return assembled("{}.last().and_then(|item| {})", _listed(items), found)


def _listed(items: Member) -> Code:
    list_ = assembled("self.{}", items.name)
    if layers := access.depth(items):
        return assembled("{}?", access.borrowed(list_, layers))
    return list_


def _next(owner: Code, cursor: Member, definitions: Definitions) -> Code:
    absent = access.depth(cursor)
    if not absent:
        return assembled("Some({})", _plain(owner, cursor, definitions))
    place = assembled("{}.{}", owner, cursor.name)
    if definitions.types.resolve(cursor.type) == Scalar("string"):
        return access.flat(assembled("{}.clone()", place), absent)
    return assembled("{}.map(ToString::to_string)", access.borrowed(place, absent))


def _plain(owner: Code, cursor: Member, definitions: Definitions) -> Code:
    if definitions.types.resolve(cursor.type) == Scalar("string"):
        return assembled("{}.{}.clone()", owner, cursor.name)
    return assembled("{}.{}.to_string()", owner, cursor.name)


def _total(total: Member, definitions: Definitions) -> Code | None:
    plain = definitions.types.resolve(total.type)
    if isinstance(plain, Nullable) or not isinstance(plain, Scalar):
        return None
    if plain.kind != "integer":
        return None
    if layers := access.depth(total):
        place = access.flat(assembled("self.{}", total.name), layers)
        return assembled("{}?.try_into().ok()", place)
    return assembled("self.{}.try_into().ok()", total.name)
