"""Starts runs, and stops them when asked."""

import asyncio
from collections.abc import Mapping

from headgate_gateway.approvals.tools import ToolApprovals
from headgate_gateway.dispatch.dispatcher import Dispatcher
from headgate_gateway.metrics import Metrics
from headgate_gateway.runs.execution import RunExecution, RunPlan
from headgate_gateway.runs.log import EventLog
from headgate_gateway.runs.recovery import Recovered
from headgate_gateway.store.runs import RunStore
from headgate_gateway.tools.interface import ServerTool

_RELEASE_TIME = 2.0


class RunEngine:
    """The runs that this process carries out, each a task that no client holds."""

    def __init__(
        self,
        *,
        log: EventLog,
        store: RunStore,
        dispatcher: Dispatcher,
        tools: Mapping[str, ServerTool],
        metrics: Metrics,
        approvals: ToolApprovals | None = None,
    ) -> None:
        self.tools = tools
        self._log = log
        self._store = store
        self._dispatcher = dispatcher
        self._metrics = metrics
        self._approvals = approvals
        self._executions: dict[str, RunExecution] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, plan: RunPlan, recovered: Recovered | None = None) -> None:
        """Carry out a run that is in the store, from where it stands."""
        execution = RunExecution(
            plan,
            log=self._log,
            dispatcher=self._dispatcher,
            approvals=self._approvals,
            recovered=recovered,
        )
        task = asyncio.create_task(execution.execute(), name=plan.run_id)
        self._executions[plan.run_id] = execution
        self._tasks[plan.run_id] = task
        self._metrics.live_runs.inc()
        task.add_done_callback(lambda _: self._forget(plan.run_id))

    def has(self, run_id: str) -> bool:
        """Whether this process carries the run out."""
        return run_id in self._executions

    async def wait(self, run_id: str) -> None:
        """Return when the run is over, if this process carries it out."""
        task = self._tasks.get(run_id)
        if task is not None:
            await asyncio.wait({task})

    async def cancel(self, run_id: str, reason: str) -> None:
        """Ask a run to stop, here or in the process that carries it out."""
        await self._store.ask_to_cancel(run_id, reason)
        self.cancel_here(run_id)

    def cancel_here(self, run_id: str) -> None:
        """Stop a run if this process carries it out."""
        execution = self._executions.get(run_id)
        if execution is not None:
            execution.cancel()

    async def idle_within(self, seconds: float) -> bool:
        """Whether all runs end by themselves before the time is over."""
        tasks = set(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        return not self._tasks

    async def release_all(self) -> None:
        """Leave what is not over to another process, in good order."""
        for execution in list(self._executions.values()):
            execution.release()
        await self.idle_within(_RELEASE_TIME)

    def _forget(self, run_id: str) -> None:
        self._metrics.live_runs.dec()
        del self._executions[run_id]
        del self._tasks[run_id]
