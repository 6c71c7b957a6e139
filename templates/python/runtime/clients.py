# Fixed runtime of a generated SDK: the same source in every package.
"""The clients' fixed part: what a generated client and its resources stand on.

To import a client and to make one is cheap: what makes calls, with the HTTP library
and the models behind it, is imported at the first call.
"""

from __future__ import annotations

from collections.abc import Sequence
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

    @property
    def _core(self) -> SyncCore:
        with self._lock:
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
        """Close the connections, unless the HTTP client is the caller's own."""
        if self._made is not None:
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

    @property
    def _core(self) -> AsyncCore:
        with self._lock:
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
        """Close the connections, unless the HTTP client is the caller's own."""
        if self._made is not None:
            await self._made.close()


class Resource:
    """Operations that belong together, called through a blocking client."""

    def __init__(self, core: SyncCore) -> None:
        self._core = core


class AsyncResource:
    """Operations that belong together, called through an async client."""

    def __init__(self, core: AsyncCore) -> None:
        self._core = core
