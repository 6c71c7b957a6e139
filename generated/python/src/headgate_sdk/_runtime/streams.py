# Fixed runtime of a generated SDK: the same source in every package.
"""Streams as the caller reads them: one class to loop over, one to `async for` over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from threading import get_ident
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from .callbacks import EventCallbacks
from .errors import StreamClosedError
from .models import HttpResponse
from .network import run_now
from .session import StreamSession
from .shapes import Fold

E = TypeVar("E")
R = TypeVar("R")
V = TypeVar("V")


class _StreamState(EventCallbacks):
    """What both kinds of stream know about where they are."""

    def __init__(self, session: StreamSession) -> None:
        super().__init__()
        self._session = session
        self._entered = False
        self._closed = False
        self._waiting: Iterator[Any] = iter(())

    @property
    def last_event_id(self) -> str | None:
        """The cursor of the last event that was delivered."""
        return self._session.last_event_id

    @property
    def response(self) -> HttpResponse:
        """The HTTP side of the answer that the stream began with; it must be open."""
        if self._session.answer is None:
            raise RuntimeError("the stream is opened by `with` or by its first event")
        return self._session.answer

    def _note(self, event: Any) -> None:
        """Take note of an event before it is delivered."""
        if self._callbacks:
            self._tell(self._session.name_of(event), event)

    def _check_open(self) -> None:
        if self._closed and not self._session.ended:
            raise StreamClosedError


class EventStream(_StreamState, Generic[E]):
    """Events as they arrive. Opened by `with`, or by asking for the first event.

    Leaving the `with` block frees the connection; so does leaving a loop that
    stands in no such block. A loop ends with the stream's declared end; anything
    else that ends the stream raises.
    """

    _reader: int | None = None
    """The thread that goes through the events."""

    def __enter__(self) -> Self:
        self._entered = True
        run_now(self._session.open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._entered = False
        self.close()

    def __iter__(self) -> Iterator[E]:
        self._check_open()
        self._reader = get_ident()
        try:
            while True:
                for event in self._waiting:
                    if self._takes_note:
                        self._note(event)
                    yield event
                self._check_open()
                waiting = run_now(self._session.batch())
                if waiting is None:
                    return
                self._waiting = waiting
        finally:
            self._reader = None
            if not self._entered:
                self.close()

    def until_done(self) -> None:
        """Read to the end for the sake of what is called on the way."""
        for _ in self:
            pass

    def close(self) -> None:
        """Free the connection; nothing more can be read, in no other thread either."""
        self._closed = True
        if self._reader not in (None, get_ident()):
            self._session.hang_up()
        run_now(self._session.close())

    def _select(self, extract: Callable[[E], V | None]) -> Iterator[V]:
        """Go through the stream and give what can be extracted from its events."""
        for event in self:
            if (value := extract(event)) is not None:
                yield value


class AsyncEventStream(_StreamState, Generic[E]):
    """Events as they arrive. Opened by `async with`, or by asking for the first event.

    Leaving the `async with` block frees the connection; so does leaving a loop
    that stands in no such block. A loop ends with the stream's declared end;
    anything else that ends the stream raises.
    """

    async def __aenter__(self) -> Self:
        self._entered = True
        await self._session.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._entered = False
        await self.close()

    async def __aiter__(self) -> AsyncIterator[E]:
        self._check_open()
        try:
            while True:
                for event in self._waiting:
                    if self._takes_note:
                        self._note(event)
                    yield event
                self._check_open()
                waiting = await self._session.batch()
                if waiting is None:
                    return
                self._waiting = waiting
        finally:
            if not self._entered:
                await self.close()

    async def until_done(self) -> None:
        """Read to the end for the sake of what is called on the way."""
        async for _ in self:
            pass

    async def close(self) -> None:
        """Free the connection; nothing more can be read, in no other task either."""
        self._closed = True
        await self._session.close()

    async def _select(self, extract: Callable[[E], V | None]) -> AsyncIterator[V]:
        """Go through the stream and give what can be extracted from its events."""
        async for event in self:
            if (value := extract(event)) is not None:
                yield value


class FoldedStream(EventStream[E], Generic[E, R]):
    """A stream whose events build a final object."""

    def __init__(self, session: StreamSession, fold: Fold[E, R]) -> None:
        super().__init__(session)
        self._fold = fold
        self._takes_note = True

    def final(self) -> R:
        """Read to the end and give the object that the events built."""
        for _ in self:
            pass
        return self._fold.result()

    def _note(self, event: E) -> None:
        self._fold.add(event)
        super()._note(event)


class AsyncFoldedStream(AsyncEventStream[E], Generic[E, R]):
    """A stream whose events build a final object."""

    def __init__(self, session: StreamSession, fold: Fold[E, R]) -> None:
        super().__init__(session)
        self._fold = fold
        self._takes_note = True

    async def final(self) -> R:
        """Read to the end and give the object that the events built."""
        async for _ in self:
            pass
        return self._fold.result()

    def _note(self, event: E) -> None:
        self._fold.add(event)
        super()._note(event)
