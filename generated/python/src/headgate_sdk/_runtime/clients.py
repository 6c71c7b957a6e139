# Fixed runtime of a generated SDK: the same source in every package.
"""The clients' fixed part: what a generated client and its resources stand on.

To import a client and to make one is cheap: what makes calls, with the HTTP library
and the models behind it, is imported at the first call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .requests import RequestBuilder
from .settings import ClientOptions, Product

if TYPE_CHECKING:
    import httpx2

    from .core import AsyncCore, SyncCore
    from .interceptors import Interceptor
    from .network import Network
    from .retry import RetryPolicy
    from .scopes import ScopeShape


class SyncClient:
    """A client that waits for its answers; also a context manager."""

    def __init__(
        self,
        product: Product,
        options: ClientOptions,
        *,
        retry: RetryPolicy | None,
        http_client: httpx2.Client | None,
        interceptors: Sequence[Interceptor] = (),
    ) -> None:
        self._builder = RequestBuilder(product, options)
        self._retry = retry
        self._http_client = http_client
        self._interceptors = interceptors
        self._lock = Lock()
        self._made: SyncCore | None = None
        self._outer: Callable[[], SyncCore] | None = None

    @property
    def scope(self) -> Mapping[str, str]:
        """What the scopes were given that this client was made in, but no secrets."""
        return self._builder.options.scope

    def _within(self, shape: ScopeShape, given: Mapping[str, str | None]) -> Self:
        """Give the same client in a scope; its connections are this one's."""
        client = object.__new__(type(self))
        SyncClient.__init__(
            client,
            self._builder.product,
            shape.within(self._builder.options, given),
            retry=self._retry,
            http_client=self._http_client,
            interceptors=self._interceptors,
        )
        client._outer = lambda: self._core
        return client

    @property
    def _core(self) -> SyncCore:
        with self._lock:
            if self._made is None and self._outer is not None:
                self._made = self._outer().within(self._builder)
            if self._made is None:
                from .core import SyncCore
                from .network import BlockingNetwork

                self._made = SyncCore(
                    BlockingNetwork(self._http_client),
                    self._builder,
                    retry=self._retry,
                    interceptors=self._interceptors,
                )
            return self._made

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless they are a client's around or the caller's."""
        if self._made is not None and self._outer is None:
            self._made.close()


class AsyncClient:
    """A client whose calls are awaited; also an async context manager."""

    def __init__(
        self,
        product: Product,
        options: ClientOptions,
        *,
        retry: RetryPolicy | None,
        http_client: httpx2.AsyncClient | Network | None,
        interceptors: Sequence[Interceptor] = (),
    ) -> None:
        self._builder = RequestBuilder(product, options)
        self._retry = retry
        self._http_client = http_client
        self._interceptors = interceptors
        self._lock = Lock()
        self._made: AsyncCore | None = None
        self._outer: Callable[[], AsyncCore] | None = None

    @property
    def scope(self) -> Mapping[str, str]:
        """What the scopes were given that this client was made in, but no secrets."""
        return self._builder.options.scope

    def _within(self, shape: ScopeShape, given: Mapping[str, str | None]) -> Self:
        """Give the same client in a scope; its connections are this one's."""
        client = object.__new__(type(self))
        AsyncClient.__init__(
            client,
            self._builder.product,
            shape.within(self._builder.options, given),
            retry=self._retry,
            http_client=self._http_client,
            interceptors=self._interceptors,
        )
        client._outer = lambda: self._core
        return client

    @property
    def _core(self) -> AsyncCore:
        with self._lock:
            if self._made is None and self._outer is not None:
                self._made = self._outer().within(self._builder)
            if self._made is None:
                from .core import AsyncCore
                from .network import async_network

                self._made = AsyncCore(
                    async_network(self._http_client),
                    self._builder,
                    retry=self._retry,
                    interceptors=self._interceptors,
                )
            return self._made

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, unless they are a client's around or the caller's."""
        if self._made is not None and self._outer is None:
            await self._made.close()


class Resource:
    """Operations that belong together, called through a blocking client."""

    def __init__(self, core: SyncCore) -> None:
        self._core = core


class AsyncResource:
    """Operations that belong together, called through an async client."""

    def __init__(self, core: AsyncCore) -> None:
        self._core = core
