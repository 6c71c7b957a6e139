"""Taking up the runs of a process that died or stopped, where it left them."""

import structlog

from headgate_gateway.clock import now_ms
from headgate_gateway.errors import GatewayError
from headgate_gateway.events import error_event
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.catalogue import Catalogue
from headgate_gateway.runs.engine import RunEngine
from headgate_gateway.runs.log import numbered
from headgate_gateway.runs.planning import plan_run
from headgate_gateway.runs.recovery import Recovered, recover
from headgate_gateway.store.instances import InstanceStore
from headgate_gateway.store.runs import Append, RunRow, RunStore

_log = structlog.get_logger("headgate_gateway.runs")


class Takeover:
    """Finds dead processes and carries on what they left."""

    def __init__(
        self,
        *,
        store: RunStore,
        instances: InstanceStore,
        engine: RunEngine,
        catalogue: Catalogue,
    ) -> None:
        self._store = store
        self._instances = instances
        self._engine = engine
        self._catalogue = catalogue

    async def bury_the_dead(self) -> None:
        """Take up the runs of every process whose lease ran out, and forget it."""
        for instance in await self._instances.dead():
            for run in await self._store.live_of(instance):
                await self._take_up(run)
            await self._instances.bury(instance)

    async def _take_up(self, run: RunRow) -> None:
        events = await self._store.all_events(run["id"])
        recovered = recover(run["request"]["request"], events)
        carried_ms = run["carried_ms"] + _at_work(run, recovered)
        if not await self._store.take_over(run, carried_ms=carried_ms, at=now_ms()):
            return
        _log.info("run_taken_up", run_id=run["id"], after=recovered.last_sequence)
        try:
            resolved = self._catalogue.resolve(run["model"])
        except GatewayError as error:
            await self._store.append([_closing(run, recovered, error)])
            return
        plan = plan_run(
            run["request"],
            run_id=run["id"],
            request_id=run["request_id"],
            resolved=resolved,
            tools=self._engine.tools,
            carried_ms=carried_ms,
        )
        self._engine.start(plan, recovered)


def _at_work(run: RunRow, recovered: Recovered) -> int:
    """How long the last process worked on the run, as far as its events show."""
    began: int | None = run["taken_up_at"] or run["started_at"]
    if began is None or recovered.last_event_at is None:
        return 0
    return max(recovered.last_event_at - began, 0)


def _closing(run: RunRow, recovered: Recovered, error: GatewayError) -> Append:
    """The end of a run that nobody can carry on."""
    body: JsonObject = error.as_object(run["request_id"])
    sequence = recovered.last_sequence + 1
    stored = numbered(error_event(body), run_id=run["id"], sequence=sequence)
    changes = {
        "status": "failed",
        "error": body,
        "completed_at": now_ms(),
        "last_sequence": sequence,
    }
    return Append(run["id"], (stored,), changes)
