"""The guard in the place where aiohttp asks what a name means."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from headgate_gateway.outbound.guard import AddressGuard


class GuardedResolver(AbstractResolver):
    """Resolves names to addresses that are all allowed, or to none."""

    def __init__(self, guard: AddressGuard, *, encrypted: bool) -> None:
        self._guard = guard
        self._encrypted = encrypted

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        """The host's addresses; ForbiddenAddressError if one of them is not allowed."""
        found = await self._guard.resolve(
            host, port, family=family, encrypted=self._encrypted
        )
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""
