"""The providers that are reached over HTTP: those of the package, and stored ones."""

from collections.abc import Callable, Sequence

from headgate_gateway.clock import now_ms
from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.catalogue import Catalogue
from headgate_gateway.providers.interface import Provider
from headgate_gateway.providers.manifest import Manifest, read_manifest
from headgate_gateway.store.protocols import ProtocolStore


class Protocols:
    """All manifests. What an operator stores holds over what the package brings."""

    def __init__(
        self,
        store: ProtocolStore,
        catalogue: Catalogue,
        *,
        own: Sequence[Provider],
        built_in: Sequence[Manifest],
        provider_of: Callable[[Manifest], Provider],
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._own = own
        """Providers of the gateway itself, which no manifest describes."""
        self._built_in = {manifest.id: manifest for manifest in built_in}
        self._provider_of = provider_of
        self._manifests = dict(self._built_in)
        self._known: object = None

    def all(self) -> list[Manifest]:
        """Every manifest in force, by id."""
        return [self._manifests[provider] for provider in sorted(self._manifests)]

    def get(self, provider: str) -> Manifest:
        """A provider's manifest; 404 when there is none."""
        found = self._manifests.get(provider)
        if found is None:
            raise GatewayError("not_found", "There is no such provider.")
        return found

    async def refresh(self) -> None:
        """Read what is stored, if it has changed since it was read."""
        stamp = await self._store.stamp()
        if stamp != self._known:
            self._known = stamp
            await self._load()

    async def put(self, provider: str, data: JsonObject) -> Manifest:
        """Store a manifest; 409 when it claims what another provider has."""
        self._refuse_taken(read_manifest(provider, data))
        await self._store.put(provider, data, at=now_ms())
        await self._load()
        return self.get(provider)

    async def delete(self, provider: str) -> bool:
        """Remove a stored manifest; False when there is none."""
        removed = await self._store.delete(provider)
        await self._load()
        return removed

    async def _load(self) -> None:
        stored = [
            read_manifest(
                row["provider"], row["manifest"], updated_at=row["updated_at"]
            )
            for row in await self._store.all()
        ]
        self._manifests = self._built_in | {each.id: each for each in stored}
        self._catalogue.serve(
            [
                *self._own,
                *(self._provider_of(each) for each in self._manifests.values()),
            ]
        )

    def _refuse_taken(self, manifest: Manifest) -> None:
        if any(provider.id == manifest.id for provider in self._own):
            raise GatewayError(
                "name_taken", "This provider is part of the gateway.", param="provider"
            )
        twice = manifest.ambiguous_names
        if twice:
            raise GatewayError("name_taken", f"{twice[0]} means two of its models.")
        for other in self._manifests.values():
            taken = sorted(manifest.names & other.names)
            if other.id != manifest.id and taken:
                raise GatewayError(
                    "name_taken", f"{taken[0]} means a model of {other.name}."
                )
