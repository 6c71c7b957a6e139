"""Where a proxied call goes, with which credential, and what may pass on the way."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote_plus

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject
from headgate_gateway.proxying.headers import may_be_injected
from headgate_gateway.proxying.masking import Mask

_IN_QUERY = "%/:?[]@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An upstream as one call sees it."""

    name: str
    """Of the service, or ``upstream``."""
    base_url: str
    injection: JsonObject | None = None
    secret: str | None = field(default=None, repr=False)
    request_headers: tuple[str, ...] = ()
    response_headers: tuple[str, ...] = ()

    def url(self, path: str, query: bytes) -> str:
        """The address of ``path``, encoded as it came; none is the base URL's own."""
        url = f"{self.base_url.rstrip('/')}/{path}" if path else self.base_url
        pairs = [pair for pair in quote(query, safe=_IN_QUERY).split("&") if pair]
        if self._mode == "query":
            name = self._name("api_key")
            pairs = [pair for pair in pairs if _key_of(pair) != name]
            pairs.append(f"{quote(name)}={quote(self.secret or '', safe='')}")
        return f"{url}?{'&'.join(pairs)}" if pairs else url

    def credential_headers(self) -> dict[str, str]:
        """The header that carries the credential, if one does."""
        secret = self.secret or ""
        match self._mode:
            case "bearer":
                return {"authorization": f"Bearer {secret}"}
            case "basic":
                return {"authorization": f"Basic {_encoded(secret)}"}
            case "header":
                name = self._name("authorization")
                if not may_be_injected(name):
                    raise GatewayError(
                        "credential_missing", f"No credential can be sent as {name}."
                    )
                return {name.lower(): secret}
            case _:
                return {}

    def mask(self) -> Mask | None:
        """What hides the credential in the answer; None: there is nothing to hide."""
        return None if self.secret is None else Mask.over(self._told(self.secret))

    def _told(self, secret: str) -> Iterator[str]:
        """The texts that tell the secret to who reads them."""
        yield secret
        if self._mode == "basic":
            user, _, password = secret.partition(":")
            yield _encoded(secret)
            # Many take a token as the name of a user without a password.
            yield password or user

    @property
    def _mode(self) -> str | None:
        return None if self.injection is None else str(self.injection["mode"])

    def _name(self, usual: str) -> str:
        injection: dict[str, Any] = self.injection or {}
        return str(injection.get("name", usual))


def _encoded(secret: str) -> str:
    """``user:password`` as basic authentication has it."""
    return base64.b64encode(secret.encode()).decode()


def _key_of(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])
