# Fixed runtime of a generated SDK: the same source in every package.
"""Lists that come in pages, and iterate over all of them by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .models import ApiModel, HttpResponse

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShape:
    """Where a page keeps its items, whether there are more, and the next cursor.

    `parameter` is the query parameter that takes the cursor.
    """

    items: str
    more: str | None
    cursor: str
    parameter: str


class _PageState(Generic[T]):
    """One page of a list; `body` is the answer as the specification has it."""

    def __init__(self, body: ApiModel, shape: PageShape) -> None:
        self.body = body
        self._shape = shape

    @property
    def data(self) -> list[T]:
        """The items of this page."""
        items: list[T] = getattr(self.body, self._shape.items)
        return items

    @property
    def has_more(self) -> bool:
        """Whether another page follows."""
        if self._cursor is None:
            return False
        more = self._shape.more
        return bool(self.data) if more is None else bool(getattr(self.body, more))

    @property
    def http_response(self) -> HttpResponse:
        """The HTTP answer that this page came in."""
        return self.body.http_response

    @property
    def _cursor(self) -> Any:
        return getattr(self.body, self._shape.cursor, None)

    def __len__(self) -> int:
        return len(self.data)


class Page(_PageState[T]):
    """One page; iterating goes on through all pages that follow."""

    def __init__(
        self, body: ApiModel, shape: PageShape, fetch: Callable[[Any], Page[T]]
    ) -> None:
        super().__init__(body, shape)
        self._fetch = fetch

    def next_page(self) -> Page[T] | None:
        """Fetch the page after this one; None when this is the last."""
        return self._fetch(self._cursor) if self.has_more else None

    def pages(self) -> Iterator[Page[T]]:
        """Give this page and each one after it."""
        page: Page[T] | None = self
        while page is not None:
            yield page
            page = page.next_page()

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.data


class AsyncPage(_PageState[T]):
    """One page; iterating goes on through all pages that follow."""

    def __init__(
        self, body: ApiModel, shape: PageShape, fetch: Callable[[Any], AsyncPages[T]]
    ) -> None:
        super().__init__(body, shape)
        self._fetch = fetch

    async def next_page(self) -> AsyncPage[T] | None:
        """Fetch the page after this one; None when this is the last."""
        return await self._fetch(self._cursor) if self.has_more else None

    async def pages(self) -> AsyncIterator[AsyncPage[T]]:
        """Give this page and each one after it."""
        page: AsyncPage[T] | None = self
        while page is not None:
            yield page
            page = await page.next_page()

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.data:
                yield item


class AsyncPages(Generic[T]):
    """A list still to be fetched: `await` gives a page, `async for` every item."""

    def __init__(self, first: Callable[[], Awaitable[AsyncPage[T]]]) -> None:
        self._first = first

    def __await__(self) -> Generator[Any, Any, AsyncPage[T]]:
        return self._first().__await__()

    async def pages(self) -> AsyncIterator[AsyncPage[T]]:
        """Give each page."""
        async for page in (await self).pages():
            yield page

    async def __aiter__(self) -> AsyncIterator[T]:
        async for item in await self:
            yield item
