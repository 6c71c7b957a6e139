# Fixed runtime of a generated SDK: the same source in every package.
"""The clients' fixed part: what a generated client and its resources stand on.

To import a client and to make one is cheap: what makes calls, with the HTTP library
and the models behind it, is imported at the first call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeAlias, TypeVar

from .requests import RequestBuilder
from .settings import ClientOptions, Product

if TYPE_CHECKING:
    import httpx2

    from .core import AsyncCore, SyncCore
    from .interceptors import Interceptor
    from .network import Network
    from .retry import RetryPolicy
    from .scopes import ScopeShape
    from .throttle import Throttle

    BlockingHttp: TypeAlias = httpx2.Client
    AsyncHttp: TypeAlias = httpx2.AsyncClient | Network

Core = TypeVar("Core", "SyncCore", "AsyncCore")
Http = TypeVar("Http")


class _Client(Generic[Core, Http]):
    """What both clients are: settings, and what makes their calls, made when needed."""

    def __init__(
        self,
        product: Product,
        options: ClientOptions,
        *,
        retry: RetryPolicy | None,
        throttle: Throttle | None,
        http_client: Http | None,
        interceptors: Sequence[Interceptor] = (),
    ) -> None:
        self._retry = retry
        self._throttle = throttle
        self._http_client = http_client
        self._interceptors = interceptors
        self._start(RequestBuilder(product, options), None)

    def _start(self, builder: RequestBuilder, outer: Callable[[], Core] | None) -> None:
        self._builder = builder
        self._lock = Lock()
        self._made: Core | None = None
        self._outer: Callable[[], Core] | None = outer

    @property
    def scope(self) -> Mapping[str, str]:
        """What the scopes were given that this client was made in, but no secrets."""
        return self._builder.options.scope

    def _within(self, shape: ScopeShape, given: Mapping[str, str | None]) -> Self:
        """Give the same client in a scope; its connections are this one's."""
        options = shape.within(self._builder.options, given)
        client = object.__new__(type(self))
        client._retry = self._retry
        client._throttle = self._throttle
        client._http_client = self._http_client
        client._interceptors = self._interceptors
        builder = RequestBuilder(self._builder.product, options)
        client._start(builder, lambda: self._core)
        return client

    @property
    def _core(self) -> Core:
        with self._lock:
            if self._made is None and self._outer is not None:
                self._made = self._outer().within(self._builder)
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> Core:
        """Make what makes the calls, with connections of its own."""
        raise NotImplementedError

    @property
    def _own(self) -> Core | None:
        """What was made with connections that are this client's to close."""
        return self._made if self._outer is None else None


class SyncClient(_Client["SyncCore", "BlockingHttp"]):
    """A client that waits for its answers; also a context manager."""

    def _make(self) -> SyncCore:
        from .core import SyncCore
        from .network import BlockingNetwork

        return SyncCore(
            BlockingNetwork(self._http_client),
            self._builder,
            retry=self._retry,
            throttle=self._throttle,
            interceptors=self._interceptors,
        )

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
        if self._own is not None:
            self._own.close()


class AsyncClient(_Client["AsyncCore", "AsyncHttp"]):
    """A client whose calls are awaited; also an async context manager."""

    def _make(self) -> AsyncCore:
        from .core import AsyncCore
        from .network import async_network

        return AsyncCore(
            async_network(self._http_client),
            self._builder,
            retry=self._retry,
            throttle=self._throttle,
            interceptors=self._interceptors,
        )

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
        if self._own is not None:
            await self._own.close()


class SyncResource:
    """Operations that belong together, called through a blocking client."""

    def __init__(self, core: SyncCore) -> None:
        self._core = core


class AsyncResource:
    """Operations that belong together, called through an async client."""

    def __init__(self, core: AsyncCore) -> None:
        self._core = core
