"""Webhooks are verified as Standard Webhooks says, and nothing else is let in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate_sdk import ConfigurationError, WebhookVerificationError
from headgate_sdk._runtime.webhooks import WebhookHeaders, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"test": 2432232314}'
NOW = 1614265330
SIGNED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(NOW),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
"""The example of the reference implementation."""


def check(body: Any = BODY, secret: Any = SECRET, now: float = NOW, **headers: Any):
    """Verify the example with something changed; None takes a header away."""
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {**SIGNED, **changed}
    kept = {name: value for name, value in sent.items() if value is not None}
    verify(body, kept, secret, names=WebhookHeaders(), now=now)


def test_a_right_signature_is_enough() -> None:
    """One right signature among several, and one secret among several, will do."""
    other = base64.b64encode(b"other").decode()
    check()
    check(body=BODY.encode())
    check(webhook_signature=f"v2,x v1,{other} {SIGNED['webhook-signature']}")
    check(secret=["whsec_b3RoZXI=", SECRET])
    check(secret=base64.b64decode(SECRET.removeprefix("whsec_")))


@pytest.mark.parametrize(
    "changed",
    [
        {"body": BODY + " "},
        {"secret": "whsec_b3RoZXI="},
        {"now": NOW + 301},
        {"now": NOW - 301},
        {"webhook_id": "msg_other"},
        {"webhook_id": None},
        {"webhook_timestamp": str(NOW + 1)},
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": None},
        {"webhook_timestamp": "9" * 400},
        {"webhook_timestamp": "9" * 5000},
        {"webhook_id": "\udc80"},
        {"body": BODY + "\ud800"},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1,\udcff"},
        {"webhook_signature": "v1a," + SIGNED["webhook-signature"][3:]},
        {"webhook_signature": SIGNED["webhook-signature"][3:]},
        {"webhook_signature": None},
    ],
    ids=lambda changed: ascii(changed)[:50],
)
def test_anything_else_is_refused(changed: dict[str, Any]) -> None:
    """A change of body, id, time, secret or signature raises."""
    with pytest.raises(WebhookVerificationError):
        check(**changed)


def test_a_secret_that_is_none_is_the_callers_error() -> None:
    """A secret that is no base64 is a mistake of the settings."""
    with pytest.raises(ConfigurationError, match="secret"):
        check(secret="whsec_?")


@pytest.mark.parametrize(
    "secret", ["", "whsec_", b"", [SECRET, ""], [SECRET, "whsec_"], [SECRET, b""], []]
)
def test_an_empty_secret_lets_nobody_in(secret: Any) -> None:
    """An empty secret is refused, alone or among others: anybody can sign with it."""
    signed = f"{SIGNED['webhook-id']}.{NOW}.{BODY}".encode()
    forged = base64.b64encode(hmac.new(b"", signed, hashlib.sha256).digest()).decode()

    with pytest.raises(ConfigurationError, match="secret"):
        check(secret=secret, webhook_signature=f"v1,{forged}")


@given(body=st.binary(max_size=40), key=st.binary(min_size=1, max_size=40))
def test_any_body_and_key(body: bytes, key: bytes) -> None:
    """What was signed with a key is verified with it, under any names of headers."""
    names = WebhookHeaders(id="X-Id", timestamp="X-Time", signature="X-Sign")
    digest = hmac.new(key, b"id." + str(NOW).encode() + b"." + body, hashlib.sha256)
    signature = "v1," + base64.b64encode(digest.digest()).decode()
    headers = {"x-id": "id", "X-TIME": str(NOW), "X-Sign": signature}
    verify(body, headers, key, names=names, now=NOW)
