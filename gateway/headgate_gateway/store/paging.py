"""Cursor pages over rows whose id sorts by age."""

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """What the caller asked of a list: cursors are ids and need not exist."""

    limit: int = 20
    after: str | None = None
    before: str | None = None
    order: Literal["asc", "desc"] = "desc"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, and whether more follow in the direction asked."""

    rows: list[sa.RowMapping]
    has_more: bool


async def read_page(
    connection: AsyncConnection,
    query: sa.Select[*tuple[Any, ...]],
    *,
    id_column: sa.Column[str],
    page: PageRequest,
) -> Page:
    """The page of ``query`` that lies after or before the cursor."""
    descending = page.order == "desc"
    backwards = page.before is not None and page.after is None
    if page.after is not None:
        query = query.where(_beyond(id_column, page.after, descending=descending))
    if page.before is not None:
        query = query.where(_beyond(id_column, page.before, descending=not descending))
    newest_first = descending != backwards
    query = query.order_by(id_column.desc() if newest_first else id_column.asc())
    result = await connection.execute(query.limit(page.limit + 1))
    rows = list(result.mappings())
    kept = rows[: page.limit]
    return Page(kept[::-1] if backwards else kept, len(rows) > page.limit)


def _beyond(
    id_column: sa.Column[str], cursor: str, *, descending: bool
) -> sa.ColumnElement[bool]:
    return id_column < cursor if descending else id_column > cursor
