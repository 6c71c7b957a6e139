"""A slow reader whose next events are deleted gets an end, and no silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from headgate.contract import SseDecoder, StreamChecker
from headgate_gateway.clock import now_ms
from headgate_gateway.ids import new_id
from headgate_gateway.json import loads
from headgate_gateway.runs.follow import Followers
from headgate_gateway.runs.log import EventLog, numbered
from headgate_gateway.store.database import Database
from headgate_gateway.store.runs import Append, RunStore
from headgate_gateway.store.schema import migrate
from headgate_gateway.store.workspaces import WorkspaceStore
from headgate_gateway.streaming import Cut
from headgate_gateway.workspaces.follow import WorkspaceFollowers
from tests.gateway.client import STREAMS, run
from tests.gateway.test_recovery import new_run

SOON = 5
"""Seconds in which a reader gets its end; it used to wait for ever."""
MANY = 100
"""More events than a reader is given at a time."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'trimmed.sqlite3'}")
    await migrate(made)
    yield made
    await made.close()


def conversation() -> dict[str, Any]:
    """What a new workspace is made from."""
    return {
        "project_id": "proj",
        "client_id": None,
        "mode": "takeover",
        "model": "mock/echo",
        "system_prompt": None,
        "context": {},
        "metadata": {},
    }


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize("manager", [True, False])
async def test_a_workspace_whose_events_are_gone_ends_with_an_error(
    database: Database, *, wait: bool, manager: bool
):
    """What was read, then `events_expired` with the next number, in order."""
    store = WorkspaceStore(database)
    async with store.creating(conversation()) as change:
        for _ in range(MANY):
            await change.say("user", "Hello?")
    found = await store.get(change.row["id"])
    assert found is not None
    reader = WorkspaceFollowers(store).follow(
        found, after=0, manager=manager, wait=wait
    )
    read = await anext(reader)
    async with store.changing(found["id"], project_id="proj") as ending:
        await ending.end(None)
    await store.trim(ended_before=now_ms() + 1)

    async with asyncio.timeout(SOON):
        rest = b"".join([frames async for frames in reader])

    checker = StreamChecker(STREAMS["workspace"])
    frames = SseDecoder().feed(read + rest)
    for frame in frames:
        checker.feed(frame)
    assert checker.finish() == []
    assert loads(frames[-1].data)["error"]["code"] == "events_expired"


async def test_a_reader_at_the_end_of_a_trimmed_workspace_misses_nothing(
    database: Database,
):
    """Who has read all gets no error, whatever was deleted since."""
    store = WorkspaceStore(database)
    async with store.creating(conversation()) as change:
        await change.end(None)
    await store.trim(ended_before=now_ms() + 1)
    found = await store.get(change.row["id"])
    assert found is not None

    followers = WorkspaceFollowers(store)
    reader = followers.follow(found, after=2, manager=True, wait=True)

    assert [frames async for frames in reader] == []


@pytest.mark.parametrize("wait", [True, False])
async def test_a_run_whose_events_are_gone_breaks_off(
    database: Database, *, wait: bool
):
    """It did not fail, so no error says that it did: the next cursor gets 410."""
    store = RunStore(database, owner="here", window_ms=1000)
    run_id = new_id("run")
    await store.create(new_run(run_id, run("text")), None)
    events = tuple(
        numbered({"type": "step_start", "index": 0}, run_id=run_id, sequence=number)
        for number in range(1, MANY + 1)
    )
    over = {"status": "completed", "completed_at": now_ms(), "last_sequence": MANY}
    await store.append([Append(run_id, events, over)])
    reader = Followers(EventLog(store), store).follow(run_id, after=0, wait=wait)
    read = await anext(reader)
    await store.trim(completed_before=now_ms() + 1)

    with pytest.raises(Cut):
        async with asyncio.timeout(SOON):
            await anext(reader)

    assert 0 < len(read) < MANY
