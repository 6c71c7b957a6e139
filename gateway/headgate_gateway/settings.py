"""Settings: the defaults, over them a TOML file, over that the environment."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

ENVIRONMENT_PREFIX = "HEADGATE_GATEWAY_"

AuthMode: TypeAlias = Literal["required", "optional", "disabled"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that may differ between two gateways. Times are in seconds."""

    host: str = "127.0.0.1"
    port: int = 8080
    database_url: str = "sqlite:///headgate.sqlite3"
    auth_mode: AuthMode = "required"
    admin_key: str = field(default="", repr=False)
    """An admin key that is accepted beside the stored ones; nothing is printed then."""
    api_key: str = field(default="", repr=False)
    """A gateway key of the first project that is accepted beside the stored ones."""
    pepper: str = field(default="", repr=False)
    """Mixed into key hashes. Empty: a random one, kept beside the SQLite file."""
    master_keys: str = field(default="", repr=False)
    """The keys over stored credentials, ``VERSION:HEX …``; the first seals."""
    log_level: LogLevel = "info"
    metrics: bool = True
    metrics_key: str = field(default="", repr=False)
    """What ``/metrics`` is opened with; without it, off loopback, an admin key is."""
    max_body_bytes: int = 8 * 1024 * 1024
    receive_timeout: float = 20.0
    """How long a request's head may take to arrive; its body too, with more a byte."""
    max_connections: int = 8192
    """How many connections callers may have open; 0: any number."""
    max_requests: int = 4096
    """How many requests are answered at once, streams among them; 0: any number."""
    max_requests_per_key: int = 2048
    """How many of them may be of one key."""
    ping_interval: float = 15.0
    stalled_reader: float = 60.0
    """A reader that takes nothing for this long is let go; it can resume."""
    upstream_idle: float = 60.0
    provider_urls: str = ""
    """Providers that are elsewhere: ``openai=https://proxy.example/v1 groq=…``."""
    provider_keys: str = field(default="", repr=False)
    """The operator's own keys for providers: ``openai=sk-… groq=…``."""
    breaker_failures: int = 5
    """After so many failures in a row a provider is left alone; 0: never."""
    breaker_successes: int = 2
    """After so many answers in a row it is asked as before."""
    breaker_cooldown: float = 30.0
    """How long it is left alone."""
    cache_ttl: float = 0.0
    """For how long an answer is given again to equal requests; 0: not at all."""
    cache_entries: int = 10_000
    """How many answers are kept at most; those that end first go first."""
    cache_bytes: int = 256 * 1024 * 1024
    """How many bytes of them."""
    max_model_calls: int = 0
    """How many models may be asked at once, by all callers; 0: any number."""
    model_aliases: str = ""
    """The operator's own names of models: ``fast=groq/llama-3.3-70b-versatile …``."""
    webhook_attempts: int = 10
    """How many times an event is tried before it is given up."""
    webhook_first_delay: float = 5.0
    """How long after the first failure it is tried again; then four times as long."""
    default_model: str = "mock/echo"
    """The model of workspaces that name none."""
    private_networks: str = ""
    """Networks that services may lead to, and in the clear: ``10.0.0.0/8 fd00::/8``."""
    drain_grace: float = 5.0
    """How long running work may go on after the signal to stop."""
    events_retention: float = 7 * 86_400.0
    """How long the events of a finished run are kept; later cursors answer 410."""
    audit_retention: float = 30 * 86_400.0
    """How long entries of the audit log are kept."""
    idempotency_window: float = 86_400.0
    lease: float = 5.0
    """A process silent for so long is dead, and another takes up what it ran."""

    @property
    def base_urls(self) -> dict[str, str]:
        """The providers' base URLs that are not those of their manifests."""
        return _pairs(self.provider_urls)

    @property
    def models_by_alias(self) -> dict[str, str]:
        """The models that the operator's own names mean."""
        return _pairs(self.model_aliases)

    @property
    def keys_by_provider(self) -> dict[str, str]:
        """The operator's own keys for providers."""
        return _pairs(self.provider_keys)

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return self.host in _LOOPBACK


def _pairs(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split())
    return {name: value for name, _, value in pairs}


def load_settings(
    file: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings in force; raises SettingsError when they contradict themselves."""
    values = _from_file(file) if file else {}
    values |= _from_environment(os.environ if environment is None else environment)
    settings = Settings(**values)
    check(settings)
    return settings


def check(settings: Settings) -> None:
    """Refuse what must never run: an open gateway that others can reach."""
    if settings.auth_mode != "required" and not settings.on_loopback:
        raise SettingsError(
            f"auth_mode is {settings.auth_mode!r} and host is {settings.host!r}: "
            "a gateway without required keys listens on loopback only"
        )


def _from_file(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from error
    known = {item.name for item in fields(Settings)}
    unknown = sorted(content.keys() - known)
    if unknown:
        raise SettingsError(f"{file}: unknown setting {unknown[0]!r}")
    return {name: _value(name, value) for name, value in content.items()}


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    names = {
        item.name: ENVIRONMENT_PREFIX + item.name.upper() for item in fields(Settings)
    }
    return {
        name: _value(name, environment[variable])
        for name, variable in names.items()
        if variable in environment
    }


def _value(name: str, given: object) -> object:
    """``given`` as the type that the setting has."""
    if name == "auth_mode":
        return _one_of(name, given, get_args(AuthMode))
    if name == "log_level":
        return _one_of(name, given, get_args(LogLevel))
    default = next(item.default for item in fields(Settings) if item.name == name)
    if isinstance(default, bool):
        return _boolean(name, given)
    if isinstance(default, int | float):
        return _number(name, given, type(default))
    return str(given)


def _one_of(name: str, given: object, allowed: tuple[str, ...]) -> str:
    text = str(given)
    if text not in allowed:
        raise SettingsError(f"{name} is {text!r}; it can be {', '.join(allowed)}")
    return text


def _boolean(name: str, given: object) -> bool:
    text = str(given).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise SettingsError(f"{name} is {given!r}; it can be true or false")


def _number(name: str, given: object, kind: type[int] | type[float]) -> int | float:
    try:
        number = kind(str(given))
    except ValueError:
        raise SettingsError(f"{name} is {given!r}; it must be a number") from None
    if number < 0:
        raise SettingsError(f"{name} is {given!r}; it must not be negative")
    return number
