"""The audit log and the sessions that its entries add up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject
from headgate_gateway.store.bulk import insert_all
from headgate_gateway.store.database import Database
from headgate_gateway.store.paging import Page, PageRequest, read_page
from headgate_gateway.store.tables import audit_logs, sessions
from headgate_gateway.store.upserts import insert_into

_EQUAL = (
    "project_id",
    "key_id",
    "session_id",
    "parent_span_id",
    "request_id",
    "agent_name",
    "model",
    "policy_result",
    "status",
)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries a list is of."""

    equal: dict[str, Any]
    """Columns and what they hold."""
    created_after: int | None = None
    created_before: int | None = None

    @classmethod
    def of(
        cls,
        parameters: dict[str, Any],
        *,
        created_after: int | None,
        created_before: int | None,
    ) -> "AuditFilter":
        """The filter that a request's parameters ask for."""
        equal = {name: parameters[name] for name in _EQUAL if name in parameters}
        return cls(equal, created_after, created_before)


class AuditStore:
    """Appends entries, reads them, forgets old ones."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, rows: Sequence[JsonObject]) -> None:
        """Keep entries and add them to their sessions, all or none."""
        added = _added_up(rows)
        async with self._database.writing() as connection:
            await insert_all(connection, audit_logs, rows)
            for session in added:
                await connection.execute(self._upsert(session))

    async def get(self, audit_id: str) -> sa.RowMapping | None:
        """The entry, or None."""
        query = sa.select(audit_logs).where(audit_logs.c.id == audit_id)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().one_or_none()

    async def page(self, page: PageRequest, where: AuditFilter) -> Page:
        """One page of entries."""
        query = sa.select(audit_logs)
        for name, value in where.equal.items():
            query = query.where(audit_logs.c[name] == value)
        if where.created_after is not None:
            query = query.where(audit_logs.c.created_at > where.created_after)
        if where.created_before is not None:
            query = query.where(audit_logs.c.created_at < where.created_before)
        async with self._database.reading() as connection:
            return await read_page(
                connection, query, id_column=audit_logs.c.id, page=page
            )

    @property
    def shared(self) -> bool:
        """Whether other processes append too."""
        return not self._database.is_sqlite

    async def newest_id(self, *, before: str | None) -> str | None:
        """The id of the last entry, or of the last one before an id."""
        query = sa.select(sa.func.max(audit_logs.c.id))
        if before is not None:
            query = query.where(audit_logs.c.id < before)
        async with self._database.reading() as connection:
            newest: str | None = (await connection.execute(query)).scalar_one()
            return newest

    async def behind(
        self, after: str | None, *, before: str | None, limit: int
    ) -> list[sa.RowMapping]:
        """The entries between two ids, in their order."""
        query = sa.select(audit_logs).order_by(audit_logs.c.id).limit(limit)
        if after is not None:
            query = query.where(audit_logs.c.id > after)
        if before is not None:
            query = query.where(audit_logs.c.id < before)
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).mappings())

    async def get_session(self, row_id: str) -> sa.RowMapping | None:
        """The session, or None."""
        query = sa.select(sessions).where(sessions.c.id == row_id)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().one_or_none()

    async def session_page(
        self, page: PageRequest, *, project_id: str | None, session_id: str | None
    ) -> Page:
        """One page of sessions, of one project or name when asked."""
        query = sa.select(sessions)
        if project_id is not None:
            query = query.where(sessions.c.project_id == project_id)
        if session_id is not None:
            query = query.where(sessions.c.session_id == session_id)
        async with self._database.reading() as connection:
            return await read_page(
                connection, query, id_column=sessions.c.id, page=page
            )

    async def trim(self, *, created_before: int) -> None:
        """Forget what is older."""
        async with self._database.writing() as connection:
            await connection.execute(
                audit_logs.delete().where(audit_logs.c.created_at < created_before)
            )
            await connection.execute(
                sessions.delete().where(sessions.c.last_seen_at < created_before)
            )

    def _upsert(self, session: JsonObject) -> Any:
        insert = insert_into(sessions, self._database.dialect).values(
            id=new_id("sess"), **session
        )
        sums = ("request_count", "error_count", "input_tokens", "output_tokens")
        return insert.on_conflict_do_update(
            index_elements=[sessions.c.project_id, sessions.c.session_id],
            set_={
                **{name: sessions.c[name] + insert.excluded[name] for name in sums},
                "agent_name": insert.excluded.agent_name,
                "last_seen_at": insert.excluded.last_seen_at,
            },
        )


def _added_up(rows: Sequence[JsonObject]) -> list[JsonObject]:
    """What entries add to their sessions, a row each, always in the same order."""
    found: dict[tuple[str, str], JsonObject] = {}
    for row in rows:
        if row["session_id"] is None:
            continue
        place = (row["project_id"], row["session_id"])
        session = found.setdefault(
            place,
            {
                "project_id": row["project_id"],
                "session_id": row["session_id"],
                "request_count": 0,
                "error_count": 0,
                "input_tokens": 0,
                "output_tokens": 0,
                "created_at": row["created_at"],
            },
        )
        session["request_count"] += 1
        session["error_count"] += row["status"] >= 400
        session["input_tokens"] += row["input_tokens"]
        session["output_tokens"] += row["output_tokens"]
        session["agent_name"] = row["agent_name"]
        session["last_seen_at"] = row["created_at"]
    return [found[place] for place in sorted(found)]
