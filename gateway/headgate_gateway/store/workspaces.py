"""Workspaces, their messages and their events."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headgate_gateway.clock import now_ms
from headgate_gateway.errors import GatewayError
from headgate_gateway.ids import new_id
from headgate_gateway.store.database import Database
from headgate_gateway.store.paging import Page, PageRequest, read_page
from headgate_gateway.store.tables import (
    workspace_events,
    workspace_messages,
    workspaces,
)
from headgate_gateway.workspaces.change import Row, WorkspaceChange


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceFilter:
    """Which workspaces a list shows."""

    status: str | None = None
    mode: str | None = None
    client_id: str | None = None


class WorkspaceStore:
    """Reads and writes workspaces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def shared(self) -> bool:
        """Whether other processes may change workspaces too."""
        return not self._database.is_sqlite

    @asynccontextmanager
    async def creating(
        self, values: dict[str, Any]
    ) -> AsyncGenerator[WorkspaceChange, None]:
        """A new workspace; it is there when the block ends, and not if it raises."""
        now = now_ms()
        row: Row = {
            "id": new_id("ws"),
            "status": "active",
            "typing": None,
            "typing_count": 0,
            "last_sequence": 0,
            "last_client_sequence": 0,
            "trimmed": False,
            "created_at": now,
            "updated_at": now,
            "ended_at": None,
            **values,
        }
        async with self._database.writing() as connection:
            change = WorkspaceChange(connection, row)
            await change.begin()
            yield change
            await change.finish()

    @asynccontextmanager
    async def changing(
        self, workspace_id: str, *, project_id: str
    ) -> AsyncGenerator[WorkspaceChange, None]:
        """A change of a workspace, undone if the block raises; 404 without one."""
        query = sa.select(workspaces).where(
            workspaces.c.id == workspace_id, workspaces.c.project_id == project_id
        )
        async with self._database.writing() as connection:
            found = await connection.execute(query.with_for_update())
            row = found.mappings().one_or_none()
            if row is None:
                raise no_such_workspace()
            change = WorkspaceChange(connection, dict(row))
            yield change
            await change.finish()

    async def get(
        self, workspace_id: str, *, project_id: str | None = None
    ) -> sa.RowMapping | None:
        """The workspace; None also when it is another project's."""
        query = sa.select(workspaces).where(workspaces.c.id == workspace_id)
        if project_id is not None:
            query = query.where(workspaces.c.project_id == project_id)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().one_or_none()

    async def page(
        self, page: PageRequest, *, project_id: str, where: WorkspaceFilter
    ) -> Page:
        """One page of a project's workspaces."""
        query = sa.select(workspaces).where(workspaces.c.project_id == project_id)
        for name in ("status", "mode", "client_id"):
            wanted = getattr(where, name)
            if wanted is not None:
                query = query.where(workspaces.c[name] == wanted)
        async with self._database.reading() as connection:
            return await read_page(
                connection, query, id_column=workspaces.c.id, page=page
            )

    async def of_client(self, client_id: str, *, project_id: str) -> Row | None:
        """The client's newest active workspace, or else its newest."""
        query = (
            sa.select(workspaces)
            .where(
                workspaces.c.project_id == project_id,
                workspaces.c.client_id == client_id,
            )
            # "active" sorts before "ended".
            .order_by(workspaces.c.status, workspaces.c.id.desc())
            .limit(1)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else dict(row)

    async def messages(
        self, workspace_id: str, page: PageRequest, *, include_drafts: bool
    ) -> Page:
        """One page of a workspace's messages."""
        query = sa.select(workspace_messages).where(
            workspace_messages.c.workspace_id == workspace_id
        )
        if not include_drafts:
            query = query.where(workspace_messages.c.status == "sent")
        async with self._database.reading() as connection:
            return await read_page(
                connection, query, id_column=workspace_messages.c.id, page=page
            )

    async def newest_messages(self, workspace_id: str, limit: int) -> list[Row]:
        """The newest messages that everybody sees, oldest first."""
        newest = PageRequest(limit=limit, order="desc")
        page = await self.messages(workspace_id, newest, include_drafts=False)
        return [dict(row) for row in reversed(page.rows)]

    async def events(
        self, workspace_id: str, *, after: int, manager: bool, limit: int
    ) -> list[sa.RowMapping]:
        """An audience's events after its number ``after``; ``number`` is theirs."""
        column = (
            workspace_events.c.sequence
            if manager
            else workspace_events.c.client_sequence
        )
        query = (
            sa.select(workspace_events, column.label("number"))
            .where(workspace_events.c.workspace_id == workspace_id, column > after)
            .order_by(column)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).mappings())

    async def trim(self, *, ended_before: int) -> None:
        """Delete the events of conversations that ended before a time."""
        old = sa.and_(workspaces.c.ended_at < ended_before, ~workspaces.c.trimmed)
        ids = sa.select(workspaces.c.id).where(old)
        async with self._database.writing() as connection:
            await connection.execute(
                workspace_events.delete().where(
                    workspace_events.c.workspace_id.in_(ids)
                )
            )
            await connection.execute(
                workspaces.update().where(old).values(trimmed=True)
            )


def no_such_workspace() -> GatewayError:
    """The answer to an unknown workspace, and to another project's."""
    return GatewayError("not_found", "There is no such workspace.")
