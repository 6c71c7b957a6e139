"""One run from its first event to its last."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass

import structlog

from headgate_gateway.approvals.tools import ToolApprovals, ToolUse
from headgate_gateway.clock import now_ms
from headgate_gateway.dispatch.dispatcher import Dispatcher
from headgate_gateway.dispatch.payer import Payer
from headgate_gateway.errors import GatewayError
from headgate_gateway.events import error_event
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.catalogue import Resolved
from headgate_gateway.providers.keys import NO_KEYS, ProviderKeys
from headgate_gateway.runs.limits import RunLimits
from headgate_gateway.runs.log import EventLog, StoreLost
from headgate_gateway.runs.permission import Permissions
from headgate_gateway.runs.recovery import OpenStep, Recovered, recover, tool_calls
from headgate_gateway.runs.steps import ToolOutcome
from headgate_gateway.runs.worktime import WorkTime
from headgate_gateway.tools.toolbox import ToolSession

_STOP_REASONS = {
    "end_turn": "end_turn",
    "stop_sequence": "end_turn",
    "max_tokens": "max_tokens",
}
"""What a run makes of its last answer's stop reason; every other is ``custom``."""

_STATUSES = {"cancelled": "cancelled", "timeout": "timed_out"}

_log = structlog.get_logger("headgate_gateway.runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What a run is to do."""

    run_id: str
    request_id: str
    payer: Payer
    resolved: Resolved
    fallbacks: Sequence[Resolved] = ()
    request: JsonObject
    """A ``RunMessageRequest``."""
    limits: RunLimits
    server_tools: Sequence[str]
    tools: ToolSession
    scope: str = ""
    """Whose approvals its tool calls wait for."""
    keys: ProviderKeys = NO_KEYS
    """What the caller brought of them is kept nowhere else, so a run that another
    process takes up goes on without that."""
    carried_ms: int = 0
    """How much of its time earlier processes used up."""


class RunExecution:
    """Carries out a plan. Everything that happens is an event in the log."""

    def __init__(
        self,
        plan: RunPlan,
        *,
        log: EventLog,
        dispatcher: Dispatcher,
        approvals: ToolApprovals | None = None,
        recovered: Recovered | None = None,
    ) -> None:
        stand = recovered or recover(plan.request, ())
        self._plan = plan
        self._log = log
        self._dispatcher = dispatcher
        self._live = log.open(plan.run_id, last_sequence=stand.last_sequence)
        self._progress = stand.progress
        self._started = stand.started
        plan.tools.count(stand.tool_uses)
        self._left = stand.step
        """The step that an earlier process left open."""
        self._time = WorkTime(plan.limits.timeout_ms - plan.carried_ms)
        self._permissions = Permissions(
            approvals, log=log, live=self._live, time=self._time, left=stand.step
        )
        self._asking: int | None = None
        """The step whose answer is coming in."""
        self._cancelled = asyncio.Event()
        self._released = asyncio.Event()

    def cancel(self) -> None:
        """End the run with what it has; doing so twice is doing so once."""
        self._cancelled.set()

    def release(self) -> None:
        """Stop without ending the run: another process takes it up."""
        self._released.set()

    async def execute(self) -> None:
        """Run to the terminal event, or to the release, and return when it is kept."""
        try:
            await self._carry_out()
        except GatewayError as error:
            await self._fail(error)
        except StoreLost:
            _log.warning("run_lost", run_id=self._plan.run_id)
        except Exception:  # noqa: BLE001 - whatever broke, the stream gets its end
            _log.exception("run_broke", run_id=self._plan.run_id)
            await self._fail(
                GatewayError("internal_error", "The run failed inside the gateway.")
            )
        finally:
            await self._log.close(self._live)

    async def _carry_out(self) -> None:
        if not self._started:
            await self._start()
        stop_reason = await self._bounded()
        if stop_reason is not None:
            await self._complete(stop_reason)
        elif self._asking is not None:
            await self._abandon(self._asking, "gateway_stopped")

    async def _bounded(self) -> str | None:
        """The stop reason of the loop or of what cut it; None when it was released."""
        if self._cancelled.is_set():
            return "cancelled"
        if self._plan.carried_ms >= self._plan.limits.timeout_ms:
            return "timeout"
        work = asyncio.create_task(self._loop())
        cancel = asyncio.create_task(self._cancelled.wait())
        release = asyncio.create_task(self._released.wait())
        late = asyncio.create_task(self._time.used_up())
        try:
            await asyncio.wait(
                {work, cancel, release, late}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in (work, cancel, release, late):
                task.cancel()
            await asyncio.wait({work})
        if not work.cancelled():
            return work.result()
        if self._cancelled.is_set():
            return "cancelled"
        return None if self._released.is_set() else "timeout"

    async def _loop(self) -> str:
        """Take steps until one is the last; gives the stop reason."""
        stop_reason = await self._take_up()
        while stop_reason is None:
            stop_reason = await self._step(len(self._progress.steps))
        return stop_reason

    async def _take_up(self) -> str | None:
        """Go on where an earlier process stopped; a stop reason if that was the end."""
        step, self._left = self._left, None
        if step is None:
            steps = self._progress.steps
            return self._stop_reason(steps[-1]["response"]) if steps else None
        if step.fold.ended:
            return await self._conclude(step)
        await self._abandon(step.index, "gateway_lost")
        return None

    async def _step(self, index: int) -> str | None:
        """One answer and its tool calls; a stop reason if it is the last."""
        step = OpenStep(index)
        await self._log.append(self._live, {"type": "step_start", "index": index})
        await self._ask_model(step)
        return await self._conclude(step)

    async def _conclude(self, step: OpenStep) -> str | None:
        """What follows a whole answer: its open tool calls, and the step's end."""
        response = step.fold.message
        outcomes = [] if self._too_many(step) else await self._call_tools(step)
        completed = self._progress.complete_step(
            response, outcomes, duration_ms=_elapsed_ms(step.began)
        )
        await self._log.append(
            self._live, *completed, changes=self._progress.counters()
        )
        return self._stop_reason(response)

    def _too_many(self, step: OpenStep) -> bool:
        """Whether the step's calls would pass the run's limit."""
        before = self._progress.tool_calls - len(step.outcomes)
        return before + len(step.calls) > self._plan.limits.max_tool_calls

    def _stop_reason(self, response: JsonObject) -> str | None:
        """Why the run ends with its newest step; None when it goes on."""
        limits, progress = self._plan.limits, self._progress
        if not tool_calls(response):
            return _STOP_REASONS.get(response["stop_reason"], "custom")
        if not progress.steps[-1]["tool_calls"]:
            return "max_tool_calls"
        if limits.max_tokens and progress.usage["total_tokens"] >= limits.max_tokens:
            return "max_tokens"
        return "max_turns" if len(progress.steps) >= limits.max_turns else None

    async def _abandon(self, index: int, reason: str) -> None:
        """Close a step that comes to nothing; it begins anew."""
        self._asking = None
        event = {"type": "step_abandoned", "index": index, "reason": reason}
        await self._log.append(self._live, event)

    async def _ask_model(self, step: OpenStep) -> None:
        self._asking = step.index
        stream = self._dispatcher.stream(
            self._plan.payer,
            self._plan.resolved,
            self._plan.request,
            fallbacks=self._plan.fallbacks,
            messages=self._progress.messages,
            server_tools=self._plan.server_tools,
            keys=self._plan.keys,
        )
        async with aclosing(stream) as events:
            async for batch in events:
                for event in batch:
                    step.fold.add(event)
                    self._asking = None if step.fold.ended else step.index
                    wrapped = {"type": "stream_event", "event": event}
                    await self._log.append(self._live, wrapped)

    async def _call_tools(self, step: OpenStep) -> list[ToolOutcome]:
        """The outcomes in the order of the calls, whatever order they come in."""
        if not self._plan.limits.parallel_tools:
            return [await self._answered(step, call) for call in step.calls]
        for call in step.calls:
            await self._announce(step, call)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._answered(step, call)) for call in step.calls
                ]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _announce(self, step: OpenStep, call: JsonObject) -> None:
        """Say that a call begins, unless that was said before."""
        if call["id"] in step.begun:
            return
        step.begun.add(call["id"])
        event = {
            "type": "tool_call_start",
            "step_index": step.index,
            "id": call["id"],
            "name": call["name"],
            "input": call["input"],
            "effect_class": self._plan.tools.effect_class(call["name"]),
        }
        await self._log.append(self._live, event)

    async def _answered(self, step: OpenStep, call: JsonObject) -> ToolOutcome:
        """The outcome of a call; an earlier process's answer is kept."""
        if call["id"] in step.outcomes:
            return step.outcomes[call["id"]]
        in_flight = call["id"] in step.interrupted
        await self._announce(step, call)
        outcome = await self._outcome(step, call, in_flight=in_flight)
        self._progress.tool_calls += 1
        event = {
            "type": "tool_result",
            "step_index": step.index,
            "id": call["id"],
            "name": call["name"],
            "content": outcome.content,
            "is_error": outcome.error is not None,
            "error": outcome.error,
            "duration_ms": outcome.duration_ms,
        }
        await self._log.append(self._live, event)
        return outcome

    async def _outcome(
        self, step: OpenStep, call: JsonObject, *, in_flight: bool
    ) -> ToolOutcome:
        """What a call gives; its failure is data, and so is a refusal."""
        started = time.monotonic()
        try:
            asked = step.asked.get(call["id"])
            if await self._permissions.require(self._use(step, call), asked):
                # Nobody had agreed before, so nobody can have made the call.
                in_flight = False
            started = time.monotonic()
            if self._plan.tools.effect_class(call["name"]) == "write":
                await self._before_writing(in_flight=in_flight)
            content = await self._timed_call(call)
            return ToolOutcome(call, content, None, _elapsed_ms(started))
        except GatewayError as failure:
            error = failure.as_object(self._plan.request_id)
            content = [{"type": "text", "text": failure.message}]
            return ToolOutcome(call, content, error, _elapsed_ms(started))

    def _use(self, step: OpenStep, call: JsonObject) -> ToolUse:
        payer = self._plan.payer
        return ToolUse(
            run_id=self._plan.run_id,
            request_id=self._plan.request_id,
            project_id=payer.project_id,
            key_id=payer.key_id,
            scope=self._plan.scope,
            step_index=step.index,
            call=call,
            effect_class=self._plan.tools.effect_class(call["name"]),
        )

    async def _before_writing(self, *, in_flight: bool) -> None:
        """Make sure that a call that changes something is never made twice."""
        if in_flight:
            raise GatewayError(
                "interrupted", "The gateway stopped during the call; it may be done."
            )
        # Were the process lost before this is kept, nobody would know of the call.
        await self._log.wait(self._live, self._live.assigned)

    async def _timed_call(self, call: JsonObject) -> list[JsonObject]:
        milliseconds = self._plan.limits.tool_timeout_ms
        try:
            async with asyncio.timeout(milliseconds / 1000):
                return await self._plan.tools.call(call["name"], call["input"])
        except TimeoutError:
            raise GatewayError(
                "tool_timeout", f"The tool took longer than {milliseconds} ms."
            ) from None

    async def _start(self) -> None:
        event = {
            "type": "run_start",
            "request_id": self._plan.request_id,
            "model": self._plan.resolved.id,
            "protocol_version": "1",
            "resumed": False,
        }
        changes = {"status": "running", "started_at": now_ms()}
        await self._log.append(self._live, event, changes=changes)

    async def _complete(self, stop_reason: str) -> None:
        result = self._progress.result(stop_reason)
        await self._end(
            {"type": "run_complete", "result": result},
            status=_STATUSES.get(stop_reason, "completed"),
            stop_reason=stop_reason,
            result=result,
        )

    async def _fail(self, error: GatewayError) -> None:
        body = error.as_object(self._plan.request_id)
        with suppress(StoreLost):
            await self._end(error_event(body), status="failed", error=body)

    async def _end(self, event: JsonObject, **changes: object) -> None:
        """Append the terminal event, and in the same transaction end the run."""
        withdrawn = await self._permissions.withdrawn()
        ended = {
            **self._progress.counters(),
            "completed_at": now_ms(),
            "last_sequence": self._live.assigned + len(withdrawn) + 1,
            **changes,
        }
        await self._log.append(self._live, *withdrawn, event, changes=ended)


def _elapsed_ms(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
