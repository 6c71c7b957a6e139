"""Which of a request's headers are keys for providers."""

from __future__ import annotations

import pytest

from headgate_gateway.http.request import IndexedHeaders
from headgate_gateway.providers.keys import ProviderKeys


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("X-Provider-Key-Acme", "acme"),
        ("x-provider-key-acme", "acme"),
        ("X-Provider-Key-Other", None),
        ("Authorization", None),
        ("authorization", None),
    ],
)
def test_only_keys_for_providers_are_taken_from_headers(header: str, key: str | None):
    """Whatever header a manifest names: our own key is never handed on."""
    given = [(b"authorization", b"Bearer ours"), (b"x-provider-key-acme", b"acme")]
    keys = ProviderKeys(IndexedHeaders(given))

    assert keys.brought(header) == key
