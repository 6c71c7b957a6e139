"""Which key opens a provider for a caller."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

_PREFIX = "x-provider-key-"

StoredKey: TypeAlias = Callable[[str, str], Awaitable[str | None]]
"""The stored key for a provider at a URL, if there is one."""


async def no_stored_key(_provider: str, _url: str) -> str | None:
    """Nothing is stored."""
    return None


@dataclass(slots=True, eq=False)
class ProviderKeys:
    """The keys that a caller brought, before those that are stored for it."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The caller's, by names in any case. Keys in them are kept nowhere."""
    stored: StoredKey = no_stored_key

    def brought(self, header: str) -> str | None:
        """The key that the caller brought in ``header``.

        A manifest cannot name one that holds something else, such as our own key.
        """
        brings = header.lower().startswith(_PREFIX)
        return self.headers.get(header) if brings else None

    async def of(self, provider: str, *, header: str, url: str) -> str | None:
        """The key for a provider at ``url`` that callers bring in ``header``."""
        brought = self.brought(header)
        return await self.stored(provider, url) if brought is None else brought


NO_KEYS = ProviderKeys()
