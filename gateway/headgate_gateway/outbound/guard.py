"""Where requests may lead: to public addresses, and to networks the operator named.

The address that was checked is the address that is dialled: the check is in the
connection's own resolver, so a name cannot mean something else a moment later.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias

from yarl import URL

from headgate_gateway.settings import SettingsError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_CLOSED = tuple(
    ipaddress.ip_network(text)
    for text in ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "fec0::/10")
)
"""What leads inside, or to an IPv4 address inside it, though some call it global.

IPv4-compatible, IPv4-translated, the local use of NAT64 (RFC 8215), site-local.
"""


class ForbiddenAddressError(OSError):
    """A host leads to an address that requests may not go to."""


def networks(text: str) -> tuple[Network, ...]:
    """Networks written as ``127.0.0.0/8 fd00::/8``."""
    try:
        return tuple(ipaddress.ip_network(item) for item in text.split())
    except ValueError as error:
        raise SettingsError(f"private_networks: {error}") from None


class AddressGuard:
    """Says which addresses requests may go to.

    ``named`` are the URLs of settings: what they lead to is the operator's own choice,
    wherever it is.
    """

    def __init__(
        self, private: Iterable[Network], *, named: Iterable[str] = ()
    ) -> None:
        self._private = tuple(private)
        self._named = frozenset(_place(URL(url)) for url in named)

    def names(self, host: str, port: int, *, encrypted: bool) -> bool:
        """Whether the operator's settings name a server itself."""
        return (host, port, encrypted) in self._named

    def is_private(self, text: str) -> bool:
        """Whether an address lies in a network that the operator named."""
        address = _plain(ipaddress.ip_address(text))
        return any(address in network for network in self._private)

    def allows(self, text: str, *, encrypted: bool) -> bool:
        """Whether a request may go to an address; in the clear only to named ones."""
        if self.is_private(text):
            return True
        address = _plain(ipaddress.ip_address(text))
        is_open = address.is_global and not address.is_multicast
        return encrypted and is_open and not _is_closed(address)

    def check_literal(self, host: str, *, encrypted: bool) -> None:
        """Refuse an address in the place of a name; a name is checked when resolved."""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return
        if not self.allows(host, encrypted=encrypted):
            raise ForbiddenAddressError(host)

    async def resolve(
        self,
        host: str,
        port: int,
        *,
        encrypted: bool,
        family: int = socket.AF_UNSPEC,
    ) -> list[str]:
        """A host's addresses; ForbiddenAddressError if one of them is not allowed."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            host, port, family=family, type=socket.SOCK_STREAM
        )
        addresses = [str(address[0]) for *_, address in found]
        for address in addresses:
            if not self.allows(address, encrypted=encrypted):
                raise ForbiddenAddressError(host)
        return addresses


def _place(url: URL) -> tuple[str | None, int | None, bool]:
    return url.raw_host, url.port, url.scheme == "https"


def _is_closed(address: Address) -> bool:
    return any(address in network for network in _CLOSED)


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
