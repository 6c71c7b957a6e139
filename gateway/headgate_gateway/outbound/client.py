"""One HTTP exchange with an address that an operator chose."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate_gateway.outbound.guard import AddressGuard

if TYPE_CHECKING:
    import aiohttp

    from headgate_gateway.outbound.exchanges import Exchanges

_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
"""Methods that have the same effect however often they are called (RFC 9110, 9.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request as it is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: AsyncIterator[bytes] | bytes | None = None

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again when nobody knows what became of it."""
        keyed = "idempotency-key" in {name.lower() for name in self.headers}
        whole = self.body is None or isinstance(self.body, bytes)
        return whole and (keyed or self.method in _REPEATABLE)


class OutboundClient:
    """Connections to services and receivers, kept open between requests.

    Nothing of the environment is used, no redirect is followed, no cookie is kept, and
    bodies are left as they are encoded. ``idle`` is in seconds.
    """

    def __init__(self, guard: AddressGuard, *, idle: float) -> None:
        self._guard = guard
        self._idle = idle
        self._exchanges: Exchanges | None = None

    async def close(self) -> None:
        """Close all connections."""
        if self._exchanges is not None:
            await self._exchanges.close()

    def exchange(
        self, request: Outgoing
    ) -> AbstractAsyncContextManager["aiohttp.ClientResponse"]:
        """The answer, of any status; GatewayError when none comes."""
        if self._exchanges is None:
            # Here and not at the top: the client library takes 10 MB and 0.1 s, and
            # many a gateway serves models alone.
            from headgate_gateway.outbound.exchanges import Exchanges

            self._exchanges = Exchanges(self._guard, idle=self._idle)
        return self._exchanges.exchange(request)
