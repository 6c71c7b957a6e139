"""Runs and their events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.store.database import Database
from headgate_gateway.store.happenings import run_ended
from headgate_gateway.store.idempotency import Claim, Earlier, claim_key
from headgate_gateway.store.outbox import write_down
from headgate_gateway.store.paging import Page, PageRequest, read_page
from headgate_gateway.store.tables import run_events, runs
from headgate_gateway.store.upserts import insert_into

RunRow: TypeAlias = sa.RowMapping
"""A row of ``runs``, with ``newest_sequence``."""

_ALL = 2**31 - 1

LIVE = ("queued", "running", "waiting_for_approval")
"""The statuses of a run that has not ended."""

_OVER = ("completed", "failed", "cancelled", "timed_out")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event of a run; ``data`` is the JSON text that every reader gets."""

    sequence: int
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class Append:
    """Events to add to a run, and what becomes true of the run with them."""

    run_id: str
    events: tuple[StoredEvent, ...]
    changes: dict[str, Any]

    def rows(self) -> Iterator[dict[str, Any]]:
        """The events as rows of their table."""
        for event in self.events:
            yield {
                "run_id": self.run_id,
                "sequence": event.sequence,
                "type": event.type,
                "data": event.data,
            }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs a list shows."""

    status: str | None = None
    session_id: str | None = None
    created_after: int | None = None
    created_before: int | None = None


class RunStore:
    """Reads and writes runs and their events."""

    def __init__(self, database: Database, *, owner: str, window_ms: int) -> None:
        self._database = database
        self._owner = owner
        self._window_ms = window_ms

    @property
    def owner(self) -> str:
        """The process that this store writes for."""
        return self._owner

    async def create(
        self, values: dict[str, Any], claim: Claim | None
    ) -> Earlier | None:
        """Insert a run; with ``claim``, only the first use of its key does so."""
        async with self._database.writing() as connection:
            if claim is not None:
                earlier = await claim_key(
                    connection,
                    claim,
                    owner=self._owner,
                    window_ms=self._window_ms,
                    run_id=values["id"],
                )
                if earlier is not None:
                    return earlier
            await connection.execute(
                runs.insert().values({**values, "owner": self._owner})
            )
            return None

    async def get(
        self, run_id: str, *, project_id: str | None = None
    ) -> sa.RowMapping | None:
        """The run and its newest sequence number; None also when it is another's."""
        query = _with_last_sequence().where(runs.c.id == run_id)
        if project_id is not None:
            query = query.where(runs.c.project_id == project_id)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).mappings().one_or_none()

    async def page(
        self, page: PageRequest, *, project_id: str, where: RunFilter
    ) -> Page:
        """One page of a project's runs."""
        query = _with_last_sequence().where(runs.c.project_id == project_id)
        if where.status is not None:
            query = query.where(runs.c.status == where.status)
        if where.session_id is not None:
            query = query.where(runs.c.session_id == where.session_id)
        if where.created_after is not None:
            query = query.where(runs.c.created_at > where.created_after)
        if where.created_before is not None:
            query = query.where(runs.c.created_at < where.created_before)
        async with self._database.reading() as connection:
            return await read_page(connection, query, id_column=runs.c.id, page=page)

    async def append(self, appends: Sequence[Append]) -> set[str]:
        """Commit several runs' events at once; doing so twice changes nothing.

        Gives the runs that are another process's by now, whose events were not taken.
        """
        async with self._database.writing() as connection:
            owned = await self._owned(connection, [item.run_id for item in appends])
            taken = [item for item in appends if item.run_id in owned]
            rows = [row for item in taken for row in item.rows()]
            if rows:
                insert = insert_into(
                    run_events, self._database.dialect
                ).on_conflict_do_nothing()
                await connection.execute(insert, rows)
            for item in taken:
                if item.changes:
                    mine = runs.c.id == item.run_id
                    await connection.execute(
                        runs.update().where(mine).values(item.changes)
                    )
            await _tell_of_ends(connection, taken)
        return {item.run_id for item in appends} - owned

    async def _owned(self, connection: AsyncConnection, ids: list[str]) -> set[str]:
        """Which of these runs are ours, and stay so until the transaction ends."""
        query = sa.select(runs.c.id).where(
            runs.c.id.in_(ids), runs.c.owner == self._owner
        )
        found = await connection.execute(query.with_for_update(read=True))
        return set(found.scalars())

    async def take_over(self, run: RunRow, *, at: int) -> bool:
        """Whether the run is ours now; no, when another process was faster.

        From then on its last process cannot write to it any more.
        """
        unchanged = sa.and_(
            runs.c.id == run["id"],
            runs.c.owner == run["owner"],
            runs.c.status.in_(LIVE),
        )
        changes = {"owner": self._owner, "taken_up_at": at}
        async with self._database.writing() as connection:
            taken = await connection.execute(
                runs.update().where(unchanged).values(changes)
            )
            return taken.rowcount > 0

    async def all_events(self, run_id: str) -> list[StoredEvent]:
        """Every committed event of a run."""
        return await self.events(run_id, after=0, limit=_ALL)

    async def events(
        self, run_id: str, *, after: int, limit: int = 256
    ) -> list[StoredEvent]:
        """The committed events that follow sequence number ``after``, in order."""
        query = (
            sa.select(run_events.c.sequence, run_events.c.type, run_events.c.data)
            .where(run_events.c.run_id == run_id, run_events.c.sequence > after)
            .order_by(run_events.c.sequence)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            rows = await connection.execute(query)
            return [StoredEvent(row.sequence, row.type, row.data) for row in rows]

    async def ask_to_cancel(self, run_id: str, reason: str) -> None:
        """Leave word for the process that runs it."""
        asked = sa.and_(runs.c.id == run_id, runs.c.cancel_reason.is_(None))
        async with self._database.writing() as connection:
            await connection.execute(
                runs.update().where(asked).values(cancel_reason=reason)
            )

    async def asked_to_cancel(self) -> list[tuple[str, str]]:
        """Live runs of this process that another was asked to cancel, with reasons."""
        query = sa.select(runs.c.id, runs.c.cancel_reason).where(
            runs.c.owner == self._owner,
            runs.c.status.in_(LIVE),
            runs.c.cancel_reason.is_not(None),
        )
        rows = await self._database.rows(query)
        return [(row["id"], row["cancel_reason"]) for row in rows]

    async def live_of(self, owner: str) -> list[sa.RowMapping]:
        """The runs that a process left unfinished."""
        query = _with_last_sequence().where(
            runs.c.owner == owner, runs.c.status.in_(LIVE)
        )
        return list(await self._database.rows(query))

    async def trim(self, *, completed_before: int) -> None:
        """Delete the events of runs that ended before a time."""
        old = sa.and_(
            runs.c.completed_at < completed_before,
            runs.c.trimmed_through < runs.c.last_sequence,
        )
        async with self._database.writing() as connection:
            ids = list(
                (await connection.execute(sa.select(runs.c.id).where(old))).scalars()
            )
            for run_id in ids:
                await connection.execute(
                    run_events.delete().where(run_events.c.run_id == run_id)
                )
                await connection.execute(
                    runs.update()
                    .where(runs.c.id == run_id)
                    .values(trimmed_through=runs.c.last_sequence)
                )


async def _tell_of_ends(connection: AsyncConnection, taken: Sequence[Append]) -> None:
    over = [item.run_id for item in taken if item.changes.get("status", "") in _OVER]
    if over:
        found = await connection.execute(sa.select(runs).where(runs.c.id.in_(over)))
        await write_down(connection, [run_ended(row) for row in found.mappings()])


def _with_last_sequence() -> sa.Select[*tuple[Any, ...]]:
    newest = (
        sa.select(sa.func.max(run_events.c.sequence))
        .where(run_events.c.run_id == runs.c.id)
        .scalar_subquery()
    )
    return sa.select(
        runs, sa.func.coalesce(newest, runs.c.last_sequence).label("newest_sequence")
    )


def ended(row: sa.RowMapping) -> bool:
    """Whether the run is over."""
    return row["status"] not in LIVE
