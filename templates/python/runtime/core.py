# Fixed runtime of a generated SDK: the same source in every package.
"""What makes the calls of a client; imported at the first one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, TypedDict, TypeVar, Unpack

from .calls import Caller
from .errors import APIConnectionError, APIError
from .interceptors import CallLog, Interceptor, Interceptors
from .network import Network, run_now
from .pages import AsyncPage, AsyncPages, Page
from .paging import Fetched, PageShape
from .passing import RawAnswer, RawCall
from .requests import Arguments, Operation, RequestBuilder
from .retry import RetryPolicy
from .session import StreamSession
from .settings import RequestOptions, redactor_of
from .shapes import StreamShape
from .throttle import AsyncThrottle, BlockingThrottle, Throttle, ThrottledNetwork

T = TypeVar("T")


class Call(TypedDict, total=False):
    """The arguments of a call by their place in the request."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    headers: Mapping[str, Any]
    cookies: Mapping[str, Any]
    body: Any
    options: RequestOptions | None


@dataclass(frozen=True, slots=True)
class _Listing:
    """The call of one page of a list, after those that this walk has made."""

    operation: Operation
    form: Any
    shape: PageShape
    call: Call
    before: frozenset[object] = frozenset()

    @property
    def asked(self) -> frozenset[object]:
        """The places in the list that are asked for with this call."""
        place = self.shape.asked(self.call.get("query", {}))
        return self.before if place is None else self.before | {place}

    def after(self, query: dict[str, Any]) -> _Listing:
        """Give the call of the next page."""
        call: Call = {**self.call, "query": query}
        return replace(self, call=call, before=self.asked)


class _Core:
    """Builds and makes the calls of one client."""

    _throttling: ClassVar[type[ThrottledNetwork]]

    def __init__(
        self,
        network: Network,
        builder: RequestBuilder,
        *,
        retry: RetryPolicy | None,
        throttle: Throttle | None = None,
        interceptors: Sequence[Interceptor],
        caller: Caller | None = None,
    ) -> None:
        self.network = network
        self._builder = builder
        self._interceptors = interceptors
        product = builder.product
        log = CallLog(redactor_of(product, builder.options))
        told = Interceptors(log, interceptors)
        if caller is None:
            throttled = (
                None if throttle is None else self._throttling(network, throttle)
            )
            policy = retry or RetryPolicy()
            caller = Caller(network, product, policy, told, throttled=throttled)
        self._caller = caller.telling(told)

    def within(self, builder: RequestBuilder) -> Self:
        """Give what makes calls with other settings over the same connections."""
        return type(self)(
            self.network,
            builder,
            retry=None,
            interceptors=self._interceptors,
            caller=self._caller,
        )

    def session(
        self, operation: Operation, shape: StreamShape, **call: Unpack[Call]
    ) -> StreamSession:
        """Prepare a streaming call; nothing is sent yet."""
        options = call.get("options")
        return StreamSession(
            self._caller_with(options),
            self._builder,
            operation=operation,
            arguments=_arguments(call),
            options=options,
            shape=shape,
        )

    def _caller_with(self, options: RequestOptions | None) -> Caller:
        """Give what makes a call: its own interceptors come after the client's."""
        own = (options or {}).get("interceptors")
        if not own:
            return self._caller
        return self._caller.telling(self._caller.interceptors.followed_by(own))

    async def _passed(self, call: RawCall) -> RawAnswer:
        request = self._builder.build(call.operation, call.arguments, call.options)
        caller = self._caller_with(call.options)
        try:
            content, answer = await caller.fetch(request, bytes)
        except APIError as error:
            own = call.own_errors
            if not error.is_answer or own is None or own in error.headers:
                raise
            return RawAnswer(
                status_code=error.status_code,
                headers=error.headers,
                content=error.content,
                request_id=error.request_id,
            )
        return RawAnswer(
            status_code=answer.status_code,
            headers=answer.headers,
            content=content or b"",
            request_id=answer.request_id,
        )

    async def _answer(self, operation: Operation, form: Any, call: Call) -> Any:
        options = call.get("options")
        request = self._builder.build(operation, _arguments(call), options)
        try:
            found, _ = await self._caller_with(options).fetch(request, form)
        except (APIError, APIConnectionError):
            if operation.advisory and not (options or {}).get("strict"):
                return None
            raise
        return found

    async def _fetched(self, listing: _Listing) -> Fetched:
        call = listing.call
        arguments, options = _arguments(call), call.get("options")
        request = self._builder.build(listing.operation, arguments, options)
        caller = self._caller_with(options)
        body, answer = await caller.fetch(request, listing.form)
        return Fetched(body=body, answer=answer, query=call.get("query", {}))


def _arguments(call: Call) -> Arguments:
    return Arguments(
        path=call.get("path", {}),
        query=call.get("query", {}),
        headers=call.get("headers", {}),
        cookies=call.get("cookies", {}),
        body=call.get("body"),
    )


class SyncCore(_Core):
    """Makes calls and waits for them."""

    _throttling = BlockingThrottle

    def close(self) -> None:
        """Close the connections, unless the HTTP client is the caller's own."""
        run_now(self.network.close())

    def pass_on(self, call: RawCall) -> RawAnswer:
        """Make a call of what the API passes on."""
        return run_now(self._passed(call))

    def fetch(self, operation: Operation, form: type[T], **call: Unpack[Call]) -> T:
        """Make a call and read its answer as the class `form`."""
        result: T = run_now(self._answer(operation, form, call))
        return result

    def fetch_as(self, operation: Operation, form: Any, **call: Unpack[Call]) -> Any:
        """Make a call and read its answer as the type expression `form`."""
        return run_now(self._answer(operation, form, call))

    def send(self, operation: Operation, **call: Unpack[Call]) -> None:
        """Make a call whose answer carries nothing."""
        run_now(self._answer(operation, None, call))

    def page(
        self,
        operation: Operation,
        form: Any,
        shape: PageShape,
        **call: Unpack[Call],
    ) -> Page[Any]:
        """Fetch a page of a list; it fetches the pages after it by itself."""
        return self._page(_Listing(operation, form, shape, call))

    def _page(self, listing: _Listing) -> Page[Any]:
        def following(query: dict[str, Any]) -> Page[Any]:
            return self._page(listing.after(query))

        page = run_now(self._fetched(listing))
        return Page(page, listing.shape, asked=listing.asked, fetch=following)


class AsyncCore(_Core):
    """Makes calls without blocking."""

    _throttling = AsyncThrottle

    async def close(self) -> None:
        """Close the connections, unless the HTTP client is the caller's own."""
        await self.network.close()

    async def pass_on(self, call: RawCall) -> RawAnswer:
        """Make a call of what the API passes on."""
        return await self._passed(call)

    async def fetch(
        self, operation: Operation, form: type[T], **call: Unpack[Call]
    ) -> T:
        """Make a call and read its answer as the class `form`."""
        result: T = await self._answer(operation, form, call)
        return result

    async def fetch_as(
        self, operation: Operation, form: Any, **call: Unpack[Call]
    ) -> Any:
        """Make a call and read its answer as the type expression `form`."""
        return await self._answer(operation, form, call)

    async def send(self, operation: Operation, **call: Unpack[Call]) -> None:
        """Make a call whose answer carries nothing."""
        await self._answer(operation, None, call)

    def page(
        self,
        operation: Operation,
        form: Any,
        shape: PageShape,
        **call: Unpack[Call],
    ) -> AsyncPages[Any]:
        """Prepare a list; its pages are fetched when they are asked for."""
        return self._page(_Listing(operation, form, shape, call))

    def _page(self, listing: _Listing) -> AsyncPages[Any]:
        def following(query: dict[str, Any]) -> AsyncPages[Any]:
            return self._page(listing.after(query))

        async def first() -> AsyncPage[Any]:
            page = await self._fetched(listing)
            return AsyncPage(page, listing.shape, asked=listing.asked, fetch=following)

        return AsyncPages(first)
