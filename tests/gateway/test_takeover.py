"""Runs that are taken up: at most once, by one process, whatever state they are in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from headgate_gateway.clock import now_ms
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject, loads
from headgate_gateway.keys import Hasher
from headgate_gateway.runs.takeover import Takeover
from headgate_gateway.settings import Settings
from headgate_gateway.store.credentials import CredentialStore
from headgate_gateway.store.instances import InstanceStore
from headgate_gateway.store.runs import Append, RunStore, StoredEvent
from headgate_gateway.store.schema import migrate
from headgate_gateway.vault import Vault, load_master_keys
from tests.gateway.client import Client, breaches, message, run
from tests.gateway.test_recovery import Workshop, new_run, of_run
from tests.gateway_process import ADMIN_KEY, API_KEY, Gateway
from tests.mortal_gateway import MortalGateway

SEARCH = {"name": "web_search", "input": {"query": "tide"}}
TWICE = run(
    {"turns": [{"tools": [SEARCH]}, {"tools": [SEARCH]}, {"text": "Done."}]},
    server_tool_config={"web_search": {"max_uses": 1}},
)


class Successor(Workshop):
    """A run engine that takes up what the process "lost" left in the same store."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.lost = RunStore(self.database, owner="lost", window_ms=1000)
        self.instances = InstanceStore(
            self.database, instance=self.store.owner, lease_ms=60_000
        )
        self.takeover = Takeover(
            store=self.store,
            instances=self.instances,
            engine=self.engine,
            catalogue=self.catalogue,
            vault=Vault(
                CredentialStore(self.database),
                load_master_keys(Settings(), Hasher(b"pepper")),
                from_settings={},
            ),
        )

    async def leave(self, body: dict[str, Any], events: list[StoredEvent]) -> str:
        """The id of a run that its process left behind after these events."""
        run_id = new_id("run")
        await self.lost.create(new_run(run_id, body), None)
        if events:
            append = Append(run_id, of_run(run_id, events), {"started_at": now_ms()})
            await self.lost.append([append])
        return run_id

    async def take_up(self, run_id: str) -> dict[str, Any]:
        """Find the process dead; the run as it is when it is over."""
        dead = InstanceStore(self.database, instance="lost", lease_ms=-1)
        await dead.renew()
        await self.takeover.bury_the_dead()
        await self.engine.wait(run_id)
        row = await self.store.get(run_id)
        assert row is not None
        return dict(row)

    async def events(self, run_id: str) -> list[JsonObject]:
        """The events of a run."""
        return [loads(event.data) for event in await self.store.all_events(run_id)]


@pytest.fixture
async def successor(tmp_path: Path) -> AsyncIterator[Successor]:
    """A process that is about to find another one dead."""
    made = Successor(tmp_path)
    await migrate(made.database)
    made.log.start()
    yield made
    await made.log.stop()
    await made.database.close()


async def test_a_run_that_never_began_begins(successor: Successor):
    """A queued run without any event is carried out whole."""
    run_id = await successor.leave(run("text"), [])

    row = await successor.take_up(run_id)

    events = await successor.events(run_id)
    assert row["status"] == "completed"
    assert [events[0]["type"], events[-1]["type"]] == ["run_start", "run_complete"]


async def test_a_cancelled_run_stays_cancelled(successor: Successor):
    """What was to be cancelled when its process died asks no model any more."""
    whole = await successor.store.all_events(
        await successor.carry_out(run("research"), [])
    )
    run_id = await successor.leave(run("research"), whole[:10])
    await successor.lost.ask_to_cancel(run_id, "Enough.")

    row = await successor.take_up(run_id)

    types = [event["type"] for event in await successor.events(run_id)]
    assert row["status"] == "cancelled"
    assert types[10:] == ["run_complete"]


async def test_every_life_costs_time(successor: Successor):
    """A run that kills whoever carries it out does not do so for ever."""
    run_id = await successor.leave(run("text"), [])

    row = await successor.take_up(run_id)

    assert row["carried_ms"] == 500


async def test_uses_of_a_tool_count_over_processes(successor: Successor):
    """`max_uses` holds for the run, not for each process that carries it out."""
    whole = await successor.store.all_events(await successor.carry_out(TWICE, []))
    at = next(n for n, event in enumerate(whole) if event.type == "history_delta")
    run_id = await successor.leave(TWICE, whole[: at + 1])

    await successor.take_up(run_id)

    results = [e for e in await successor.events(run_id) if e["type"] == "tool_result"]
    codes = [(result["error"] or {}).get("code") for result in results]
    assert codes == [None, "rate_limit_exceeded"]


async def test_a_log_that_makes_no_sense_fails_its_run_alone(successor: Successor):
    """One run that cannot be understood does not keep the others from going on."""
    whole = await successor.store.all_events(
        await successor.carry_out(run("research"), [])
    )
    at = next(n for n, event in enumerate(whole) if event.type == "tool_result")
    unasked = StoredEvent(
        at, "tool_result", whole[at].data.replace('"id":"toolu', '"id":"other')
    )
    broken = await successor.leave(run("research"), [*whole[: at - 1], unasked])
    sound = await successor.leave(run("text"), [])

    rows = [await successor.take_up(broken), await successor.take_up(sound)]

    assert [row["status"] for row in rows] == ["failed", "completed"]
    assert rows[0]["error"]["code"] == "internal_error"
    assert (await successor.events(broken))[-1]["type"] == "error"


async def test_a_run_that_lost_its_store_is_taken_up_again(successor: Successor):
    """A run of our own that nobody carries out is noticed, and looked at twice."""
    run_id = new_id("run")
    await successor.store.create(new_run(run_id, run("text")), None)

    await successor.takeover.take_up_idle()
    begun_at_once = successor.engine.has(run_id)
    await successor.takeover.take_up_idle()
    begun = successor.engine.has(run_id)
    await successor.engine.wait(run_id)

    row = await successor.store.get(run_id)
    assert row is not None
    assert (begun_at_once, begun, row["status"]) == (False, True, "completed")


async def test_a_run_is_taken_up_without_its_callers_keys(successor: Successor):
    """A key is kept nowhere, so whoever takes the run up has none to send."""
    body = {"request": {**message(), "model": "openai/gpt-4o"}}
    run_id = await successor.leave(body, [])

    row = await successor.take_up(run_id)

    assert row["status"] == "failed"
    assert row["error"]["code"] == "provider_key_missing"


class Ledger:
    """A tool that writes, and notes whether the log knew of the call before."""

    name = "web_search"
    effect_class: Literal["write"] = "write"

    def __init__(self, store: RunStore) -> None:
        self.run_id = ""
        self.known: list[bool] = []
        self._store = store

    async def call(self, arguments: JsonObject, config: JsonObject) -> list[JsonObject]:
        """Look into the store."""
        events = await self._store.all_events(self.run_id)
        self.known.append(events[-1].type == "tool_call_start")
        return [{"type": "text", "text": "written"}]


async def test_a_call_that_writes_is_kept_before_it_is_made(successor: Successor):
    """Otherwise a process that dies in the call would leave no word of it."""
    ledger = Ledger(successor.store)
    tools: Any = successor.engine.tools
    tools["web_search"] = ledger
    body = run({"turns": [{"tools": [SEARCH]}, {"text": "Done."}]})
    ledger.run_id = await successor.leave(body, [])

    await successor.take_up(ledger.run_id)

    assert ledger.known == [True]


SPEAKING = run({"turns": [{"text": "word by word " * 8, "chunk": 2, "delay_ms": 50}]})


@pytest.fixture
def pair(
    tmp_path: Path, own_settings: dict[str, str]
) -> Iterator[tuple[MortalGateway, Client, Client]]:
    """One of two gateways on one store, a client of it, and one of the other."""
    shared = {
        "HEADGATE_GATEWAY_DATABASE_URL": f"sqlite:///{tmp_path / 'shared.sqlite3'}",
        **own_settings,
    }
    gateways = [MortalGateway(tmp_path, shared) for _ in range(2)]
    for gateway in gateways:
        gateway.start()
    here, there = (Client(Gateway(each.url, API_KEY, ADMIN_KEY)) for each in gateways)
    yield gateways[0], here, there
    here.close()
    there.close()
    for gateway in gateways:
        gateway.kill()


def test_a_living_process_keeps_its_runs(pair: tuple[MortalGateway, Client, Client]):
    """A run that takes longer than a lease is left to the process that lives."""
    _, here, there = pair
    queued = here.http.post("/v1/runs", json={**SPEAKING, "background": True})
    whole = there.follow(queued.json()["run"]["id"])

    assert whole.of("step_abandoned") == []
    assert breaches("run", whole, SPEAKING) == []


def test_a_run_goes_on_in_another_process(pair: tuple[MortalGateway, Client, Client]):
    """When one of two processes dies, the reader at the other sees the run end."""
    gateway, here, there = pair
    queued = here.http.post("/v1/runs", json={**SPEAKING, "background": True})
    run_id = queued.json()["run"]["id"]
    with there.frames("GET", f"/v1/runs/{run_id}/events") as frames:
        seen = [next(frames) for _ in range(8)]
        gateway.kill()
        seen += [frame for frame in frames if frame.type != "ping"]
    whole = there.follow(run_id)

    assert seen == whole.frames
    assert [event["reason"] for event in whole.of("step_abandoned")] == ["gateway_lost"]
    assert breaches("run", whole, SPEAKING) == []
