# Fixed runtime of a generated SDK: the same source in every package.
"""Requests that the API makes: whether they are its own, and what they say.

Signatures are those of Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over
`id.timestamp.body`, keyed with the bytes behind `whsec_`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from .calls import reason
from .errors import ConfigurationError, ResponseDecodeError, WebhookVerificationError
from .models import read_json

TOLERANCE = 300.0
"""Seconds by which a request's time may differ from ours."""

_PREFIX = "whsec_"
_VERSION = "v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookHeaders:
    """What the headers of a signed request are called."""

    id: str = "webhook-id"
    timestamp: str = "webhook-timestamp"
    signature: str = "webhook-signature"


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    secret: str | bytes | Sequence[str | bytes],
    *,
    names: WebhookHeaders,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> None:
    """Raise `WebhookVerificationError` unless a request is signed with a secret.

    Several secrets are those of a rotation; one that is empty or no Base64 raises
    `ConfigurationError`. `body` is the request's body as it came:
    one decoded and written again has another signature.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        id_, stamp, given = (
            lowered[name.lower()]
            for name in (names.id, names.timestamp, names.signature)
        )
    except KeyError as error:
        raise WebhookVerificationError(f"the header {error} is missing") from None
    _check_time(stamp, tolerance, time.time() if now is None else now)
    signed = b".".join([_bytes(id_), stamp.encode(), _bytes(body)])
    wanted = [_signature(key, signed) for key in _keys(secret)]
    for candidate in given.split():
        version, _, signature = candidate.partition(",")
        if version == _VERSION and _is_one_of(signature, wanted):
            return
    raise WebhookVerificationError("no signature is right")


def unwrapped(body: bytes | str, form: Any) -> Any:
    """Read a request's body as a type; raise `ResponseDecodeError` if it is not."""
    content = _bytes(body)
    try:
        return read_json(form, content)
    except ValidationError as error:
        raw = content.decode("utf-8", "replace")
        raise ResponseDecodeError(
            f"the webhook is broken: {reason(error)}", raw=raw
        ) from error


def _check_time(stamp: str, tolerance: float, now: float) -> None:
    if not (stamp.isascii() and stamp.isdecimal()):
        raise WebhookVerificationError("the timestamp is no whole number of seconds")
    # As a float, which is infinite where the number is beyond all measure.
    if abs(now - float(stamp)) > tolerance:
        raise WebhookVerificationError("the timestamp is too far from the present")


def _bytes(text: bytes | str) -> bytes:
    """Give a text's bytes; half a pair of surrogates has some that nobody signs."""
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def _keys(secret: str | bytes | Sequence[str | bytes]) -> list[bytes]:
    """Read the secrets. Anybody can sign with an empty one, so none may be."""
    keys = [
        _key(each) for each in ([secret] if isinstance(secret, str | bytes) else secret)
    ]
    if not keys or not all(keys):
        raise ConfigurationError("the webhook's secret is empty")
    return keys


def _key(secret: str | bytes) -> bytes:
    if isinstance(secret, bytes):
        return secret
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigurationError("the webhook's secret is no Base64") from error


def _signature(key: bytes, signed: bytes) -> bytes:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())


def _is_one_of(signature: str, wanted: Sequence[bytes]) -> bool:
    """Compare with each in a time that does not tell how much of it was right."""
    given = _bytes(signature)
    return any(hmac.compare_digest(given, each) for each in wanted)
