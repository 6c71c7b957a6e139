# Fixed runtime of a generated SDK: the same source in every package.
"""What a vendor's own client needs to call this API with a client's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

from .requests import RequestBuilder

_NO_CREDENTIAL = "none"
"""Sent where the client has no credential: vendors' clients insist on one."""


@dataclass(frozen=True, slots=True)
class ForeignSettings:
    """A client's settings in the terms of vendors' clients; `timeout` in seconds."""

    base_url: str
    credential: str = field(repr=False)
    timeout: float | None
    max_retries: int
    headers: Mapping[str, str] = field(repr=False)


def foreign_settings(builder: RequestBuilder, path: str) -> ForeignSettings:
    """Translate the settings; `path` follows the API's address."""
    product, options = builder.product, builder.options
    bearers = [each.option for each in product.credentials if each.place == "bearer"]
    held = [options.secrets[each] for each in bearers if each in options.secrets]
    return ForeignSettings(
        base_url=options.base_url + path,
        credential=held[0] if held else _NO_CREDENTIAL,
        timeout=options.timeouts.total,
        max_retries=options.max_attempts - 1,
        headers=builder.lasting_headers(),
    )


def require(package: str, distribution: str) -> None:
    """Say which extra brings a package that is not installed."""
    if find_spec(package) is None:
        raise ImportError(
            f"{package} is not installed: pip install '{distribution}[{package}]'"
        )
