"""How often and how many times at once a key is used, over all processes."""

from dataclasses import dataclass

import sqlalchemy as sa

from headgate_gateway.ids import new_id
from headgate_gateway.store.database import Database
from headgate_gateway.store.tables import in_flight, instances, keys, rate_buckets
from headgate_gateway.store.upserts import insert_into


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A token bucket, in whole numbers and therefore exact.

    A request is ``window_ms`` drops, of which ``requests`` flow in each millisecond.
    """

    requests: int
    window_ms: int

    def filled(self, level: int, elapsed_ms: int) -> int:
        """The level after a time."""
        return min(self.size, level + max(elapsed_ms, 0) * self.requests)

    @property
    def size(self) -> int:
        """The level of a full bucket."""
        return self.requests * self.window_ms

    def milliseconds(self, drops: int) -> int:
        """How long so many drops take to flow in."""
        return -(-max(drops, 0) // self.requests)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a bucket had for a request."""

    allowed: bool
    remaining: int
    """How many more requests there would be right now."""
    wait_ms: int
    """Until the next request would be allowed."""
    full_in_ms: int


class LimitStore:
    """Counts requests; while the store is away it raises, and nothing passes."""

    def __init__(self, database: Database, *, instance: str) -> None:
        self._database = database
        self._instance = instance

    async def take(self, key_id: str, bucket: Bucket, *, now: int) -> Taken:
        """Take a request out of a key's bucket, if it has one."""
        first = insert_into(rate_buckets, self._database.dialect).values(
            key_id=key_id, level=bucket.size, filled_at=now
        )
        query = sa.select(rate_buckets).where(rate_buckets.c.key_id == key_id)
        async with self._database.writing() as connection:
            await connection.execute(first.on_conflict_do_nothing())
            row = (await connection.execute(query.with_for_update())).mappings().one()
            level = bucket.filled(row["level"], now - row["filled_at"])
            allowed = level >= bucket.window_ms
            level -= bucket.window_ms if allowed else 0
            await connection.execute(
                rate_buckets.update()
                .where(rate_buckets.c.key_id == key_id)
                # Clocks differ: time that one process counted is not counted again.
                .values(level=level, filled_at=max(now, row["filled_at"]))
            )
        return Taken(
            allowed=allowed,
            remaining=level // bucket.window_ms,
            wait_ms=bucket.milliseconds(bucket.window_ms - level),
            full_in_ms=bucket.milliseconds(bucket.size - level),
        )

    async def enter(self, key_id: str, most: int) -> tuple[str | None, int]:
        """A place among the requests in flight, or None; and how many there are.

        Places of processes that died count for nothing.
        """
        alive = sa.select(instances.c.id)
        others = sa.and_(in_flight.c.key_id == key_id, in_flight.c.instance.in_(alive))
        async with self._database.writing() as connection:
            await connection.execute(
                sa.select(keys.c.id).where(keys.c.id == key_id).with_for_update()
            )
            counted = await connection.execute(
                sa.select(sa.func.count()).select_from(in_flight).where(others)
            )
            current = counted.scalar_one()
            if current >= most:
                return None, current
            place = new_id("place")
            await connection.execute(
                in_flight.insert().values(
                    id=place, key_id=key_id, instance=self._instance
                )
            )
            return place, current + 1

    async def leave(self, place: str) -> None:
        """Give a place up."""
        async with self._database.writing() as connection:
            await connection.execute(in_flight.delete().where(in_flight.c.id == place))

    async def current(self, key_id: str) -> int:
        """How many requests of a key are in flight."""
        alive = sa.select(instances.c.id)
        query = (
            sa.select(sa.func.count())
            .select_from(in_flight)
            .where(in_flight.c.key_id == key_id, in_flight.c.instance.in_(alive))
        )
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def level(self, key_id: str, bucket: Bucket, *, now: int) -> int:
        """How full a key's bucket is."""
        query = sa.select(rate_buckets).where(rate_buckets.c.key_id == key_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        if row is None:
            return bucket.size
        return bucket.filled(row["level"], now - row["filled_at"])

    async def forget_dead(self) -> None:
        """Delete the places of processes that are no more."""
        alive = sa.select(instances.c.id)
        async with self._database.writing() as connection:
            await connection.execute(
                in_flight.delete().where(in_flight.c.instance.not_in(alive))
            )
