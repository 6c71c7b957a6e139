"""A run whose process is lost goes on where it stands, from every point there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from headgate.contract import SseDecoder, check_body
from headgate.contract.invariants import Recording, result_equals_answer
from headgate_gateway.clock import now_ms
from headgate_gateway.dispatch.breaker import Threshold
from headgate_gateway.dispatch.dispatcher import Dispatcher
from headgate_gateway.dispatch.meter import Meter
from headgate_gateway.dispatch.payer import Payer
from headgate_gateway.dispatch.upstreams import Upstreams
from headgate_gateway.events import usage_of
from headgate_gateway.ids import new_id
from headgate_gateway.metrics import Metrics
from headgate_gateway.outbound.guard import AddressGuard, networks
from headgate_gateway.providers.catalogue import Catalogue
from headgate_gateway.providers.http import UpstreamClient
from headgate_gateway.providers.manifest import load_manifests
from headgate_gateway.providers.mock import MockProvider
from headgate_gateway.providers.upstream import UpstreamProvider
from headgate_gateway.runs.engine import RunEngine
from headgate_gateway.runs.log import EventLog
from headgate_gateway.runs.planning import plan_run
from headgate_gateway.runs.recovery import recover
from headgate_gateway.starts import Starts
from headgate_gateway.store.database import Database
from headgate_gateway.store.runs import Append, RunStore, StoredEvent
from headgate_gateway.store.schema import migrate
from headgate_gateway.store.usage import UsageStore
from headgate_gateway.streaming import run_frame
from headgate_gateway.tools.toolbox import offline_tools
from tests.gateway.client import STREAMS, run

SEARCH = {"name": "web_search", "input": {"query": "tide"}}
BODIES: dict[str, dict[str, Any]] = {
    "research": run("research"),
    "one tool at a time": run("research", run={"parallel_tools": False}),
    "max_turns": run("endless_tools", run={"max_turns": 3}),
    "max_tool_calls": run("endless_tools", run={"max_tool_calls": 2}),
    "max_tool_calls at once": run("research", run={"max_tool_calls": 1}),
    "refusal": run("refusal"),
    "failing tools": run(
        {
            "turns": [
                {"tools": [SEARCH, {"name": "nothing", "input": {}}]},
                {"text": "!"},
            ]
        }
    ),
}


def elsewhere() -> UpstreamProvider:
    """A provider that is called over HTTP, at a port where nobody listens."""
    manifests = load_manifests({"openai": "http://127.0.0.1:9"})
    openai = next(manifest for manifest in manifests if manifest.id == "openai")
    guard = AddressGuard(networks("127.0.0.0/8"))
    return UpstreamProvider(openai, UpstreamClient(guard))


NEVER = Threshold(failures=0, successes=1, cooldown=0)


class Workshop:
    """A run engine over a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder / 'workshop.sqlite3'}")
        self.store = RunStore(self.database, owner="workshop", window_ms=1000)
        self.log = EventLog(self.store)
        self.catalogue = Catalogue([MockProvider(), elsewhere()], upstream_idle=10)
        usage = UsageStore(self.database)
        dispatcher = Dispatcher(
            self.catalogue,
            usage,
            Meter(usage),
            upstreams=Upstreams(NEVER),
            starts=Starts(),
        )
        self.engine = RunEngine(
            log=self.log,
            store=self.store,
            dispatcher=dispatcher,
            tools=offline_tools(),
            metrics=Metrics(),
        )

    async def carry_out(
        self, body: dict[str, Any], before: list[StoredEvent], *, carried_ms: int = 0
    ) -> str:
        """The id of a run that went on after these events and is over."""
        run_id = new_id("run")
        await self.store.create(new_run(run_id, body), None)
        if before:
            await self.store.append([Append(run_id, of_run(run_id, before), {})])
        plan = plan_run(
            body,
            run_id=run_id,
            payer=Payer(
                request_id="req", operation="runs.create", project_id="p", key_id=None
            ),
            resolved=self.catalogue.resolve("mock/script"),
            tools=self.engine.tools,
            carried_ms=carried_ms,
        )
        kept = await self.store.all_events(run_id)
        self.engine.start(plan, recover(body["request"], kept))
        await self.engine.wait(run_id)
        return run_id


def new_run(run_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": run_id,
        "project_id": "proj",
        "request_id": "req",
        "status": "queued",
        "model": body["request"]["model"],
        "metadata": {},
        "request": body,
        "created_at": now_ms(),
        "usage": usage_of(0, 0),
        "turn_count": 0,
        "tool_call_count": 0,
        "carried_ms": 0,
        "last_sequence": 0,
        "trimmed_through": 0,
    }


def of_run(run_id: str, events: list[StoredEvent]) -> tuple[StoredEvent, ...]:
    """The events of another run as if they were this one's."""
    return tuple(
        StoredEvent(
            event.sequence,
            event.type,
            event.data.replace(event.data.split('"run_id":"')[1][:30], run_id, 1),
        )
        for event in events
    )


@pytest.fixture
async def workshop(tmp_path: Path) -> AsyncIterator[Workshop]:
    """A run engine at work."""
    made = Workshop(tmp_path)
    await migrate(made.database)
    made.log.start()
    yield made
    await made.log.stop()
    await made.database.close()


def body_of(events: list[StoredEvent]) -> bytes:
    return b"".join(map(run_frame, events))


def recording_of(events: list[StoredEvent]) -> Recording:
    return Recording(STREAMS["run"], tuple(SseDecoder().feed(body_of(events))))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_run_goes_on_from_every_point(workshop: Workshop, body: dict[str, Any]):
    """After any number of its events, what follows keeps every rule and the result."""
    first = await workshop.carry_out(body, [])
    whole = await workshop.store.all_events(first)
    row = await workshop.store.get(first)
    assert row is not None

    for cut in range(len(whole)):
        if cut and whole[cut - 1].type == "step_complete":
            continue  # committed with the history_delta that follows, or not at all
        run_id = await workshop.carry_out(body, whole[:cut])
        events = await workshop.store.all_events(run_id)
        again = await workshop.store.get(run_id)

        assert check_body(STREAMS["run"], body_of(events), request=body) == []
        assert result_equals_answer(recording_of(events), row["result"]) == []
        assert again is not None
        assert again["status"] == row["status"] == "completed"
        assert again["tool_call_count"] == row["tool_call_count"]


async def test_answered_tools_keep_their_answers(workshop: Workshop):
    """A tool that was answered is not called again; one in flight is."""
    first = await workshop.carry_out(BODIES["research"], [])
    whole = await workshop.store.all_events(first)
    at = next(n for n, event in enumerate(whole) if event.type == "tool_result")

    run_id = await workshop.carry_out(BODIES["research"], whole[: at + 1])

    types = [event.type for event in await workshop.store.all_events(run_id)]
    assert types.count("tool_call_start") == 2
    assert types.count("tool_result") == 2
    assert "step_abandoned" not in types


async def test_an_answer_cut_short_is_asked_for_anew(workshop: Workshop):
    """An incomplete answer is abandoned, and its step begins again."""
    first = await workshop.carry_out(BODIES["research"], [])
    whole = await workshop.store.all_events(first)

    run_id = await workshop.carry_out(BODIES["research"], whole[:10])

    types = [event.type for event in await workshop.store.all_events(run_id)]
    assert types[10:12] == ["step_abandoned", "step_start"]
    assert types.count("step_abandoned") == 1


async def test_a_tool_that_writes_is_not_repeated(workshop: Workshop):
    """A call in flight that may have changed something is answered as interrupted."""
    search = workshop.engine.tools["web_search"]
    search.effect_class = "write"
    first = await workshop.carry_out(BODIES["max_turns"], [])
    whole = await workshop.store.all_events(first)
    at = next(n for n, event in enumerate(whole) if event.type == "tool_call_start")

    run_id = await workshop.carry_out(BODIES["max_turns"], whole[: at + 1])

    events = recording_of(await workshop.store.all_events(run_id)).events()
    results = [event for event in events if event["type"] == "tool_result"]
    codes = [(result["error"] or {}).get("code") for result in results]
    assert codes == ["interrupted", None, None]


async def test_used_up_time_stays_used_up(workshop: Workshop):
    """The time limit counts what earlier processes took."""
    body = run({"turns": [{"text": "slow", "delay_ms": 300}]})

    run_id = await workshop.carry_out(body, [], carried_ms=60_000)

    row = await workshop.store.get(run_id)
    assert row is not None
    assert row["status"] == "timed_out"


async def test_a_process_that_lost_a_run_writes_no_more(workshop: Workshop):
    """Events of a run that another process took up are not taken."""
    run_id = new_id("run")
    await workshop.store.create(new_run(run_id, BODIES["refusal"]), None)
    row = await workshop.store.get(run_id)
    assert row is not None
    thief = RunStore(workshop.database, owner="thief", window_ms=1000)
    taken = await thief.take_over(row, at=now_ms())
    before = await workshop.store.all_events(run_id)

    late = StoredEvent(len(before) + 1, "step_start", "{}")
    lost = await workshop.store.append([Append(run_id, (late,), {})])

    assert taken
    assert lost == {run_id}
    assert await workshop.store.all_events(run_id) == before
    assert not await workshop.store.take_over(row, at=now_ms())
