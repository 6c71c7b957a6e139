"""Upstream secrets: sealed under versioned master keys, opened only to be sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import dumps
from headgate_gateway.keys import Hasher
from headgate_gateway.lookups import Lookups
from headgate_gateway.sealing import BrokenSealError, seal, unseal
from headgate_gateway.settings import Settings, SettingsError
from headgate_gateway.store.credentials import CredentialStore

_KEY_BYTES = 32
_REMEMBERED = 1024

_log = structlog.get_logger("headgate_gateway.vault")


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The keys over all secrets, by version; new secrets are sealed by the first."""

    newest: int
    _by_version: Mapping[int, bytes] = field(repr=False)

    def key(self, version: int) -> bytes:
        """The key of a version; an error that says so when it is not known."""
        key = self._by_version.get(version)
        if key is None:
            raise GatewayError(
                "credential_missing", f"Master key {version} is not configured."
            )
        return key


def load_master_keys(settings: Settings, hasher: Hasher) -> MasterKeys:
    """The keys of ``master_keys``, and version 0, which comes from the pepper."""
    known = {0: hasher.derive(b"credentials")}
    versions: list[int] = []
    for item in settings.master_keys.split():
        version, _, text = item.partition(":")
        try:
            versions.append(int(version))
            known[versions[-1]] = bytes.fromhex(text)
        except ValueError:
            raise _malformed() from None
        if versions[-1] < 1 or len(known[versions[-1]]) != _KEY_BYTES:
            raise _malformed()
    return MasterKeys(versions[0] if versions else 0, known)


def _malformed() -> SettingsError:
    return SettingsError(
        "master_keys is not of the form 'VERSION:HEX ...': "
        "a number from 1 and 64 hexadecimal digits"
    )


class Vault:
    """Seals secrets for the store and opens them for their one use."""

    def __init__(
        self,
        store: CredentialStore,
        masters: MasterKeys,
        *,
        from_settings: Mapping[str, str],
    ) -> None:
        self._store = store
        self._masters = masters
        self._from_settings = from_settings
        self._opened = Lookups(self._opened_anew, most=_REMEMBERED)

    @property
    def version(self) -> int:
        """The version that new secrets are sealed under."""
        return self._masters.newest

    def seal(self, secret: str, *, project_id: str, credential_id: str) -> bytes:
        """The secret, readable only at its own place in the store."""
        place = _place(project_id, credential_id, self.version)
        return seal(self._masters.key(self.version), secret.encode(), place)

    def open(self, row: Mapping[Any, Any]) -> str:
        """The secret of a credential's row."""
        sealed: bytes = row["sealed"]
        place = _place(row["project_id"], row["id"], row["kek_version"])
        key = self._masters.key(row["kek_version"])
        try:
            return unseal(key, sealed, place).decode()
        except BrokenSealError:
            raise GatewayError(
                "credential_missing", "The stored credential cannot be opened."
            ) from None

    def open_for(self, row: sa.RowMapping, url: str) -> str:
        """The secret for a request to ``url``, which has to be its own host."""
        if row["host"] is not None and row["host"].lower() != urlsplit(url).netloc:
            raise GatewayError(
                "credential_missing", "The credential belongs to another host."
            )
        return self.open(row)

    async def provider_key(
        self, provider: str, url: str, *, project_id: str, key_id: str | None
    ) -> str | None:
        """The key's or the project's own key for a provider, or the operator's."""
        stored = await self._opened.get((project_id, key_id, provider, url))
        return stored or self._from_settings.get(provider)

    async def _opened_anew(self, place: tuple[str, str | None, str, str]) -> str | None:
        project_id, key_id, provider, url = place
        row = await self._store.for_provider(
            provider, project_id=project_id, key_id=key_id
        )
        return None if row is None else self.open_for(row, url)

    def forget(self) -> None:
        """Believe nothing opened before; called when a credential changes here."""
        self._opened.forget_all()

    async def reseal(self, row: sa.RowMapping) -> sa.RowMapping | None:
        """The credential with its secret under the newest master key."""
        sealed = self.seal(
            self.open(row), project_id=row["project_id"], credential_id=row["id"]
        )
        return await self._store.reseal(row, sealed=sealed, version=self.version)

    async def reseal_old(self) -> None:
        """Bring every secret under the newest master key."""
        for row in await self._store.sealed_otherwise(self.version):
            try:
                await self.reseal(row)
            except GatewayError as error:
                _log.warning(
                    "credential_not_resealed", id=row["id"], reason=error.message
                )


def _place(project_id: str, credential_id: str, version: int) -> bytes:
    """Associated data: a sealed secret copied to another row does not open."""
    return dumps([project_id, credential_id, version])
