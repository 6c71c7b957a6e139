"""What a provider is, as data: where it is, how it is spoken to, what it serves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

import yaml

from headgate_gateway.json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """The header that carries the provider's key, and what stands before the key."""

    header: str
    scheme: str = ""

    def value(self, key: str) -> str:
        """The header's value."""
        return f"{self.scheme} {key}" if self.scheme else key


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One provider."""

    id: str
    name: str
    base_url: str
    dialect: str
    key_header: str
    """The request header in which a caller brings a key of its own."""
    auth: Auth
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    prefixes: tuple[str, ...] = ()
    """Beginnings of bare model names that mean this provider."""
    models: tuple[JsonObject, ...] = ()

    def model(self, name: str) -> JsonObject:
        """The ``Model`` called ``name``; what is not known of it is left out."""
        none: JsonObject = {}
        known = next((model for model in self.models if model["name"] == name), none)
        described: JsonObject = {
            "id": f"{self.id}/{name}",
            "object": "model",
            "created": 0,
            "owned_by": self.id,
            "provider": self.id,
            "name": name,
            "capabilities": {"streaming": True},
            "auth": {"requires_byok_header": True},
        }
        capabilities = {**described["capabilities"], **known.get("capabilities", {})}
        return {**described, **known, "capabilities": capabilities}


def load_manifests(base_urls: Mapping[str, str]) -> tuple[Manifest, ...]:
    """The manifests in the package; ``base_urls`` moves providers elsewhere."""
    return tuple(
        replace(manifest, base_url=base_urls.get(manifest.id, manifest.base_url))
        for manifest in _packaged()
    )


def _packaged() -> Iterator[Manifest]:
    folder = resources.files("headgate_gateway.providers") / "manifests"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            yield read_manifest(yaml.safe_load(file.read_text("utf-8")))


def read_manifest(data: dict[str, Any]) -> Manifest:
    """A manifest from its YAML."""
    return Manifest(
        id=data["id"],
        name=data["name"],
        base_url=data["base_url"],
        dialect=data["dialect"],
        key_header=data["key_header"],
        auth=Auth(**data["auth"]),
        headers=data.get("headers", {}),
        prefixes=tuple(data.get("prefixes", ())),
        models=tuple(data["models"]),
    )
