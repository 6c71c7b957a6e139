# Fixed runtime of a generated SDK: the same source in every package.
"""Tokens that something else is exchanged for (RFC 6749, sections 4.4 and 6)."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from pydantic_core import from_json

from .errors import ResponseDecodeError
from .json_values import is_object
from .refresh import RefreshedTokens, RefreshToken

_EARLY = 30.0
"""Seconds before its end at which a token is no longer used."""
_FORM = {
    "accept": "application/json",
    "content-type": "application/x-www-form-urlencoded",
}


def _basic(client_id: str, client_secret: str) -> str:
    pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGrant:
    """Where a token comes from for a client id and secret, and what it is given for."""

    url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ()

    @property
    def first(self) -> str | None:
        """The token before any exchange: none."""
        return None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the request for a token."""
        return {**_FORM, "authorization": _basic(self.client_id, self.client_secret)}

    def content(self, refresh_token: str | None) -> bytes:
        """Give the body of the request for a token."""
        asked = {"grant_type": "client_credentials"}
        if self.scopes:
            asked["scope"] = " ".join(self.scopes)
        return urlencode(asked).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshGrant:
    """Where a token comes from for a refresh token."""

    url: str
    given: RefreshToken = field(repr=False)

    @property
    def first(self) -> str | None:
        """The token before any exchange: the caller's own."""
        return self.given.access_token

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the request for a token."""
        given = self.given
        if given.client_id is None or given.client_secret is None:
            return dict(_FORM)
        return {**_FORM, "authorization": _basic(given.client_id, given.client_secret)}

    def content(self, refresh_token: str | None) -> bytes:
        """Give the body of the request for a token; `refresh_token` is a newer one."""
        asked = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token or self.given.refresh_token,
        }
        if self.given.client_id is not None and self.given.client_secret is None:
            asked["client_id"] = self.given.client_id
        return urlencode(asked).encode()


Grant: TypeAlias = TokenGrant | RefreshGrant


class Tokens:
    """The tokens that are still good. A grant is exchanged by one call at a time."""

    def __init__(self) -> None:
        self._known: dict[Grant, tuple[str | None, float | None]] = {}
        self._newer: dict[Grant, str] = {}
        self._busy: set[Grant] = set()
        self._lock = Lock()

    def get(self, grant: Grant) -> str | None:
        """Give the token of a grant; None if there is none, or none for long."""
        token, end = self._known.get(grant, (grant.first, None))
        return None if end is not None and time.monotonic() > end - _EARLY else token

    def forget(self, grant: Grant, refused: str | None) -> None:
        """Drop a token that was refused, unless there is another by now."""
        with self._lock:
            if self.get(grant) == refused:
                self._known[grant] = (None, None)

    def begin(self, grant: Grant) -> bool:
        """Say whether the exchange is the caller's to make: nobody else makes it."""
        with self._lock:
            is_free = grant not in self._busy
            self._busy.add(grant)
            return is_free

    def end(self, grant: Grant) -> None:
        """Let the next exchange be made."""
        with self._lock:
            self._busy.discard(grant)

    def content(self, grant: Grant) -> bytes:
        """Give the body of the request for a token."""
        return grant.content(self._newer.get(grant))

    def keep(self, grant: Grant, content: bytes) -> str:
        """Read the answer of the token's server and keep the tokens in it."""
        answer = _read(content)
        token = str(answer["access_token"])
        lifetime = answer.get("expires_in")
        if isinstance(lifetime, bool) or not isinstance(lifetime, int | float):
            lifetime = None
        end = None if lifetime is None else time.monotonic() + lifetime
        self._known[grant] = (token, end)
        if isinstance(grant, RefreshGrant):
            self._renew(grant, answer.get("refresh_token"), token, lifetime)
        return token

    def _renew(
        self, grant: RefreshGrant, newer: Any, token: str, lifetime: float | None
    ) -> None:
        """Keep the refresh token for the next time, and tell the caller."""
        if isinstance(newer, str) and newer:
            self._newer[grant] = newer
        if grant.given.on_refresh is not None:
            grant.given.on_refresh(
                RefreshedTokens(
                    access_token=token,
                    refresh_token=self._newer.get(grant, grant.given.refresh_token),
                    expires_in=lifetime,
                )
            )


def _read(content: bytes) -> dict[str, Any]:
    try:
        answer: Any = from_json(content)
    except ValueError:
        answer = None
    token = answer.get("access_token") if is_object(answer) else None
    if not isinstance(token, str) or not token:
        # What came may hold a secret all the same, so it is not shown.
        raise ResponseDecodeError("the token's server gave no access token", raw="")
    return dict(answer)
