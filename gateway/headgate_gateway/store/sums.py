"""What was used, summed up."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from headgate_gateway.clock import DAY_MS, HOUR_MS
from headgate_gateway.store.database import Database
from headgate_gateway.store.tables import keys, usage

_MOST_GROUPS = 1000
_COLUMNS = {
    "model": usage.c.model,
    "provider": usage.c.provider,
    "project": usage.c.project_id,
    "key": usage.c.key_id,
    "operation": usage.c.operation,
}
_LENGTHS = {"hour": HOUR_MS, "day": DAY_MS}


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFilter:
    """Which calls are summed up."""

    project_id: str | None = None
    key_id: str | None = None
    created_after: int | None = None
    created_before: int | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The filter as conditions on rows."""
        found: list[sa.ColumnElement[bool]] = []
        if self.project_id is not None:
            found.append(usage.c.project_id == self.project_id)
        if self.key_id is not None:
            found.append(usage.c.key_id == self.key_id)
        if self.created_after is not None:
            found.append(usage.c.created_at >= self.created_after)
        if self.created_before is not None:
            found.append(usage.c.created_at < self.created_before)
        return found


class UsageSums:
    """Reads usage; each sum has a value where it is one of several."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def totals(self, where: UsageFilter) -> Mapping[Any, Any]:
        """The sums over all calls."""
        (row,) = await self._rows(sa.select(*_sums()).where(*where.conditions()))
        return row

    async def groups(self, where: UsageFilter, *, by: str) -> list[Mapping[Any, Any]]:
        """The sums for each value of a column, the dearest first."""
        column = _COLUMNS[by]
        query = (
            sa.select(column.label("value"), *_sums())
            .where(*where.conditions())
            .group_by(column)
            .order_by(sa.desc("cost"), sa.desc("requests"), "value")
            .limit(_MOST_GROUPS)
        )
        return await self._rows(query)

    async def of_tag(self, where: UsageFilter, name: str) -> list[Mapping[Any, Any]]:
        """The sums for each value of a tag of keys, the dearest first.

        Keys share few sets of tags, which are added up here: each store looks into
        JSON in a way of its own.
        """
        query = (
            sa.select(keys.c.tags, *_sums())
            .select_from(usage.outerjoin(keys, usage.c.key_id == keys.c.id))
            .where(*where.conditions())
            .group_by(keys.c.tags)
        )
        found: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
        for row in await self._rows(query):
            tags: Mapping[str, str] = row["tags"] or {}
            found[tags.get(name)].update({each: row[each] for each in _SUMMED})
        groups: list[Mapping[Any, Any]] = [
            {"value": value, **sums} for value, sums in found.items()
        ]
        return sorted(groups, key=_place)[:_MOST_GROUPS]

    async def series(
        self, where: UsageFilter, *, by: Literal["hour", "day"]
    ) -> list[Mapping[Any, Any]]:
        """The sums for each hour or day (UTC) that has any, the latest last.

        A value is when it began, in milliseconds.
        """
        length = sa.literal(_LENGTHS[by], sa.BigInteger)
        start = (usage.c.created_at - usage.c.created_at % length).label("value")
        query = (
            sa.select(start, *_sums())
            .where(*where.conditions())
            .group_by(sa.text("value"))
            .order_by(sa.desc("value"))
            .limit(_MOST_GROUPS)
        )
        return (await self._rows(query))[::-1]

    async def _rows(self, query: sa.Select[Any]) -> list[Mapping[Any, Any]]:
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).mappings())


_ADDED = (
    usage.c.input_tokens,
    usage.c.output_tokens,
    usage.c.cache_read_tokens,
    usage.c.cost,
)
_SUMMED = ("requests", *(column.name for column in _ADDED))


def _sums() -> list[sa.ColumnElement[Any]]:
    def total(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
        summed = sa.func.coalesce(sa.func.sum(column), 0)
        return sa.cast(summed, sa.BigInteger).label(column.name)

    return [sa.func.count().label("requests"), *map(total, _ADDED)]


def _place(group: Mapping[str, Any]) -> tuple[int, int, str]:
    return -group["cost"], -group["requests"], group["value"] or ""
