"""The secrets of webhooks, sealed: the newest, and for a time the one before it."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from headgate_gateway.clock import now_ms
from headgate_gateway.json import dump_text, loads
from headgate_gateway.store.webhooks import WebhookStore
from headgate_gateway.vault import Vault
from headgate_gateway.webhooks.signing import new_secret


class Keyring:
    """Seals and opens the secrets of webhooks."""

    def __init__(self, store: WebhookStore, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    def first(self, *, webhook_id: str, project_id: str) -> tuple[str, dict[str, Any]]:
        """A new secret, and the columns that keep it."""
        secret = new_secret()
        return secret, self._columns([secret], webhook_id, project_id)

    def next(self, row: sa.RowMapping) -> tuple[str, dict[str, Any]]:
        """A secret after that of a webhook, and the columns that keep both."""
        secret = new_secret()
        return secret, self._columns(
            [secret, self._all(row)[0]], row["id"], row["project_id"]
        )

    def current(self, delivery: sa.RowMapping) -> list[str]:
        """The secrets that a delivery is signed with."""
        until = delivery["webhook_previous_secret_until"]
        known = self._all(
            {
                "id": delivery["webhook_id"],
                "project_id": delivery["project_id"],
                "sealed": delivery["webhook_sealed"],
                "kek_version": delivery["webhook_kek_version"],
            }
        )
        return known if until is not None and until > now_ms() else known[:1]

    async def reseal_old(self) -> None:
        """Bring every secret under the newest master key."""
        for row in await self._store.sealed_otherwise(self._vault.version):
            columns = self._columns(self._all(row), row["id"], row["project_id"])
            await self._store.reseal(
                row, sealed=columns["sealed"], version=columns["kek_version"]
            )

    def _all(self, row: Mapping[Any, Any]) -> list[str]:
        secrets: list[str] = loads(self._vault.open(row))
        return secrets

    def _columns(
        self, secrets: list[str], webhook_id: str, project_id: str
    ) -> dict[str, Any]:
        sealed = self._vault.seal(
            dump_text(secrets), project_id=project_id, credential_id=webhook_id
        )
        return {"sealed": sealed, "kek_version": self._vault.version}
