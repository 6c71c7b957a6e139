"""Policies, their versions, and how often limited requests were made."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.clock import rfc3339
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject
from headgate_gateway.store.database import Database
from headgate_gateway.store.paging import Page, PageRequest
from headgate_gateway.store.rows import (
    delete_row,
    page_of,
    project_exists,
    refuse_taken,
    row_of,
)
from headgate_gateway.store.tables import (
    policies,
    policy_counters,
    policy_versions,
)
from headgate_gateway.store.upserts import insert_into


class PolicyStore:
    """Reads and writes policies; every change of one is a version."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, values: dict[str, Any]) -> sa.RowMapping | None:
        """A new policy; None without its project, 409 when the name is taken."""
        async with self._database.writing() as connection:
            project_id: str = values["project_id"]
            if not await project_exists(connection, project_id):
                return None
            await refuse_taken(
                connection,
                policies,
                values["name"],
                project_id=project_id,
                except_id="",
            )
            await connection.execute(policies.insert().values(values))
            return await _versioned(connection, values["id"])

    async def get(self, policy_id: str) -> sa.RowMapping | None:
        """The policy, or None."""
        async with self._database.reading() as connection:
            return await row_of(connection, policies, policy_id)

    async def page(self, page: PageRequest, *, project_id: str | None) -> Page:
        """One page of policies, of one project when asked."""
        return await page_of(self._database, policies, page, project_id=project_id)

    async def of_project(self, project_id: str) -> list[sa.RowMapping]:
        """All policies of a project, the oldest first."""
        query = (
            sa.select(policies)
            .where(policies.c.project_id == project_id)
            .order_by(policies.c.id)
        )
        return list(await self._database.rows(query))

    async def change(
        self, policy_id: str, changes: dict[str, Any]
    ) -> sa.RowMapping | None:
        """The policy with ``changes`` made, as a new version."""
        async with self._database.writing() as connection:
            row = await row_of(connection, policies, policy_id)
            if row is None:
                return None
            if "name" in changes:
                await refuse_taken(
                    connection,
                    policies,
                    changes["name"],
                    project_id=row["project_id"],
                    except_id=policy_id,
                )
            await connection.execute(
                policies.update()
                .where(policies.c.id == policy_id)
                .values(**changes, version=policies.c.version + 1)
            )
            return await _versioned(connection, policy_id)

    async def delete(self, policy_id: str) -> bool:
        """Whether there was one to delete."""
        async with self._database.writing() as connection:
            for table in (policy_versions, policy_counters):
                await connection.execute(
                    table.delete().where(table.c.policy_id == policy_id)
                )
            return await delete_row(connection, policies, policy_id)

    async def versions(self, page: PageRequest, *, policy_id: str) -> Page:
        """One page of the versions of a policy."""
        return await page_of(self._database, policy_versions, page, policy_id=policy_id)

    async def count(
        self, policy_id: str, *, rule: str, subject: str, window_start: int
    ) -> int:
        """How many requests were made in a window, this one included."""
        place = (
            policy_counters.c.policy_id,
            policy_counters.c.rule,
            policy_counters.c.subject,
            policy_counters.c.window_start,
        )
        insert = insert_into(policy_counters, self._database.dialect).values(
            policy_id=policy_id,
            rule=rule,
            subject=subject,
            window_start=window_start,
            requests=1,
        )
        upsert = insert.on_conflict_do_update(
            index_elements=list(place),
            set_={"requests": policy_counters.c.requests + 1},
        ).returning(policy_counters.c.requests)
        async with self._database.writing() as connection:
            counted: int = (await connection.execute(upsert)).scalar_one()
            return counted

    async def forget_windows(self, *, before: int) -> None:
        """Forget the counts of windows that began before a time."""
        async with self._database.writing() as connection:
            old = policy_counters.c.window_start < before
            await connection.execute(policy_counters.delete().where(old))


def policy_object(row: sa.RowMapping) -> JsonObject:
    """A policy as the wire shows it."""
    return {
        "id": row["id"],
        "object": "policy",
        "name": row["name"],
        "project_id": row["project_id"],
        "mode": row["mode"],
        "phase": row["phase"],
        "scope": row["scope"],
        "rules": row["rules"],
        "version": row["version"],
        "created_at": rfc3339(row["created_at"]),
        "updated_at": rfc3339(row["updated_at"]),
    }


async def _versioned(connection: AsyncConnection, policy_id: str) -> sa.RowMapping:
    """The policy as it is now, which is kept as a version."""
    row = await row_of(connection, policies, policy_id)
    if row is None:
        raise LookupError(policy_id)
    await connection.execute(
        policy_versions.insert().values(
            id=new_id("polv"),
            policy_id=policy_id,
            version=row["version"],
            policy=policy_object(row),
            created_at=row["updated_at"],
        )
    )
    return row
