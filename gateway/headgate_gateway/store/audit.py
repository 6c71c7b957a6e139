"""The audit log and the sessions that its entries add up to."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from headgate_gateway.ids import id_at, new_id
from headgate_gateway.store.bulk import AddUp, Insert, Part, Row
from headgate_gateway.store.database import Database
from headgate_gateway.store.paging import Page, PageRequest, read_page
from headgate_gateway.store.tables import audit_logs, sessions


class AuditRow(NamedTuple):
    """An entry as the store keeps it: JSON as text, and None where there is nothing."""

    id: str
    request_id: str
    project_id: str
    key_id: str | None
    operation: str
    method: str
    path: str
    status: int
    error_code: str | None
    upstream: str | None
    model: str | None
    provider: str | None
    policy_result: str
    policy_id: str | None
    shadow_violations: str
    approval_id: str | None
    tags: str
    agent_name: str | None
    user_id: str | None
    tenant_id: str | None
    session_id: str | None
    span_id: str
    parent_span_id: str | None
    properties: str
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    latency_ms: float
    is_streaming: bool
    finish_reason: str | None
    tool_calls: str
    created_at: int
    fields_redacted: str
    request_body: str | None
    response_body: str | None


_ENTRIES = Insert(audit_logs, AuditRow._fields)
_SESSIONS = AddUp(
    sessions,
    (
        "id",
        "project_id",
        "session_id",
        "request_count",
        "error_count",
        "input_tokens",
        "output_tokens",
        "agent_name",
        "created_at",
        "last_seen_at",
    ),
    key=("project_id", "session_id"),
    sums=("request_count", "error_count", "input_tokens", "output_tokens"),
    latest=("agent_name", "last_seen_at"),
)
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

    async def append(self, rows: Sequence[AuditRow]) -> None:
        """Keep entries and add them to their sessions, all or none."""
        await self._database.write_rows(
            Part(_ENTRIES, rows), Part(_SESSIONS, _added_up(rows))
        )

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
            # An entry gets its id when its request is over.
            first = id_at("aud", where.created_after)
            query = query.where(
                audit_logs.c.id >= first,
                audit_logs.c.created_at > where.created_after,
            )
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
                audit_logs.delete().where(
                    audit_logs.c.id < id_at("aud", created_before)
                )
            )
            await connection.execute(
                sessions.delete().where(sessions.c.last_seen_at < created_before)
            )


def _added_up(rows: Sequence[AuditRow]) -> list[Row]:
    """What entries add to their sessions, a row each, always in the same order."""
    found: defaultdict[tuple[str, str], list[AuditRow]] = defaultdict(list)
    for row in rows:
        if row.session_id is not None:
            found[row.project_id, row.session_id].append(row)
    return [
        (
            new_id("sess"),
            project_id,
            session_id,
            len(entries),
            sum(entry.status >= 400 for entry in entries),
            sum(entry.input_tokens for entry in entries),
            sum(entry.output_tokens for entry in entries),
            entries[-1].agent_name,
            entries[0].created_at,
            entries[-1].created_at,
        )
        for (project_id, session_id), entries in sorted(found.items())
    ]
