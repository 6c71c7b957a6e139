# Fixed runtime of a generated SDK: the same source in every package.
"""What a caller may set, for a client or for one call, and where defaults come from."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict
from urllib.parse import urlsplit

from .errors import ConfigurationError, ErrorTree
from .redaction import Redactor
from .refresh import RefreshToken

if TYPE_CHECKING:
    from .cancel import CancelToken
    from .interceptors import Interceptor
    from .pending import PendingRule

QueryValue: TypeAlias = str | int | float | bool | None
HeaderValues: TypeAlias = Mapping[str, str | None]
"""Headers by name; None takes away one that would be sent otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """The four timeouts, in seconds; None waits for ever."""

    connect: float | None = 5.0
    first_byte: float | None = 60.0
    idle: float | None = 60.0
    total: float | None = 600.0


class TimeoutOptions(TypedDict, total=False):
    """Timeouts to change, in seconds; None waits for ever."""

    connect: float | None
    """Until the connection is made."""
    first_byte: float | None
    """From the request being sent to the head of its answer."""
    idle: float | None
    """Between two pieces of the body."""
    total: float | None
    """The whole call with its retries, to the last byte of the body."""


class StreamLimits(TypedDict, total=False):
    """How long a stream's parts may be, in bytes, before reading it is given up."""

    line: int
    """One line; 1 MiB by default."""
    event: int
    """The data of one event; 16 MiB by default."""


class RequestOptions(TypedDict, total=False):
    """What may be set for one call."""

    headers: HeaderValues
    """Headers to add, to replace, or (None) to leave out."""
    query: Mapping[str, Any]
    """Query parameters to add or to replace."""
    extra_body: Mapping[str, Any]
    """Properties to add to a JSON body."""
    timeouts: TimeoutOptions
    """Timeouts that differ from the client's."""
    max_attempts: int
    """How often the call is tried at most."""
    idempotency_key: str
    """The key to send instead of a generated one."""
    cancel: CancelToken
    """What cancels the call: a token that may be cancelled from any thread."""
    broken_events: Literal["raise", "yield"]
    """Whether a stream's event that cannot be read is raised, which is the default,
    or given out as the `ResponseDecodeError` that it would raise."""
    interceptors: Sequence[Interceptor]
    """Called after those of the client."""
    strict: bool
    """Whether an advisory call raises its failure, which else only the log tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A client option that holds a secret, and where the secret goes.

    `token_url` gives tokens for a client id and secret (OAuth 2, client credentials),
    `refresh_url` for a refresh token.
    """

    option: str
    place: Literal["bearer", "basic", "header", "query", "cookie"]
    name: str = "authorization"
    token_url: str | None = None
    refresh_url: str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An address whose parts in braces a client may set, with what stands otherwise."""

    template: str
    defaults: Mapping[str, str]
    values: Mapping[str, tuple[str, ...]]

    def url(self, given: Mapping[str, str]) -> str:
        """Put the parts into the address; one that it does not have is refused."""
        for name, value in given.items():
            if name not in self.defaults:
                raise ConfigurationError(f"server has no part {name!r}")
            if value not in self.values.get(name, (value,)):
                raise ConfigurationError(f"server has no such {name!r}")
        url = self.template
        for name, value in {**self.defaults, **given}.items():
            url = url.replace(f"{{{name}}}", value)
        return url


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderMap:
    """A client option that maps names to values of headers."""

    option: str
    prefix: str
    members: Mapping[str, str]

    def header(self, name: str) -> str:
        """Give the header for a name; case, `-` and `_` make no difference.

        Servers drop headers with underscores, so an unknown name gets hyphens.
        """
        unknown = f"{self.prefix}{name.replace('_', '-')}"
        return self.members.get(_plain(name), unknown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What the specification fixes for every client of this package."""

    environment_prefix: str
    base_url: str | None
    user_agent: str
    sdk: str
    request_id_header: str | None
    idempotency_header: str | None
    attempt_header: str | None
    sdk_header: str | None
    credentials: Sequence[Credential]
    header_maps: Sequence[HeaderMap]
    errors: ErrorTree
    header_options: Mapping[str, str] = field(default_factory=dict[str, str])
    """Each option that is a header of every call, with that header."""
    server: Server | None = None
    pending: PendingRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """A client's settings once arguments, environment and defaults are joined."""

    base_url: str
    has_own_url: bool = False
    """Whether the address was set for all calls."""
    secrets: Mapping[str, str] = field(repr=False)
    header_maps: Mapping[str, Mapping[str, str]] = field(repr=False)
    timeouts: Timeouts
    max_attempts: int
    platform_headers: bool
    stream_limits: StreamLimits
    headers: HeaderValues = field(default_factory=dict[str, str | None], repr=False)
    refresh: Mapping[str, RefreshToken] = field(
        default_factory=dict[str, RefreshToken], repr=False
    )
    """The refresh tokens that stand in the place of secrets."""
    scope: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the scopes were given that the client was made in."""
    scope_secrets: tuple[str, ...] = field(default=(), repr=False)


def client_options(
    product: Product,
    *,
    base_url: str | None,
    secrets: Mapping[str, str | RefreshToken | None],
    header_maps: Mapping[str, Mapping[str, str] | None],
    timeouts: TimeoutOptions | None,
    max_attempts: int | None,
    headers: HeaderValues | None,
    platform_headers: bool = True,
    stream_limits: StreamLimits | None = None,
    server: Mapping[str, str] | None = None,
    header_options: Mapping[str, str | None] | None = None,
) -> ClientOptions:
    """Join arguments, then the environment, then the defaults."""
    environment = Environment(product.environment_prefix)
    refresh: dict[str, RefreshToken] = {}
    texts: dict[str, str | None] = {}
    for option, secret in secrets.items():
        if isinstance(secret, RefreshToken):
            refresh[option] = secret
        else:
            texts[option] = secret
    own_url = base_url or environment.text("BASE_URL")
    default = product.server.url(server or {}) if product.server else product.base_url
    return ClientOptions(
        base_url=_checked_url(own_url or default or ""),
        has_own_url=own_url is not None,
        secrets=_paired(environment.secrets(texts), texts, product),
        refresh=refresh,
        header_maps={
            each.option: environment.header_map(each)
            | dict(header_maps.get(each.option) or {})
            for each in product.header_maps
        },
        timeouts=changed(environment.timeouts(), timeouts),
        max_attempts=max_attempts or environment.count("MAX_ATTEMPTS") or 3,
        platform_headers=platform_headers,
        stream_limits=stream_limits or {},
        headers=_joined(
            environment.headers(product.header_options, header_options or {}),
            headers or {},
        ),
    )


def _joined(options: Mapping[str, str], given: HeaderValues) -> HeaderValues:
    """Join the headers of options with those that the caller names himself."""
    named = {name.lower() for name in given}
    own = {name: text for name, text in options.items() if name.lower() not in named}
    return {**own, **given}


def _paired(
    secrets: dict[str, str], given: Mapping[str, str | None], product: Product
) -> dict[str, str]:
    """Make the basic credentials of a user's name and password, unless one is given.

    A password may be empty; the name is no secret and goes.
    """
    basic = [each.option for each in product.credentials if each.place == "basic"]
    if not basic or "username" in basic:
        return secrets
    username = secrets.pop("username", None)
    password = "" if given.get("password") == "" else secrets.get("password")
    if username is None or password is None:
        return secrets
    if ":" in username:
        raise ConfigurationError("username has no colon")
    pairs = {
        option: f"{username}:{password}" for option in basic if not given.get(option)
    }
    return {**secrets, **pairs}


def _checked_url(url: str) -> str:
    """Give a base URL without its last slash; what is wrong with it is not shown."""
    try:
        parts = urlsplit(url.strip())
        port_is_number = parts.port is None or parts.port >= 0
    except ValueError as error:
        raise ConfigurationError("base_url is no URL") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError("base_url must begin with http:// or https://")
    if "@" in parts.netloc or "?" in url or "#" in url or not port_is_number:
        raise ConfigurationError("base_url has no user, query or fragment")
    return url.strip().rstrip("/")


def redactor_of(product: Product, options: ClientOptions) -> Redactor:
    """Make what keeps a client's secrets out of its log."""
    mapped = (values.values() for values in options.header_maps.values())
    return Redactor(
        names=[each.name for each in product.credentials],
        prefixes=[each.prefix for each in product.header_maps],
        shown=[product.idempotency_header] if product.idempotency_header else [],
        secrets=[
            *options.secrets.values(),
            *options.scope_secrets,
            *chain.from_iterable(each.secrets for each in options.refresh.values()),
            *chain.from_iterable(mapped),
        ],
    )


def changed(timeouts: Timeouts, options: TimeoutOptions | None) -> Timeouts:
    """Give the timeouts with some of them replaced."""
    return replace(timeouts, **options) if options else timeouts


class Environment:
    """The variables that begin with a client's prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = f"{prefix}_"

    def text(self, name: str) -> str | None:
        """Read a variable; an empty one is an absent one."""
        return os.environ.get(self._prefix + name) or None

    def count(self, name: str) -> int | None:
        """Read a variable that is a whole number of at least one."""
        text = self.text(name)
        if text is None:
            return None
        if not text.isdecimal() or int(text) < 1:
            raise ConfigurationError(
                f"{self._prefix}{name} is no whole number from 1 on"
            )
        return int(text)

    def secrets(self, given: Mapping[str, str | None]) -> dict[str, str]:
        """Fill in from the environment the secrets that were not given."""
        found = {
            option: self.text(option.upper()) if secret is None else secret
            for option, secret in given.items()
        }
        return {option: secret for option, secret in found.items() if secret}

    def headers(
        self, names: Mapping[str, str], given: Mapping[str, str | None]
    ) -> dict[str, str]:
        """Give the headers whose options were given, or are set."""
        found = {
            header: given.get(option) or self.text(option.upper())
            for option, header in names.items()
        }
        return {header: value for header, value in found.items() if value}

    def header_map(self, target: HeaderMap) -> dict[str, str]:
        """Read the variables named after a map's option, less its plural."""
        start = f"{self._prefix}{target.option.removesuffix('s').upper()}_"
        return {
            name.removeprefix(start).lower(): value
            for name, value in os.environ.items()
            if name.startswith(start) and value
        }

    def timeouts(self) -> Timeouts:
        """Read the timeouts that are set, in seconds."""
        names = [each.name for each in fields(Timeouts)]
        texts = {name: self.text(f"TIMEOUT_{name.upper()}") for name in names}
        return Timeouts(
            **{name: self._seconds(name, text) for name, text in texts.items() if text}
        )

    def _seconds(self, name: str, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            variable = f"{self._prefix}TIMEOUT_{name.upper()}"
            raise ConfigurationError(f"{variable} is no number of seconds") from None


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
