"""A second reading of the rules for requests, to check the vectors against."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import quote, urlsplit

Json = dict[str, Any]

GENERATED = "<generated>"
SDK_HEADERS = ("User-Agent", "X-Headgate-SDK")
TAKES_NOTHING_TWICE = "none"

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")


class ConfigurationError(Exception):
    """What cannot be sent."""


class Builder:
    """Makes the request of one vector."""

    def __init__(self, document: Json, vector: Json) -> None:
        self.product: Json = document["product"]
        self.credentials = vector.get("credentials", self.product["credentials"])
        self.client: Json = vector["client"]
        self.environment: Json = vector.get("environment", {})
        self.operation: Json = vector["operation"]
        self.arguments: Json = vector.get("arguments", {})
        self.options: Json = vector.get("options", {})
        self.headers: dict[str, str] = {}

    def build(self) -> Json:
        """The request in the form of a vector's `expect`."""
        base, path = self._base_url(), self._path()
        query = {**self.arguments.get("query", {}), **self.options.get("query", {})}
        body = self._body()
        self._set_own(query, has_body=body is not None)
        self._lay_over(self.client.get("headers", {}))
        self._lay_over(self.arguments.get("headers", {}))
        self._lay_over(self._provider_keys(self.options.get("provider_keys", {})))
        self._lay_over(self.options.get("headers", {}))
        request = {"url": base + path + _query(query), "headers": self.headers}
        return request if body is None else {**request, "body": body}

    @property
    def repeatable(self) -> bool:
        """Whether an attempt that may have been acted on is repeated.

        One that is made once by its key needs that: a caller may have taken it away.
        """
        if self.operation["idempotency"] == "key":
            return self.product["idempotency_header"].lower() in self.headers
        return bool(self.operation["idempotency"] != TAKES_NOTHING_TWICE)

    def _variable(self, name: str) -> str | None:
        prefix = self.product["environment_prefix"]
        return self.environment.get(f"{prefix}_{name}") or None

    def _base_url(self) -> str:
        default = self._variable("BASE_URL") or self.product["default_base_url"]
        text = str(self.client.get("base_url", default)).strip()
        url = urlsplit(text)
        well_formed = url.scheme in {"http", "https"} and bool(url.hostname)
        if not well_formed or "@" in url.netloc or url.query or url.fragment:
            raise ConfigurationError("the base URL is none")
        return text.rstrip("/")

    def _path(self) -> str:
        values = self.arguments.get("path", {})

        def segment(match: re.Match[str]) -> str:
            text = _text(values[match[1]])
            if text in {"", ".", ".."}:
                raise ConfigurationError("the segment would change the path")
            return quote(text, safe="")

        return re.sub(r"\{(\w+)\}", segment, self.operation["path"])

    def _body(self) -> Json | None:
        body: Json | None = self.arguments.get("body")
        extra = self.options.get("extra_body")
        return {**(body or {}), **extra} if extra else body

    def _set_own(self, query: Json, *, has_body: bool) -> None:
        self._lay_over({"Accept": self.operation["accept"]})
        if has_body:
            self._lay_over({"Content-Type": "application/json"})
        if self.client.get("platform_headers", True):
            self._lay_over(dict.fromkeys(SDK_HEADERS, GENERATED))
        self._authorize(query)
        self._lay_over(self._provider_keys(self._environment_keys()))
        self._lay_over(self._provider_keys(self.client.get("provider_keys", {})))
        key = self.options.get("idempotency_key")
        if key is None and self.operation["idempotency"] == "key":
            key = GENERATED
        if key is not None:
            self._lay_over({self.product["idempotency_header"]: key})

    def _secret(self, option: str) -> str | None:
        secrets = {**self.client.get("secrets", {}), **self.client}
        if option in secrets:
            return secrets[option] or None
        return self._variable(option.upper())

    def _authorize(self, query: Json) -> None:
        for alternative in self.operation["credentials"]:
            secrets = {option: self._secret(option) for option in alternative}
            if None not in secrets.values():
                for credential in self.credentials:
                    if credential["option"] in alternative:
                        self._place(credential, secrets[credential["option"]], query)
                return

    def _place(self, credential: Json, secret: str | None, query: Json) -> None:
        text = secret or ""
        match credential["place"]:
            case "bearer":
                self._lay_over({"Authorization": f"Bearer {text}"})
            case "basic":
                encoded = base64.b64encode(text.encode()).decode()
                self._lay_over({"Authorization": f"Basic {encoded}"})
            case "header":
                self._lay_over({credential["name"]: text})
            case "query":
                query[credential["name"]] = text
            case _:
                self._lay_over(
                    {"Cookie": f"{credential['name']}={quote(text, safe='')}"}
                )

    def _environment_keys(self) -> dict[str, str]:
        start = f"{self.product['environment_prefix']}_PROVIDER_KEY_"
        return {
            name.removeprefix(start).lower(): value
            for name, value in self.environment.items()
            if name.startswith(start) and value
        }

    def _provider_keys(self, keys: Json) -> Json:
        target: Json = self.product["header_maps"][0]
        known = {_plain(member): member for member in target["members"]}
        return {
            target["prefix"] + known.get(_plain(name), name.replace("_", "-")): value
            for name, value in keys.items()
        }

    def _lay_over(self, headers: Json) -> None:
        for name, value in headers.items():
            if value is None:
                self.headers.pop(name.lower(), None)
                continue
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
                raise ConfigurationError("the header cannot be sent")
            self.headers[name.lower()] = value


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _query(values: Json) -> str:
    pairs = [
        f"{quote(name, safe='')}={quote(_text(item), safe='')}"
        for name, value in values.items()
        if value is not None
        for item in (value if isinstance(value, list) else [value])
    ]
    return "?" + "&".join(pairs) if pairs else ""


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
