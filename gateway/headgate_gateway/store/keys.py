"""Gateway keys and the hashes of their secrets; a secret itself is never kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.clock import now_ms
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject
from headgate_gateway.keys import Secret
from headgate_gateway.store.credentials import require_credential
from headgate_gateway.store.database import Database
from headgate_gateway.store.paging import Page, PageRequest
from headgate_gateway.store.rows import (
    delete_row,
    page_of,
    project_exists,
    row_of,
)
from headgate_gateway.store.tables import keys, secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretOwner:
    """Whose secret a hash is, and until when it is good."""

    kind: str
    digest: bytes | None = field(default=None, repr=False)
    """The hash; None for a secret of the settings."""
    key_id: str | None = None
    project_id: str | None = None
    status: str = "active"
    valid_until: int | None = None
    """Milliseconds since the epoch; None for ever."""
    allowed_models: list[str] | None = None
    scopes: tuple[str, ...] = ()
    allowed_services: list[str] | None = None
    upstream_url: str | None = None
    log_level: str = "metadata"
    credential_id: str | None = None
    rate_limit: tuple[int, int] | None = None
    """Requests, and the seconds that they are for."""
    max_concurrent: int | None = None


def new_key(
    *,
    name: str,
    project_id: str,
    secret: Secret,
    allowed_models: list[str] | None = None,
    allowed_services: list[str] | None = None,
    credential_id: str | None = None,
    scopes: Sequence[str] = (),
    upstream_url: str | None = None,
    log_level: str = "metadata",
    rate_limit: JsonObject | None = None,
    max_concurrent: int | None = None,
    circuit_breaker: JsonObject | None = None,
    tags: Mapping[str, str] | None = None,
    metadata: JsonObject | None = None,
    expires_at: int | None = None,
) -> dict[str, Any]:
    """The row of a key that is made now."""
    now = now_ms()
    return {
        "id": new_id("key"),
        "project_id": project_id,
        "name": name,
        "prefix": secret.prefix,
        "status": "active",
        "allowed_models": allowed_models,
        "allowed_services": allowed_services,
        "credential_id": credential_id,
        "scopes": list(scopes),
        "upstream_url": upstream_url,
        "log_level": log_level,
        "rate_limit": rate_limit,
        "max_concurrent": max_concurrent,
        "circuit_breaker": circuit_breaker,
        "tags": tags or {},
        "metadata": metadata or {},
        "created_at": now,
        "updated_at": now,
        "expires_at": expires_at,
    }


class KeyStore:
    """Reads and writes keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_secret(self, digest: bytes) -> SecretOwner | None:
        """Whose secret hashes to ``digest``."""
        return (await self.find_secrets([digest])).get(digest)

    async def find_secrets(self, digests: Sequence[bytes]) -> dict[bytes, SecretOwner]:
        """Whose secrets hash to these; what nobody has is left out."""
        return await self._owners(secrets.c.hash.in_(digests))

    async def find_key(self, key_id: str) -> SecretOwner | None:
        """The owner of a key's newest secret."""
        newest = sa.and_(secrets.c.key_id == key_id, secrets.c.valid_until.is_(None))
        return next(iter((await self._owners(newest)).values()), None)

    async def _owners(self, where: sa.ColumnElement[bool]) -> dict[bytes, SecretOwner]:
        query = (
            sa.select(
                secrets,
                keys.c.project_id,
                keys.c.status,
                keys.c.expires_at,
                keys.c.allowed_models,
                keys.c.scopes,
                keys.c.allowed_services,
                keys.c.upstream_url,
                keys.c.log_level,
                keys.c.credential_id,
                keys.c.rate_limit,
                keys.c.max_concurrent,
            )
            .join_from(secrets, keys, secrets.c.key_id == keys.c.id, isouter=True)
            .where(where)
        )
        rows = await self._database.rows(query)
        return {row["hash"]: _owner(row) for row in rows}

    async def add_admin_secret(self, digest: bytes) -> None:
        """Accept an admin secret from now on."""
        async with self._database.writing() as connection:
            await connection.execute(secrets.insert().values(hash=digest, kind="admin"))

    async def replace_admin_secrets(self, digest: bytes) -> bool:
        """Accept this admin secret and no other; False where there was none."""
        async with self._database.writing() as connection:
            is_admin = secrets.c.kind == "admin"
            gone = await connection.execute(secrets.delete().where(is_admin))
            if gone.rowcount:
                await connection.execute(
                    secrets.insert().values(hash=digest, kind="admin")
                )
            return bool(gone.rowcount)

    async def has_admin_secret(self) -> bool:
        """Whether any admin secret was ever made here."""
        query = sa.select(secrets.c.hash).where(secrets.c.kind == "admin").limit(1)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).first() is not None

    async def create(
        self, values: dict[str, Any], digest: bytes
    ) -> sa.RowMapping | None:
        """A new key with its first secret; None when its project does not exist."""
        async with self._database.writing() as connection:
            if not await project_exists(connection, values["project_id"]):
                return None
            await require_credential(
                connection, values["credential_id"], project_id=values["project_id"]
            )
            await connection.execute(keys.insert().values(values))
            await connection.execute(
                secrets.insert().values(hash=digest, kind="key", key_id=values["id"])
            )
            return await _one(connection, values["id"])

    async def get(self, key_id: str) -> sa.RowMapping | None:
        """The key, or None."""
        async with self._database.reading() as connection:
            return await row_of(connection, keys, key_id)

    async def page(
        self, page: PageRequest, *, project_id: str | None, status: str | None
    ) -> Page:
        """One page of keys, of one project or status when asked."""
        return await page_of(
            self._database, keys, page, project_id=project_id, status=status
        )

    async def update(
        self, key_id: str, changes: dict[str, Any]
    ) -> sa.RowMapping | None:
        """The key with ``changes`` made, or None when there is none."""
        async with self._database.writing() as connection:
            row = await row_of(connection, keys, key_id)
            if row is None or not changes:
                return row
            await require_credential(
                connection, changes.get("credential_id"), project_id=row["project_id"]
            )
            await connection.execute(
                keys.update().where(keys.c.id == key_id).values(**changes)
            )
            return await _one(connection, key_id)

    async def rotate(
        self, key_id: str, *, digest: bytes, prefix: str, old_valid_until: int
    ) -> sa.RowMapping | None:
        """The key with a new secret, the others good until ``old_valid_until``."""
        async with self._database.writing() as connection:
            changed = await connection.execute(
                keys.update().where(keys.c.id == key_id).values(prefix=prefix)
            )
            if not changed.rowcount:
                return None
            still_good = sa.or_(
                secrets.c.valid_until.is_(None), secrets.c.valid_until > old_valid_until
            )
            await connection.execute(
                secrets.update()
                .where(secrets.c.key_id == key_id, still_good)
                .values(valid_until=old_valid_until)
            )
            await connection.execute(
                secrets.insert().values(hash=digest, kind="key", key_id=key_id)
            )
            return await _one(connection, key_id)

    async def delete(self, key_id: str) -> bool:
        """Whether there was one to delete."""
        async with self._database.writing() as connection:
            await connection.execute(secrets.delete().where(secrets.c.key_id == key_id))
            return await delete_row(connection, keys, key_id)

    async def touch(self, key_ids: set[str]) -> None:
        """Remember that these keys were used just now."""
        async with self._database.writing() as connection:
            await connection.execute(
                keys.update()
                .where(keys.c.id.in_(key_ids))
                .values(last_used_at=now_ms())
            )


def _owner(row: sa.RowMapping) -> SecretOwner:
    limits = [
        row[name] for name in ("valid_until", "expires_at") if row[name] is not None
    ]
    return SecretOwner(
        kind=row["kind"],
        digest=row["hash"],
        key_id=row["key_id"],
        project_id=row["project_id"],
        status=row["status"] or "active",
        valid_until=min(limits, default=None),
        allowed_models=row["allowed_models"],
        scopes=tuple(row["scopes"] or ()),
        allowed_services=row["allowed_services"],
        upstream_url=row["upstream_url"],
        log_level=row["log_level"] or "metadata",
        credential_id=row["credential_id"],
        rate_limit=_pair(row["rate_limit"]),
        max_concurrent=row["max_concurrent"],
    )


async def _one(connection: AsyncConnection, key_id: str) -> sa.RowMapping:
    query = sa.select(keys).where(keys.c.id == key_id)
    return (await connection.execute(query)).mappings().one()


def _pair(limit: JsonObject | None) -> tuple[int, int] | None:
    return None if limit is None else (limit["requests"], limit["window_s"])
