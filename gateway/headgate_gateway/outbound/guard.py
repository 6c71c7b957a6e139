"""Where requests may lead: to public addresses, and to networks the operator named.

The address that was checked is the address that is dialled: the check is in the
connection's own resolver, so a name cannot mean something else a moment later.
"""

import ipaddress
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from headgate_gateway.settings import SettingsError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddressError(OSError):
    """A host leads to an address that requests may not go to."""


def networks(text: str) -> tuple[Network, ...]:
    """Networks written as ``127.0.0.0/8 fd00::/8``."""
    try:
        return tuple(ipaddress.ip_network(item) for item in text.split())
    except ValueError as error:
        raise SettingsError(f"private_networks: {error}") from None


class AddressGuard:
    """Says which addresses requests may go to."""

    def __init__(self, private: Iterable[Network]) -> None:
        self._private = tuple(private)

    def is_private(self, text: str) -> bool:
        """Whether an address lies in a network that the operator named."""
        address = _plain(ipaddress.ip_address(text))
        return any(address in network for network in self._private)

    def allows(self, text: str, *, encrypted: bool) -> bool:
        """Whether a request may go to an address; in the clear only to named ones."""
        if self.is_private(text):
            return True
        address = _plain(ipaddress.ip_address(text))
        return encrypted and address.is_global and not address.is_multicast

    def check_literal(self, host: str, *, encrypted: bool) -> None:
        """Refuse an address in the place of a name; a name is checked when resolved."""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return
        if not self.allows(host, encrypted=encrypted):
            raise ForbiddenAddressError(host)


class GuardedResolver(AbstractResolver):
    """Resolves names to addresses that are all allowed, or to none."""

    def __init__(self, guard: AddressGuard, *, encrypted: bool) -> None:
        self._guard = guard
        self._encrypted = encrypted
        self._inner = DefaultResolver()

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        """The host's addresses; ForbiddenAddressError if one of them is not allowed."""
        found = await self._inner.resolve(host, port, family)
        for result in found:
            if not self._guard.allows(result["host"], encrypted=self._encrypted):
                raise ForbiddenAddressError(host)
        return found

    async def close(self) -> None:
        """Close the resolver underneath."""
        await self._inner.close()


def _plain(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where there is one."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    return address if inner is None else inner
