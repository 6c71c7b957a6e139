# Fixed runtime of a generated SDK: the same source in every package.
"""Where a list's next page is: after a cursor, at an offset, by number, by a link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from .models import HttpResponse

_VALUE = r"(?:\"[^\"]*\"|[^\s;,]*)"
_LINK = re.compile(rf"<([^<>]*)>((?:\s*;\s*[^\s;,=]+(?:\s*=\s*{_VALUE})?)*)")
_RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,]*))", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A page as it came: its body, its HTTP side, the query that it was asked by."""

    body: Any
    answer: HttpResponse
    query: Mapping[str, Any]


class PageShape(Protocol):
    """How a list comes in pages."""

    @property
    def items(self) -> str | None:
        """The attribute that holds a page's items; None: the body is the list."""
        ...

    def has_more(self, page: Fetched) -> bool:
        """Say whether a page follows."""
        ...

    def following(self, page: Fetched) -> dict[str, Any] | None:
        """Give the query of the page that follows; None if the page does not say it."""
        ...

    def asked(self, query: Mapping[str, Any]) -> object:
        """Give what a query asks for; None where it is the first page."""
        ...


def items_of(shape: PageShape, body: Any) -> list[Any]:
    """Give the items of a page."""
    found: Any = body if shape.items is None else getattr(body, shape.items, None)
    return list(found or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorShape:
    """A list that continues after a cursor, which query parameter `parameter` takes.

    `more` None: the list ends with an empty page or without a cursor.
    """

    items: str | None
    more: str | None
    cursor: str
    parameter: str

    def has_more(self, page: Fetched) -> bool:
        """Say whether a page follows."""
        if self.more is None:
            cursor = getattr(page.body, self.cursor, None)
            return cursor not in (None, "") and bool(items_of(self, page.body))
        return bool(getattr(page.body, self.more, False))

    def following(self, page: Fetched) -> dict[str, Any] | None:
        """Give the query of the page that follows; None without a cursor."""
        cursor = getattr(page.body, self.cursor, None)
        if cursor is None:
            return None
        return {**page.query, self.parameter: cursor}

    def asked(self, query: Mapping[str, Any]) -> object:
        """Give the cursor."""
        return query.get(self.parameter)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastItemShape:
    """A list that continues after its last item, whose `key` `parameter` takes.

    `more` None: the list ends with an empty page.
    """

    items: str | None
    more: str | None
    key: str
    parameter: str

    def has_more(self, page: Fetched) -> bool:
        """Say whether a page follows."""
        if self.more is None:
            return bool(items_of(self, page.body))
        return bool(getattr(page.body, self.more, False))

    def following(self, page: Fetched) -> dict[str, Any] | None:
        """Give the query of the page that follows; None without a last item."""
        items = items_of(self, page.body)
        key = getattr(items[-1], self.key, None) if items else None
        return None if key is None else {**page.query, self.parameter: key}

    def asked(self, query: Mapping[str, Any]) -> object:
        """Give the key."""
        return query.get(self.parameter)


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetShape:
    """A list that continues behind as many items as there were.

    `total` None: the list ends with a page of fewer items than asked for, or of none.
    """

    items: str | None
    offset: str
    limit: str | None = None
    total: str | None = None

    def has_more(self, page: Fetched) -> bool:
        """Say whether a page follows."""
        count = len(items_of(self, page.body))
        total = getattr(page.body, self.total, None) if self.total else None
        if count == 0:
            return False
        if isinstance(total, int):
            return self._offset(page.query) + count < total
        limit = page.query.get(self.limit) if self.limit else None
        return not isinstance(limit, int) or count >= limit

    def following(self, page: Fetched) -> dict[str, Any] | None:
        """Give the query of the page that follows."""
        offset = self._offset(page.query) + len(items_of(self, page.body))
        return {**page.query, self.offset: offset}

    def asked(self, query: Mapping[str, Any]) -> object:
        """Give the offset."""
        return self._offset(query)

    def _offset(self, query: Mapping[str, Any]) -> int:
        return int(query.get(self.offset) or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberShape:
    """A list in numbered pages, from `first` on.

    `total_pages` None: the list ends with an empty page.
    """

    items: str | None
    page: str
    total_pages: str | None = None
    first: int = 1

    def has_more(self, page: Fetched) -> bool:
        """Say whether a page follows."""
        total = getattr(page.body, self.total_pages, None) if self.total_pages else None
        if isinstance(total, int):
            return self._number(page.query) - self.first + 1 < total
        return bool(items_of(self, page.body))

    def following(self, page: Fetched) -> dict[str, Any] | None:
        """Give the query of the page that follows."""
        return {**page.query, self.page: self._number(page.query) + 1}

    def asked(self, query: Mapping[str, Any]) -> object:
        """Give the number."""
        return self._number(query)

    def _number(self, query: Mapping[str, Any]) -> int:
        number = query.get(self.page)
        return self.first if number is None else int(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkShape:
    """A list that continues where the header `Link` says (RFC 8288, `rel=next`).

    Of the address only the query is taken: a server cannot send the credentials
    elsewhere.
    """

    items: str | None

    def has_more(self, page: Fetched) -> bool:
        """Say whether a page follows."""
        return next_link(page.answer.headers.get("link", "")) is not None

    def following(self, page: Fetched) -> dict[str, Any] | None:
        """Give the query of the page that follows."""
        address = next_link(page.answer.headers.get("link", ""))
        if address is None:
            return None
        found = parse_qs(urlsplit(address).query, keep_blank_values=True)
        return {name: each if each[1:] else each[0] for name, each in found.items()}

    def asked(self, query: Mapping[str, Any]) -> object:
        """Give the whole query."""
        return repr(sorted((name, str(value)) for name, value in query.items()))


def next_link(header: str) -> str | None:
    """Give the target of the link whose relation is `next`."""
    for link in _LINK.finditer(header):
        relation = _RELATION.search(link[2])
        words = (relation[1] or relation[2] or "") if relation else ""
        if "next" in words.lower().split():
            return link[1]
    return None
