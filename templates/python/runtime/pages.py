# Fixed runtime of a generated SDK: the same source in every package.
"""Lists that come in pages, and iterate over all of them by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any, Generic, TypeVar

from .errors import ResponseDecodeError
from .models import HttpResponse
from .paging import Fetched, PageShape, items_of

T = TypeVar("T")


class _PageState(Generic[T]):
    """One page of a list; `body` is the answer as the specification has it."""

    def __init__(
        self, page: Fetched, shape: PageShape, asked: frozenset[object]
    ) -> None:
        self.body: Any = page.body
        self._page = page
        self._shape = shape
        self._asked = asked

    @property
    def data(self) -> list[T]:
        """The items of this page."""
        return items_of(self._shape, self.body)

    @property
    def has_more(self) -> bool:
        """Whether another page follows."""
        return self._shape.has_more(self._page)

    @property
    def http_response(self) -> HttpResponse:
        """The HTTP answer that this page came in."""
        return self._page.answer

    def _next_query(self) -> dict[str, Any]:
        """Give the query of the next page; a list that would go round raises."""
        query = self._shape.following(self._page)
        if query is None or self._shape.asked(query) in self._asked:
            place = None if query is None else self._shape.asked(query)
            raise ResponseDecodeError(
                "the list has more pages but does not say from where",
                raw=repr(place),
                request_id=self.http_response.request_id,
            )
        return query

    def __len__(self) -> int:
        return len(self.data)


class Page(_PageState[T]):
    """One page; iterating goes on through all pages that follow."""

    def __init__(
        self,
        page: Fetched,
        shape: PageShape,
        *,
        asked: frozenset[object],
        fetch: Callable[[dict[str, Any]], Page[T]],
    ) -> None:
        super().__init__(page, shape, asked)
        self._fetch = fetch

    def next_page(self) -> Page[T] | None:
        """Fetch the page after this one; None when this is the last."""
        return self._fetch(self._next_query()) if self.has_more else None

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
        self,
        page: Fetched,
        shape: PageShape,
        *,
        asked: frozenset[object],
        fetch: Callable[[dict[str, Any]], AsyncPages[T]],
    ) -> None:
        super().__init__(page, shape, asked)
        self._fetch = fetch

    async def next_page(self) -> AsyncPage[T] | None:
        """Fetch the page after this one; None when this is the last."""
        return await self._fetch(self._next_query()) if self.has_more else None

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
