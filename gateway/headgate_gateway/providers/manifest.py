"""What a provider is, as data: where it is, how it is spoken to, what it serves."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

import yaml

from headgate_gateway.clock import rfc3339_or_none
from headgate_gateway.json import JsonObject
from headgate_gateway.logs import redact

_NOT_ITS_OWN = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Where a message ends and how it is written: who sets these could smuggle another."""
_OPTIONAL = ("headers", "framing", "parameters", "rate_limit_headers")


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
    auth: Auth | None
    """None for a provider that asks for no key."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    framing: str = "sse"
    """``sse`` or ``json_lines``."""
    prefixes: tuple[str, ...] = ()
    """Beginnings of bare model names that mean this provider."""
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    """The provider's own names of settings, by the dialect's."""
    errors: Mapping[int, str] = field(default_factory=dict[int, str])
    """Error codes of ours, by the provider's HTTP status."""
    rate_limit_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where the provider tells its ``limit``, ``remaining`` and ``reset``."""
    models: tuple[JsonObject, ...] = ()
    updated_at: int | None = None
    """When an operator set it, in milliseconds; None for one of the package."""

    @property
    def names(self) -> set[str]:
        """All bare names and beginnings of names that the manifest claims."""
        aliases = {alias for model in self.models for alias in model.get("aliases", ())}
        return aliases | set(self.prefixes)

    @property
    def ambiguous_names(self) -> list[str]:
        """Names of models, or aliases, that more than one of them claims."""
        claimed = Counter(
            name
            for model in self.models
            for name in {model["name"], *model.get("aliases", ())}
        )
        return sorted(name for name, count in claimed.items() if count > 1)

    @property
    def forbidden_headers(self) -> Iterator[tuple[str, str]]:
        """Headers that HTTP or the gateway decides on, by their place in the input."""
        named = [(f"/headers/{name}", name) for name in self.headers]
        if self.auth is not None:
            named.append(("/auth/header", self.auth.header))
        for place, name in named:
            if name.lower() in _NOT_ITS_OWN:
                yield place, name

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
            "auth": {"requires_byok_header": self.auth is not None},
        }
        capabilities = {**described["capabilities"], **known.get("capabilities", {})}
        return {**described, **known, "capabilities": capabilities}

    def as_object(self) -> JsonObject:
        """The ``ProtocolManifest``; a header that may hold a secret is blanked."""
        shown: JsonObject = {
            "id": self.id,
            "object": "protocol",
            "source": "built_in" if self.updated_at is None else "stored",
            "name": self.name,
            "base_url": self.base_url,
            "dialect": self.dialect,
            "framing": self.framing,
            "key_header": self.key_header,
            "auth": None if self.auth is None else _shown(self.auth),
            "headers": redact(None, "", dict(self.headers)),
            "prefixes": list(self.prefixes),
            "models": list(self.models),
            "updated_at": rfc3339_or_none(self.updated_at),
        }
        if self.parameters:
            shown["parameters"] = dict(self.parameters)
        if self.errors:
            shown["errors"] = {
                str(status): self.errors[status] for status in self.errors
            }
        if self.rate_limit_headers:
            shown["rate_limit_headers"] = dict(self.rate_limit_headers)
        return shown


def load_manifests(base_urls: Mapping[str, str]) -> tuple[Manifest, ...]:
    """The manifests in the package; ``base_urls`` moves providers elsewhere."""
    return tuple(
        replace(manifest, base_url=base_urls.get(manifest.id, manifest.base_url))
        for manifest in _packaged()
    )


def read_manifest(
    provider: str, data: Mapping[str, Any], *, updated_at: int | None = None
) -> Manifest:
    """A manifest from its ``ProtocolManifestInput``."""
    auth = data.get("auth")
    return Manifest(
        id=provider,
        name=data["name"],
        base_url=data["base_url"],
        dialect=data["dialect"],
        key_header=data.get("key_header", f"X-Provider-Key-{provider}"),
        auth=None if auth is None else Auth(**auth),
        prefixes=tuple(data.get("prefixes", ())),
        errors={int(status): code for status, code in data.get("errors", {}).items()},
        models=tuple(data.get("models", ())),
        updated_at=updated_at,
        **{name: data[name] for name in _OPTIONAL if name in data},
    )


def _packaged() -> Iterator[Manifest]:
    folder = resources.files("headgate_gateway.providers") / "manifests"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            data = yaml.safe_load(file.read_text("utf-8"))
            yield read_manifest(file.name.removesuffix(".yaml"), data)


def _shown(auth: Auth) -> JsonObject:
    scheme = {"scheme": auth.scheme} if auth.scheme else {}
    return {"header": auth.header, **scheme}
