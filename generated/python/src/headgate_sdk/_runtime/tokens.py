# Fixed runtime of a generated SDK: the same source in every package.
"""Tokens that a client id and secret are exchanged for (RFC 6749, section 4.4)."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from pydantic_core import from_json

from .errors import ResponseDecodeError
from .json_values import is_object

_EARLY = 30.0
"""Seconds before its end at which a token is no longer used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGrant:
    """Where a token comes from, and what it is given for."""

    url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ()

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the request for a token."""
        pair = f"{quote(self.client_id, safe='')}:{quote(self.client_secret, safe='')}"
        return {
            "accept": "application/json",
            "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "content-type": "application/x-www-form-urlencoded",
        }

    @property
    def content(self) -> bytes:
        """The body of the request for a token."""
        asked = {"grant_type": "client_credentials"}
        if self.scopes:
            asked["scope"] = " ".join(self.scopes)
        return urlencode(asked).encode()


class Tokens:
    """The tokens that are still good."""

    def __init__(self) -> None:
        self._known: dict[TokenGrant, tuple[str, float | None]] = {}

    def get(self, grant: TokenGrant) -> str | None:
        """Give the token of a grant; None if there is none, or none for long."""
        token, end = self._known.get(grant, (None, None))
        return None if end is not None and time.monotonic() > end - _EARLY else token

    def forget(self, grant: TokenGrant) -> None:
        """Drop a token that was refused."""
        self._known.pop(grant, None)

    def keep(self, grant: TokenGrant, content: bytes) -> str:
        """Read the answer of the token's server and keep the token in it."""
        token, lifetime = _read(content)
        end = None if lifetime is None else time.monotonic() + lifetime
        self._known[grant] = (token, end)
        return token


def _read(content: bytes) -> tuple[str, float | None]:
    try:
        answer: Any = from_json(content)
    except ValueError:
        answer = None
    token = answer.get("access_token") if is_object(answer) else None
    if not isinstance(token, str) or not token:
        # What came may hold a secret all the same, so it is not shown.
        raise ResponseDecodeError("the token's server gave no access token", raw="")
    lifetime = answer.get("expires_in")
    if isinstance(lifetime, bool) or not isinstance(lifetime, int | float):
        return token, None
    return token, float(lifetime)
