"""The way of audit entries to a store that is slow, or takes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from headgate_gateway.audit import trail as module
from headgate_gateway.audit.entry import Entry
from headgate_gateway.audit.facts import Facts
from headgate_gateway.audit.trail import AuditTrail
from headgate_gateway.store.audit import AuditFilter, AuditRow, AuditStore
from headgate_gateway.store.database import Database
from headgate_gateway.store.paging import PageRequest
from headgate_gateway.store.schema import migrate


class SlowStore:
    """Takes entries when it is let, or breaks."""

    def __init__(self) -> None:
        self.taken: list[AuditRow] = []
        self.batches: list[int] = []
        self.asked = asyncio.Event()
        self.may = asyncio.Event()
        self.breaks = False

    async def append(self, entries: Sequence[AuditRow]) -> None:
        """Wait until it is let."""
        self.asked.set()
        if self.breaks:
            raise OSError
        await self.may.wait()
        self.taken += entries
        self.batches.append(len(entries))


def entry(number: int, facts: Facts | None = None) -> Entry:
    """What a request is remembered by."""
    return Entry(
        facts or Facts(),
        {},
        request_id=f"req_{number}",
        project_id="proj_1",
        key_id=None,
        operation="models.list",
        method="GET",
        path="/v1/models",
        status=200,
        span_id="b",
        latency_ms=0.5,
        created_at=number,
    )


@asynccontextmanager
async def filled(store: SlowStore) -> AsyncIterator[AuditTrail]:
    """A trail with as many entries as may wait, some of them being written."""
    trail = AuditTrail(cast("AuditStore", store))
    trail.start()
    for number in range(3):
        trail.add(entry(number))
    await store.asked.wait()
    yield trail
    store.breaks = False
    store.may.set()
    await trail.stop()


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 3)


async def test_callers_wait_for_a_slow_store():
    """Who comes when too much waits goes on when something was written."""
    store = SlowStore()
    async with filled(store) as trail:
        waits = asyncio.create_task(trail.room())
        await asyncio.sleep(0)
        assert not waits.done()

        store.may.set()
        await waits

    assert len(store.taken) == 3


async def test_a_store_that_breaks_holds_nobody_up():
    """The entries are kept and written when it is there again."""
    store = SlowStore()
    store.breaks = True
    async with filled(store) as trail:
        await trail.room()
        assert store.taken == []

    assert len(store.taken) == 3


async def test_what_rows_share_is_given_once_and_kept_for_each(tmp_path: Path):
    """Rows that differ here and there come back as they were given."""
    database = Database(f"sqlite:///{tmp_path / 'entries.sqlite3'}")
    await migrate(database)
    store = AuditStore(database)
    given = [
        entry(number)
        .row()
        ._replace(
            status=400 if number == 300 else 200,
            upstream="echo" if number > 600 else None,
        )
        for number in range(700)
    ]
    for start, end in ((0, 1), (1, 300), (300, 700)):
        await store.append(given[start:end])
    page = await store.page(
        PageRequest(limit=1000, order="asc"),
        AuditFilter(equal={"project_id": "proj_1"}),
    )
    await database.close()

    names = ("id", "request_id", "status", "upstream", "created_at")
    assert [tuple(row[name] for name in names) for row in page.rows] == [
        tuple(getattr(row, name) for name in names) for row in given
    ]


async def test_long_bodies_are_written_few_at_a_time():
    """So that what waits and what is written stay small, whatever callers send."""
    store = SlowStore()
    store.may.set()
    trail = AuditTrail(cast("AuditStore", store))
    for number in range(20):
        facts = Facts(keeps_bodies=True, redacts=True)
        facts.keep_request(b"a" * 2**16)
        facts.keep_response(b"me@example.com " * 2**12)
        trail.add(entry(number, facts))
    await trail.stop()

    assert len(store.taken) == 20
    assert max(store.batches) * 2**17 <= 2**20
    assert "example" not in str(store.taken)


async def test_each_row_gets_its_own_bodies():
    """Beside those whose key keeps none."""
    store = SlowStore()
    store.may.set()
    trail = AuditTrail(cast("AuditStore", store))
    for number in range(50):
        facts = Facts(keeps_bodies=number % 3 == 0)
        facts.keep_request(f"asked {number}".encode())
        facts.keep_response(f"told {number}".encode())
        trail.add(entry(number, facts))
    await trail.stop()

    assert [
        (row.request_id, row.request_body, row.response_body) for row in store.taken
    ] == [
        (f"req_{number}", f'"asked {number}"', f'"told {number}"')
        if number % 3 == 0
        else (f"req_{number}", None, None)
        for number in range(50)
    ]


async def test_what_comes_while_it_stops_is_written():
    """The last write does not leave behind what was added in the middle of it."""
    store = SlowStore()
    trail = AuditTrail(cast("AuditStore", store))
    trail.add(entry(0))
    stopping = asyncio.create_task(trail.stop())
    await store.asked.wait()
    trail.add(entry(1))
    store.may.set()
    await stopping

    assert [row.request_id for row in store.taken] == ["req_0", "req_1"]
