"""Taking up the runs of a process that died or stopped, where it left them."""

from dataclasses import replace
from functools import partial

import structlog

from headgate_gateway.clock import now_ms
from headgate_gateway.dispatch.payer import Payer
from headgate_gateway.errors import GatewayError
from headgate_gateway.events import error_event
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.catalogue import Catalogue
from headgate_gateway.providers.keys import ProviderKeys
from headgate_gateway.runs.engine import RunEngine
from headgate_gateway.runs.log import numbered
from headgate_gateway.runs.planning import plan_run
from headgate_gateway.runs.recovery import Recovered, recover
from headgate_gateway.store.instances import InstanceStore
from headgate_gateway.store.runs import Append, RunRow, RunStore
from headgate_gateway.vault import Vault

_LEAST_AT_WORK = 500
"""What every life costs a run of its time, in milliseconds.

So that a run which brings down every process that takes it up comes to its time-out.
"""

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
        vault: Vault,
    ) -> None:
        self._store = store
        self._instances = instances
        self._engine = engine
        self._catalogue = catalogue
        self._vault = vault
        self._idle: set[str] = set()
        """Our runs that nobody carried out when we last looked."""

    async def bury_the_dead(self) -> None:
        """Take up the runs of every process whose lease ran out, and forget it."""
        for instance in await self._instances.dead():
            for run in await self._store.live_of(instance):
                await self._take_up(run)
            await self._instances.bury(instance)

    async def take_up_idle(self) -> None:
        """Take up our own runs that stopped because the store was away.

        A run that is about to begin or has just ended looks the same for a moment, so
        it is looked at twice.
        """
        mine = await self._store.live_of(self._store.owner)
        idle = {run["id"]: run for run in mine if not self._engine.has(run["id"])}
        for run_id in idle.keys() & self._idle:
            await self._take_up(idle[run_id])
        self._idle = idle.keys() - self._idle

    async def _take_up(self, run: RunRow) -> None:
        """Make the run ours and go on with it; one that breaks us fails by itself."""
        # Ours first and read then: what its last process wrote until now is all there.
        if not await self._store.take_over(run, at=now_ms()):
            return
        _log.info("run_taken_up", run_id=run["id"])
        try:
            await self._go_on(run)
        except GatewayError as error:
            await self._close(run, error)
        except (ValueError, LookupError, TypeError):
            _log.exception("run_not_understood", run_id=run["id"])
            await self._close(
                run, GatewayError("internal_error", "The run's events make no sense.")
            )

    async def _go_on(self, run: RunRow) -> None:
        events = await self._store.all_events(run["id"])
        recovered = recover(run["request"]["request"], events)
        plan = plan_run(
            run["request"],
            run_id=run["id"],
            payer=Payer(
                request_id=run["request_id"],
                operation="runs.create",
                project_id=run["project_id"],
                key_id=run["key_id"],
            ),
            resolved=self._catalogue.resolve(run["model"]),
            fallbacks=[
                self._catalogue.resolve(name)
                for name in run["request"]["request"].get("fallbacks", ())
            ],
            tools=self._engine.tools,
            scope=run["key_id"] or f"key:{run['project_id']}",
            keys=ProviderKeys(
                stored=partial(
                    self._vault.provider_key,
                    project_id=run["project_id"],
                    key_id=run["key_id"],
                )
            ),
        )
        carried_ms = run["carried_ms"] + _at_work(run, recovered)
        changes = {"carried_ms": carried_ms}
        await self._store.append([Append(run["id"], (), changes)])
        self._engine.start(replace(plan, carried_ms=carried_ms), recovered)
        if run["cancel_reason"] is not None:
            self._engine.cancel_here(run["id"])

    async def _close(self, run: RunRow, error: GatewayError) -> None:
        """End a run that nobody can carry on."""
        newest = await self._store.get(run["id"])
        if newest is not None:
            await self._store.append([_closing(newest, error)])


def _at_work(run: RunRow, recovered: Recovered) -> int:
    """How long the last process worked on the run, as far as its events show."""
    began: int | None = run["taken_up_at"] or run["started_at"]
    if began is None or recovered.last_event_at is None:
        return _LEAST_AT_WORK
    if recovered.waiting_since is not None:
        # It only waits for a person, who may take days and many restarts.
        return max(recovered.waiting_since - began - _waited(recovered, began), 0)
    at_work = recovered.last_event_at - began - _waited(recovered, began)
    return max(at_work, _LEAST_AT_WORK)


def _waited(recovered: Recovered, began: int) -> int:
    """How long people were waited for since then."""
    return sum(end - max(start, began) for start, end in recovered.waits if end > began)


def _closing(run: RunRow, error: GatewayError) -> Append:
    body: JsonObject = error.as_object(run["request_id"])
    sequence = run["newest_sequence"] + 1
    stored = numbered(error_event(body), run_id=run["id"], sequence=sequence)
    changes = {
        "status": "failed",
        "error": body,
        "completed_at": now_ms(),
        "last_sequence": sequence,
    }
    return Append(run["id"], (stored,), changes)
