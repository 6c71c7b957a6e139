# Fixed runtime of a generated SDK: the same source in every package.
"""What logs and messages show of things that may hold a secret."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any
from urllib.parse import quote, unquote

from .json_values import is_list, is_object

MARK = "[redacted]"

_ALWAYS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_WORDS = frozenset(
    {
        *("key", "apikey", "secret", "password"),
        *("token", "authorization", "cookie", "credential"),
    }
)
_SHORTEST = 4
"""A shorter secret would blot out words that only look like it."""
_WORD_END = re.compile(r"[-_]|(?<=[a-z])(?=[A-Z])")
_CREDENTIALS = re.compile(r"\b(bearer|basic) [A-Za-z0-9\-._~+/=]{8,}", re.IGNORECASE)
_SCHEME = re.compile(r"^\w+ ")
_URL = re.compile(r"https?:[^\s\"'<>]*", re.IGNORECASE)
_USER = re.compile(r"^(https?://)[^/?#]*@", re.IGNORECASE)
_PARAMETERS = re.compile(r"([?#&])([^?#&=]*)=([^?#&]*)")


class Redactor:
    """Blots out a client's secrets, by their names and by their values.

    `names` and `prefixes` are those of headers and parameters that hold a secret;
    `shown` are names that only sound as if they did.
    """

    def __init__(
        self,
        *,
        names: Iterable[str] = (),
        prefixes: Iterable[str] = (),
        shown: Iterable[str] = (),
        secrets: Iterable[str] = (),
    ) -> None:
        self._names = _ALWAYS | {name.lower() for name in names}
        self._prefixes = tuple(prefix.lower() for prefix in prefixes)
        self._shown = {name.lower() for name in shown}
        self.forms = _all_forms(secrets)

    def knowing(self, headers: Mapping[str, str]) -> Redactor:
        """Give one that blots out what a request's own headers hold of secrets too."""
        held = [
            _SCHEME.sub("", headers[name]) for name in headers if self._is_secret(name)
        ]
        other = copy(self)
        forms = {*self.forms, *_all_forms(held)}
        other.forms = sorted(forms, key=len, reverse=True)
        return other

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Show headers."""
        return {
            name: MARK if self._is_secret(name) else self.text(value)
            for name, value in headers.items()
        }

    def text(self, text: str) -> str:
        """Show a text; a URL is one."""
        for form in self.forms:
            text = text.replace(form, MARK)
        text = _URL.sub(lambda match: self._url(match[0]), text)
        return _CREDENTIALS.sub(rf"\1 {MARK}", text)

    def body(self, value: Any) -> Any:
        """Show a JSON value."""
        if isinstance(value, str):
            return self.text(value)
        if is_object(value):
            return {
                self.text(name): self._member(name, item)
                for name, item in value.items()
            }
        return [self.body(item) for item in value] if is_list(value) else value

    def _member(self, name: str, value: Any) -> Any:
        if not self._is_secret(name):
            return self.body(value)
        if is_list(value):
            return [
                MARK if isinstance(item, str) else self.body(item) for item in value
            ]
        return MARK if isinstance(value, str) else self.body(value)

    def _url(self, url: str) -> str:
        return _PARAMETERS.sub(self._parameter, _USER.sub(rf"\1{MARK}@", url))

    def _parameter(self, match: re.Match[str]) -> str:
        start, name, value = match.groups()
        shown = MARK if self._is_secret(unquote(name)) else value
        return f"{start}{name}={shown}"

    def _is_secret(self, name: str) -> bool:
        lowered = name.lower()
        if lowered in self._shown:
            return False
        if lowered in self._names or lowered.startswith(self._prefixes):
            return True
        return _WORD_END.split(name)[-1].lower() in _WORDS


def _all_forms(secrets: Iterable[str]) -> list[str]:
    """Give the ways to write secrets, the longest first; it may hold another."""
    long_enough = (secret for secret in secrets if len(secret) >= _SHORTEST)
    forms = {form for secret in long_enough for form in _forms(secret)}
    return sorted(forms, key=len, reverse=True)


def _forms(secret: str) -> set[str]:
    """Give the ways in which a secret may stand in a text."""
    escaped = json.dumps(secret, ensure_ascii=False)[1:-1]
    encoded = base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode()
    quoted = quote(secret, safe="", errors="surrogatepass")
    return {secret, quoted, escaped, encoded}
