"""What was used and spent, and what may still be spent; `sums` adds it up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from headgate_gateway.clock import DAY_MS, HOUR_MS, now_ms
from headgate_gateway.dispatch.breaker import Threshold
from headgate_gateway.dispatch.money import PERIODS, Period, dollars, time_of, units
from headgate_gateway.dispatch.terms import NO_TERMS, OwnBreakers, Terms
from headgate_gateway.ids import new_id
from headgate_gateway.store.bulk import AddUp, Delete, Insert, Part, Row
from headgate_gateway.store.database import Database
from headgate_gateway.store.happenings import spend_cap_exceeded
from headgate_gateway.store.outbox import write_down
from headgate_gateway.store.tables import keys, reservations, spend, usage

_LONGEST_CALL = 15 * 60_000
"""After so long, in milliseconds, a call that never told its end counts for nothing."""


class UsageRow(NamedTuple):
    """One answer of a model, paid for, as the store keeps it: JSON as text."""

    id: str
    project_id: str
    key_id: str | None
    request_id: str
    operation: str
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cost: int | None
    outcome: str
    created_at: int
    reservation: str | None
    """What was reserved for it; no column."""


_CALLS = Insert(usage, UsageRow._fields[:-1])
_SPEND = AddUp(
    spend, ("key_id", "time", "amount"), key=("key_id", "time"), sums=("amount",)
)
_RESERVATIONS = Delete(reservations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Whether a key may spend more."""

    reservation: str | None = None
    """None when the key has no caps, or when a cap is reached."""
    left: Mapping[Period, int]
    reached: Period | None = None
    limit: int = 0
    spent: int = 0


class UsageStore:
    """Reads and writes usage."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, rows: Sequence[UsageRow]) -> None:
        """Keep usage, add it to what is spent and give up what was reserved for it."""
        if not rows:
            return
        done = [(row.reservation,) for row in rows if row.reservation is not None]
        await self._database.write_rows(
            Part(_CALLS, [row[:-1] for row in rows]),
            Part(_SPEND, _added_up(rows)),
            Part(_RESERVATIONS, done),
        )

    async def admit(self, key_id: str, *, least: int) -> Admission:
        """Let a call through that spends at least so much, unless a cap is reached.

        The row of the key is held meanwhile: of two calls at once, in whatever process,
        the second sees what the first will spend.
        """
        now = now_ms()
        query = sa.select(keys.c.spend_caps, keys.c.project_id).where(
            keys.c.id == key_id
        )
        async with self._database.writing() as connection:
            found = (await connection.execute(query.with_for_update())).one_or_none()
            if found is None or not found.spend_caps:
                return Admission(left={})
            caps: dict[Period, str] = found.spend_caps
            project_id: str = found.project_id
            spent = await _spent(connection, key_id, caps, now)
            reserved = await _reserved(connection, key_id, now)
            left: dict[Period, int] = {}
            for period, limit in caps.items():
                allowed = units(Decimal(limit))
                left[period] = allowed - spent[period] - reserved
                if left[period] <= 0 or left[period] < least:
                    await write_down(
                        connection,
                        [
                            spend_cap_exceeded(
                                project_id=project_id,
                                key_id=key_id,
                                period=period,
                                time=time_of(period, now),
                                limit=float(dollars(allowed)),
                                spent=float(dollars(spent[period])),
                            )
                        ],
                    )
                    return Admission(
                        left=left, reached=period, limit=allowed, spent=spent[period]
                    )
            reservation = new_id("resv")
            await connection.execute(
                reservations.insert().values(
                    id=reservation,
                    key_id=key_id,
                    amount=least,
                    expires_at=now + _LONGEST_CALL,
                )
            )
        return Admission(reservation=reservation, left=left)

    async def caps(self, key_id: str) -> dict[Period, str] | None:
        """The caps of a key in dollars; None when there is no such key."""
        query = sa.select(keys.c.spend_caps).where(keys.c.id == key_id)
        rows = await self._database.rows(query)
        caps: dict[Period, str] | None = rows[0]["spend_caps"] if rows else None
        return caps

    async def terms(self, key_id: str) -> Terms:
        """What a key is held to."""
        query = sa.select(keys.c.spend_caps, keys.c.circuit_breaker).where(
            keys.c.id == key_id
        )
        rows = await self._database.rows(query)
        if not rows or not (rows[0]["spend_caps"] or rows[0]["circuit_breaker"]):
            return NO_TERMS
        return Terms(
            has_caps=bool(rows[0]["spend_caps"]),
            breakers=_own_breakers(key_id, rows[0]["circuit_breaker"]),
        )

    async def change_caps(self, key_id: str, period: Period, limit: str | None) -> bool:
        """Set or remove a cap; False when there is no such key, or cap to remove."""
        query = sa.select(keys.c.spend_caps).where(keys.c.id == key_id)
        async with self._database.writing() as connection:
            found = await connection.execute(query.with_for_update())
            caps: dict[Period, str] | None = found.scalar_one_or_none()
            if caps is None or (limit is None and period not in caps):
                return False
            kept = {name: caps[name] for name in PERIODS if name in caps}
            changed = {**kept, period: limit}
            await connection.execute(
                keys.update()
                .where(keys.c.id == key_id)
                .values(spend_caps={n: v for n, v in changed.items() if v is not None})
            )
        return True

    async def release(self, reservation: str) -> None:
        """Give up what was reserved for a call that spent nothing."""
        async with self._database.writing() as connection:
            await connection.execute(
                reservations.delete().where(reservations.c.id == reservation)
            )

    async def spent(
        self, key_id: str, periods: Mapping[Period, Any]
    ) -> Counter[Period]:
        """What was spent with a key in these periods as they are now."""
        async with self._database.reading() as connection:
            return await _spent(connection, key_id, periods, now_ms())

    async def of_key(self, key_id: str) -> dict[str, float]:
        """What a key has used this hour, day and month (UTC), for policies."""
        now = now_ms()
        hour = now // HOUR_MS * HOUR_MS
        day = now // DAY_MS * DAY_MS
        today = sa.and_(usage.c.key_id == key_id, usage.c.created_at >= day)
        in_hour = sa.case((usage.c.created_at >= hour, 1), else_=0)
        counts = sa.select(
            sa.func.count(), sa.func.coalesce(sa.func.sum(in_hour), 0)
        ).where(today)
        periods: Mapping[Period, None] = {"daily": None, "monthly": None}
        async with self._database.reading() as connection:
            requests_today, requests_this_hour = (
                await connection.execute(counts)
            ).one()
            spent = await _spent(connection, key_id, periods, now)
        return {
            "spend_today_usd": float(dollars(spent["daily"])),
            "spend_month_usd": float(dollars(spent["monthly"])),
            "requests_today": int(requests_today),
            "requests_this_hour": int(requests_this_hour),
        }

    async def forget_lost(self) -> None:
        """Delete what calls reserved that never told their end."""
        async with self._database.writing() as connection:
            await connection.execute(
                reservations.delete().where(reservations.c.expires_at <= now_ms())
            )


def _own_breakers(key_id: str, told: dict[str, Any] | None) -> OwnBreakers | None:
    if told is None:
        return None
    threshold = Threshold(
        failures=told["failure_threshold"],
        successes=told["success_threshold"],
        cooldown=told["cooldown_s"],
    )
    return OwnBreakers(key_id, threshold)


def _added_up(rows: Sequence[UsageRow]) -> list[Row]:
    """What calls add to the days, the months and the life of their keys.

    In one order everywhere: two processes must not wait for each other.
    """
    days: Counter[tuple[str, int]] = Counter()
    for row in rows:
        if row.key_id is not None and row.cost:
            days[row.key_id, row.created_at // DAY_MS] += row.cost
    added: Counter[tuple[str, str]] = Counter()
    for (key_id, day), cost in days.items():
        for period in PERIODS:
            added[key_id, time_of(period, day * DAY_MS)] += cost
    return [(key_id, time, amount) for (key_id, time), amount in sorted(added.items())]


async def _spent(
    connection: AsyncConnection, key_id: str, periods: Mapping[Period, Any], now: int
) -> Counter[Period]:
    times: dict[str, Period] = {time_of(period, now): period for period in periods}
    query = sa.select(spend.c.time, spend.c.amount).where(
        spend.c.key_id == key_id, spend.c.time.in_(times)
    )
    rows = await connection.execute(query)
    spent: Counter[Period] = Counter()
    for row in rows:
        spent[times[row.time]] = row.amount
    return spent


async def _reserved(connection: AsyncConnection, key_id: str, now: int) -> int:
    query = sa.select(sa.func.coalesce(sa.func.sum(reservations.c.amount), 0)).where(
        reservations.c.key_id == key_id, reservations.c.expires_at > now
    )
    return int((await connection.execute(query)).scalar_one())
