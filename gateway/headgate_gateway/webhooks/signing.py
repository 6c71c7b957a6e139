"""Signatures of Standard Webhooks: `v1,` and HMAC-SHA256 of `id.timestamp.body`."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

_PREFIX = "whsec_"
_SECRET_BYTES = 24


def new_secret() -> str:
    """A secret as libraries for Standard Webhooks take it."""
    text = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    return f"{_PREFIX}{text}"


def signed_headers(
    keys: Sequence[str], *, event_id: str, seconds: int, body: bytes
) -> dict[str, str]:
    """The headers that say who sent a body and when, signed with each secret."""
    content = b".".join([event_id.encode(), str(seconds).encode(), body])
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(_signature(key, content) for key in keys),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
