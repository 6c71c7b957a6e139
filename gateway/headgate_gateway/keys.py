"""Secrets: how they look, how they are hashed, and what they are good for."""

import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass
from pathlib import Path

from headgate_gateway.settings import Settings, SettingsError

KEY_PREFIX = "hg_v1"
"""How every secret of ours begins; the log redacts what begins so."""

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 43
"""Characters of base 62 that make 256 bits."""
_SHOWN = 6
_BLOCK = 64
"""Bytes that SHA-256 takes at once."""
_INNER = bytes(code ^ 0x36 for code in range(256))
_OUTER = bytes(code ^ 0x5C for code in range(256))


@dataclass(frozen=True, slots=True)
class Secret:
    """A new secret and the part of it that may be shown later."""

    text: str
    prefix: str


def new_gateway_secret(project_id: str) -> Secret:
    """A secret of a gateway key; its text names the project."""
    project = project_id.removeprefix("proj_").lower()
    return _secret(f"{KEY_PREFIX}_proj_{project}_key_")


def new_admin_secret() -> Secret:
    """A secret of an admin key."""
    return _secret(f"{KEY_PREFIX}_admin_")


def _secret(start: str) -> Secret:
    text = start + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return Secret(text, text[: len(start) + _SHOWN])


class Hasher:
    """HMAC-SHA-256 with a pepper: fast, and useless to who lacks the pepper."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper
        key = hashlib.sha256(pepper).digest() if len(pepper) > _BLOCK else pepper
        key = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(key.translate(_INNER))
        self._outer = hashlib.sha256(key.translate(_OUTER))

    def digest(self, secret: str) -> bytes:
        """What is stored in place of a secret."""
        # Not hmac.digest, which lets other threads run first, nor hmac.new, which takes
        # longer than the hashes themselves: RFC 2104, 4, says what to prepare.
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(secret.encode("utf-8", "surrogateescape"))
        outer.update(inner.digest())
        return outer.digest()

    def derive(self, purpose: bytes) -> bytes:
        """A key for another purpose than hashing, 32 bytes."""
        return hmac.digest(self._pepper, b"derive:" + purpose, hashlib.sha256)


def load_pepper(settings: Settings, database_file: Path | None) -> bytes:
    """The configured pepper, or the one in the file beside the SQLite database."""
    if settings.pepper:
        return settings.pepper.encode()
    if database_file is None:
        raise SettingsError(
            "pepper must be set where the database is not a SQLite file"
        )
    file = database_file.with_name(database_file.name + ".pepper")
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32), encoding="ascii")
    return file.read_text(encoding="ascii").strip().encode()
