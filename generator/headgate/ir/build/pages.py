"""How lists go on: declared (`x-pagination`, `headgate.toml`), or found.

What is found is what names and types leave no doubt of: a query parameter of a
well-known name, and a list where its items come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from headgate.ir.build.reader import Object, Reader, as_object, text_at
from headgate.ir.build.settled import settled
from headgate.ir.operations import CursorPage, LinkPage, NumberPage, OffsetPage
from headgate.ir.types import (
    Definition,
    ListOf,
    Ref,
    Scalar,
    Struct,
    TypeExpr,
    TypeId,
    Union,
)

if TYPE_CHECKING:
    from headgate.ir.build.raw import RawOperation
    from headgate.ir.operations import Page, Parameter, Result
    from headgate.ir.types import Field

_CURSORS = {
    "cursor": ("next_cursor", "nextCursor", "cursor", "next"),
    "page_token": ("next_page_token", "next_token", "next_page"),
    "pageToken": ("nextPageToken",),
    "next_token": ("next_token",),
    "nextToken": ("nextToken",),
    "marker": ("next_marker",),
    "page": ("next_page", "nextPage"),
    "after": ("last_id",),
    "after_id": ("last_id",),
}
_AFTER_ITEMS = ("starting_after", "after_id", "after")
"""Parameters that take the id of the last item, where the page has no field for it."""
_MORE = ("has_more", "hasMore", "has_next", "hasNext")
_LIMITS = ("limit", "per_page", "page_size", "pageSize", "count", "size")
_TOTALS = ("total", "total_count", "totalCount", "total_items")
_LAST_PAGES = ("total_pages", "totalPages", "pages", "last_page", "page_count")
_ITEMS = ("data", "items", "results", "entries", "records", "values")


_List: TypeAlias = "tuple[str, TypeExpr, Mapping[str, Field]]"
"""The field that holds the items, what they are, and all fields beside."""


@dataclass(frozen=True, slots=True)
class PageReader:
    """Reads how the list of an operation goes on."""

    reader: Reader
    definitions: Mapping[TypeId, Definition]
    settings: Mapping[str, Object]

    def page(
        self,
        raw: RawOperation,
        result: Result | None,
        parameters: tuple[Parameter, ...],
    ) -> Page | None:
        """Give what is declared, or else what can be found."""
        if result is None or result.kind != "json":
            return None
        settings = self.settings.get(raw.id) or self.settings.get(raw.spot)
        declared = settings or raw.node.value.get("x-pagination")
        if declared is False or as_object(declared).get("none") is True:
            return None
        if as_object(declared):
            return self._declared(raw, as_object(declared), result)
        if raw.verb != "GET" or result.may_be_empty:
            return None
        query = {p.name: p for p in parameters if p.place == "query"}
        return self._found(raw, result, query)

    def _declared(
        self, raw: RawOperation, declared: Object, result: Result
    ) -> Page | None:
        items = text_at(declared, "items") or ""
        item = self._item(result.type, items)
        if item is None:
            pointer = raw.node.child("x-pagination", "items")
            message = f"'{items}' is no list in the response"
            self.reader.report("pagination-items", message, pointer)
            return None
        if "offset" in declared:
            return _declared_offset(declared, items, item)
        if "page" in declared:
            return _declared_number(declared, items, item)
        if "cursor" not in declared:
            return LinkPage(items or None, item)
        return self._declared_cursor(raw, declared, items, item)

    def _declared_cursor(
        self, raw: RawOperation, declared: Object, items: str, item: TypeExpr
    ) -> CursorPage | None:
        cursor = as_object(declared.get("cursor"))
        of_item = text_at(cursor, "of_item")
        struct = self._struct(self._behind(item)) if of_item else None
        if of_item and (struct is None or _field(struct, of_item) is None):
            pointer = raw.node.child("x-pagination", "cursor", "of_item")
            message = f"the items of '{items}' are no objects with '{of_item}'"
            self.reader.report("pagination-items", message, pointer)
            return None
        return CursorPage(
            items_field=items,
            item=item,
            parameter=str(cursor.get("parameter")),
            from_field=of_item or str(cursor.get("from")),
            more_field=text_at(declared, "more"),
            of_item=struct.id if struct else None,
        )

    def _found(
        self, raw: RawOperation, result: Result, query: Mapping[str, Parameter]
    ) -> Page | None:
        found = self._list(result.type)
        if found is None:
            return None
        items, item, fields = found
        if _has_link(raw, self.reader):
            return LinkPage(items or None, item)
        for parameter, sources in _CURSORS.items():
            source = next((name for name in sources if name in fields), None)
            is_asked = parameter in query and self._is_text(query[parameter].type)
            if is_asked and source and self._is_text(fields[source].type):
                return CursorPage(items, item, parameter, source, _first(_MORE, fields))
        after = self._after_item(found, query)
        if after is not None:
            return after
        limit = _first(_LIMITS, query)
        if "offset" in query and limit and self._counts(query["offset"].type):
            return OffsetPage(items, item, "offset", limit, _first(_TOTALS, fields))
        if "page" in query and self._counts(query["page"].type):
            last = _first(_LAST_PAGES, fields)
            if limit or last:
                return NumberPage(items, item, "page", last, _from(query["page"]))
        return None

    def _after_item(
        self, found: _List, query: Mapping[str, Parameter]
    ) -> CursorPage | None:
        """Find a list that goes on after its last item, and says whether it does."""
        items, item, fields = found
        parameter, more = _first(_AFTER_ITEMS, query), _first(_MORE, fields)
        owner = self._behind(item)
        if parameter is None or more is None or not isinstance(owner, Ref):
            return None
        if not self._has_id(owner):
            return None
        return CursorPage(items, item, parameter, "id", more, owner.id)

    def _has_id(self, owner: Ref) -> bool:
        """Whether a struct, or each struct of a union, has an `id` that is text."""
        found = self.definitions.get(owner.id)
        types = (
            [v.type for v in found.variants] if isinstance(found, Union) else [owner]
        )
        structs = [self._struct(self._behind(each)) for each in types]
        own = [_field(struct, "id") if struct else None for struct in structs]
        return all(each is not None and self._is_text(each.type) for each in own)

    def _list(self, type_: TypeExpr) -> _List | None:
        """Find the list of an answer: the answer itself, or its one list of items."""
        whole = self._behind(type_)
        if isinstance(whole, ListOf):
            return "", whole.item, {}
        struct = self._struct(whole)
        if struct is None:
            return None
        lists = {
            field.name: inner.item
            for field in struct.fields
            if isinstance(inner := self._behind(field.type), ListOf)
        }
        name = next((name for name in _ITEMS if name in lists), None)
        if name is None and len(lists) == 1:
            name = next(iter(lists))
        fields = {field.name: field for field in struct.fields}
        return None if name is None else (name, lists[name], fields)

    def _item(self, type_: TypeExpr, name: str) -> TypeExpr | None:
        whole = self._behind(type_)
        struct = self._struct(whole)
        if name and struct is not None:
            found = (field.type for field in struct.fields if field.name == name)
            whole = self._behind(next(found, Scalar("null")))
        return whole.item if isinstance(whole, ListOf) else None

    def _struct(self, type_: TypeExpr) -> Struct | None:
        found = self.definitions.get(type_.id) if isinstance(type_, Ref) else None
        return found if isinstance(found, Struct) else None

    def _behind(self, type_: TypeExpr) -> TypeExpr:
        return settled(type_, self.definitions)

    def _is_text(self, type_: TypeExpr) -> bool:
        found = self._behind(type_)
        return isinstance(found, Scalar) and found.kind == "string"

    def _counts(self, type_: TypeExpr) -> bool:
        found = self._behind(type_)
        return isinstance(found, Scalar) and found.kind in ("integer", "number")


def _declared_offset(declared: Object, items: str, item: TypeExpr) -> OffsetPage:
    offset = as_object(declared.get("offset"))
    return OffsetPage(
        items_field=items,
        item=item,
        offset_parameter=str(offset.get("parameter", "offset")),
        limit_parameter=text_at(offset, "limit"),
        total_field=text_at(declared, "total"),
    )


def _declared_number(declared: Object, items: str, item: TypeExpr) -> NumberPage:
    page = as_object(declared.get("page"))
    first = page.get("first", 1)
    return NumberPage(
        items_field=items,
        item=item,
        page_parameter=str(page.get("parameter", "page")),
        total_pages_field=text_at(declared, "total_pages"),
        first=first if isinstance(first, int) else 1,
    )


def _first(names: tuple[str, ...], found: Mapping[str, object]) -> str | None:
    return next((name for name in names if name in found), None)


def _field(struct: Struct, name: str) -> Field | None:
    return next((field for field in struct.fields if field.name == name), None)


def _from(parameter: Parameter) -> int:
    """Give the number of the first page: the parameter's default, if it is small."""
    default = parameter.default.value if parameter.default else 1
    return 0 if default == 0 else 1


def _has_link(raw: RawOperation, reader: Reader) -> bool:
    """Whether a success has the header `Link`."""
    for status, given in raw.node.objects("responses"):
        headers = as_object(reader.resolve(given).value.get("headers"))
        if status.startswith("2") and any(name.lower() == "link" for name in headers):
            return True
    return False
