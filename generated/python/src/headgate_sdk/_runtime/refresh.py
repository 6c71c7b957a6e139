# Fixed runtime of a generated SDK: the same source in every package.
"""What a client is given that renews its own access (RFC 6749, section 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshedTokens:
    """What a refresh token was exchanged for."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    """The one for the next time: a new one, or the same."""
    expires_in: float | None
    """Seconds for which the access token is good, None where nothing is said."""


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token in the place of a token: it is exchanged when one is needed.

    With a client secret the exchange says who asks by HTTP Basic, without one by the
    client id alone. An `access_token` is used first. `on_refresh` is told of every
    exchange, so that what came of it can be kept: the old refresh token may be void.
    """

    refresh_token: str = field(repr=False)
    client_id: str | None = field(default=None, kw_only=True)
    client_secret: str | None = field(default=None, kw_only=True, repr=False)
    access_token: str | None = field(default=None, kw_only=True, repr=False)
    on_refresh: Callable[[RefreshedTokens], object] | None = field(
        default=None, kw_only=True, repr=False
    )

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is to be shown to nobody."""
        held = (self.refresh_token, self.client_secret, self.access_token)
        return tuple(each for each in held if each)
