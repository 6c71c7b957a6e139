"""Answers that are given again to equal requests."""

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa

from headgate_gateway.clock import now_ms
from headgate_gateway.json import JsonObject
from headgate_gateway.store.database import Database
from headgate_gateway.store.tables import kept_answers
from headgate_gateway.store.upserts import insert_into

_PARTS = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer is kept: for whom, and the hash of the whole request."""

    scope: str
    request: bytes
    project_id: str

    @property
    def row(self) -> sa.ColumnElement[bool]:
        """The row of this place."""
        return sa.and_(
            kept_answers.c.scope == self.scope, kept_answers.c.request == self.request
        )


class CacheStore:
    """Keeps answers for a time, and no more than so many.

    Looks after each 64th part of them whether there are more, in each process.
    """

    def __init__(self, database: Database, *, most: int, most_bytes: int) -> None:
        self._database = database
        self._most = most
        self._most_bytes = most_bytes
        self._until_look = 0
        self.counts: Counter[str] = Counter()
        """How often this process found an answer, by what it told of that."""

    async def find(self, place: Place) -> tuple[JsonObject, bytes] | None:
        """The headers and the body kept there, unless their time is over."""
        query = sa.select(kept_answers.c.headers, kept_answers.c.body).where(
            place.row, kept_answers.c.expires_at > now_ms()
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else (row.headers, row.body)

    async def keep(
        self, place: Place, headers: JsonObject, body: bytes, *, until: int
    ) -> None:
        """Keep an answer, in place of an older one."""
        values = {
            "headers": headers,
            "body": body,
            "size": len(body),
            "expires_at": until,
        }
        inserted = insert_into(kept_answers, self._database.dialect).values(
            scope=place.scope,
            request=place.request,
            project_id=place.project_id,
            **values,
        )
        kept = inserted.on_conflict_do_update(
            index_elements=["scope", "request"], set_=values
        )
        async with self._database.writing() as connection:
            await connection.execute(kept)
            if self._until_look <= 0:
                self._until_look = self._most // _PARTS
                await connection.execute(self._excess())
            self._until_look -= 1

    def _excess(self) -> sa.Delete:
        """Forget the answers beyond the limits, of those that end first."""
        place = (kept_answers.c.scope, kept_answers.c.request)
        last_first = (kept_answers.c.expires_at.desc(), *place)
        ranked = sa.select(
            *place,
            sa.func.row_number().over(order_by=last_first).label("number"),
            sa.func.sum(kept_answers.c.size).over(order_by=last_first).label("bytes"),
        ).subquery()
        beyond = sa.select(ranked.c.scope, ranked.c.request).where(
            sa.or_(ranked.c.number > self._most, ranked.c.bytes > self._most_bytes)
        )
        return kept_answers.delete().where(sa.tuple_(*place).in_(beyond))

    async def flush(self, *, project_id: str | None) -> int:
        """Forget all answers, or a project's; gives how many there were."""
        forgotten = kept_answers.delete()
        if project_id is not None:
            forgotten = forgotten.where(kept_answers.c.project_id == project_id)
        async with self._database.writing() as connection:
            return (await connection.execute(forgotten)).rowcount

    async def size(self) -> tuple[int, int]:
        """How many answers are kept, and how many bytes."""
        query = sa.select(
            sa.func.count(), sa.func.coalesce(sa.func.sum(kept_answers.c.size), 0)
        ).where(kept_answers.c.expires_at > now_ms())
        async with self._database.reading() as connection:
            entries, size = (await connection.execute(query)).one()
        return int(entries), int(size)

    async def forget_expired(self) -> None:
        """Delete the answers whose time is over."""
        async with self._database.writing() as connection:
            await connection.execute(
                kept_answers.delete().where(kept_answers.c.expires_at <= now_ms())
            )
