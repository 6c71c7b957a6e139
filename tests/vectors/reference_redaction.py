"""A second reading of the redaction rules, to check the vectors against."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

MARK = "[redacted]"
SECRET_WORDS = set(
    "key apikey secret password token authorization cookie credential".split()
)
ALWAYS_SECRET = {"authorization", "proxy-authorization", "cookie", "set-cookie"}

_CREDENTIALS = re.compile(r"\b(bearer|basic) ([A-Za-z0-9\-._~+/=]{8,})", re.IGNORECASE)
_URL = re.compile(r"https?:[^\s\"'<>]*", re.IGNORECASE)
_USER = re.compile(r"^(https?://)[^/?#]*@", re.IGNORECASE)


@dataclass(frozen=True)
class Redactor:
    """What a client shows of the things that may hold its secrets."""

    names: frozenset[str]
    prefixes: tuple[str, ...]
    shown_names: frozenset[str]
    secrets: tuple[str, ...]

    def headers(self, headers: dict[str, str]) -> dict[str, str]:
        """Headers as logs show them."""
        return {
            name: MARK if self._is_secret(name) else self.text(value)
            for name, value in headers.items()
        }

    def text(self, text: str) -> str:
        """A text as logs and errors show it."""
        for form in self._forms():
            text = text.replace(form, MARK)
        text = _URL.sub(lambda match: self._url(match[0]), text)
        return _CREDENTIALS.sub(rf"\1 {MARK}", text)

    def body(self, value: Any) -> Any:
        """A JSON body as logs show it."""
        match value:
            case dict():
                return {
                    self.text(name): self._member(name, item)
                    for name, item in value.items()
                }
            case list():
                return [self.body(item) for item in value]
            case str():
                return self.text(value)
            case _:
                return value

    def _member(self, name: str, value: Any) -> Any:
        if not self._is_secret(name):
            return self.body(value)
        if isinstance(value, list):
            return [
                MARK if isinstance(item, str) else self.body(item) for item in value
            ]
        return MARK if isinstance(value, str) else self.body(value)

    def _url(self, url: str) -> str:
        url = _USER.sub(rf"\1{MARK}@", url)
        pieces = re.split(r"([?#&])", url)
        return "".join(
            self._parameter(piece) if number else piece
            for number, piece in enumerate(pieces)
        )

    def _parameter(self, piece: str) -> str:
        name, equals, _ = piece.partition("=")
        return f"{name}={MARK}" if equals and self._is_secret(unquote(name)) else piece

    def _is_secret(self, name: str) -> bool:
        lower = name.lower()
        if lower in self.shown_names:
            return False
        known = lower in self.names | ALWAYS_SECRET or lower.startswith(self.prefixes)
        return known or _last_word(name) in SECRET_WORDS

    def _forms(self) -> list[str]:
        secrets = [secret for secret in self.secrets if len(secret) >= 4]
        forms = {form for secret in secrets for form in _forms_of(secret)}
        return sorted(forms, key=len, reverse=True)


def _forms_of(secret: str) -> set[str]:
    escaped = json.dumps(secret, ensure_ascii=False)[1:-1]
    encoded = base64.b64encode(secret.encode()).decode()
    return {secret, quote(secret, safe=""), escaped, encoded}


def _last_word(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).replace("_", "-").split("-")
    return words[-1].lower()
