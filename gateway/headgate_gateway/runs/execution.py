"""One run from its first event to its last."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass

import structlog

from headgate_gateway.clock import now_ms
from headgate_gateway.errors import GatewayError
from headgate_gateway.events import MessageFold, error_event
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.catalogue import Catalogue, Resolved
from headgate_gateway.runs.limits import RunLimits
from headgate_gateway.runs.log import EventLog, LiveRun, StoreLost
from headgate_gateway.runs.steps import Progress, ToolOutcome
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
    resolved: Resolved
    request: JsonObject
    """A ``RunMessageRequest``."""
    limits: RunLimits
    server_tools: Sequence[str]
    tools: ToolSession


class RunExecution:
    """Carries out a plan. Everything that happens is an event in the log."""

    def __init__(self, plan: RunPlan, *, log: EventLog, catalogue: Catalogue) -> None:
        self._plan = plan
        self._log = log
        self._catalogue = catalogue
        self._live: LiveRun = log.open(plan.run_id)
        self._progress = Progress(messages=list(plan.request["messages"]))
        self._cancelled = asyncio.Event()

    @property
    def live(self) -> LiveRun:
        """The run's tail in the log."""
        return self._live

    def cancel(self) -> None:
        """End the run with what it has; doing so twice is doing so once."""
        self._cancelled.set()

    async def execute(self) -> None:
        """Run to the terminal event, and return when that is committed."""
        try:
            await self._start()
            await self._complete(await self._bounded())
        except GatewayError as error:
            await self._fail(error)
        except StoreLost:
            _log.error("run_lost_its_store", run_id=self._plan.run_id)
        except Exception:  # noqa: BLE001 - whatever broke, the stream gets its end
            _log.exception("run_broke", run_id=self._plan.run_id)
            await self._fail(
                GatewayError("internal_error", "The run failed inside the gateway.")
            )
        finally:
            await self._log.close(self._live)

    async def _bounded(self) -> str:
        """The stop reason of the loop, or of the time-out or cancel that cut it."""
        work = asyncio.create_task(self._loop())
        cancel = asyncio.create_task(self._cancelled.wait())
        try:
            seconds = self._plan.limits.timeout_ms / 1000
            await asyncio.wait(
                {work, cancel}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            cancel.cancel()
            if not work.done():
                work.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await asyncio.wait({work})
        if not work.cancelled():
            return work.result()
        return "cancelled" if self._cancelled.is_set() else "timeout"

    async def _loop(self) -> str:
        """Take steps until one is the last; gives the stop reason."""
        while True:
            stop_reason = await self._step(len(self._progress.steps))
            if stop_reason is not None:
                return stop_reason

    async def _step(self, index: int) -> str | None:
        """One answer and its tool calls; a stop reason if it is the last."""
        started = time.monotonic()
        await self._log.append(self._live, {"type": "step_start", "index": index})
        response = await self._ask_model()
        calls = [block for block in response["content"] if block["type"] == "tool_use"]
        too_many = (
            self._progress.tool_calls + len(calls) > self._plan.limits.max_tool_calls
        )
        outcomes = [] if too_many else await self._call_tools(index, calls)
        completed = self._progress.complete_step(
            response, outcomes, duration_ms=_elapsed_ms(started)
        )
        await self._log.append(
            self._live, *completed, changes=self._progress.counters()
        )
        if not calls:
            return _STOP_REASONS.get(response["stop_reason"], "custom")
        return "max_tool_calls" if too_many else self._limit_reached()

    def _limit_reached(self) -> str | None:
        limits, progress = self._plan.limits, self._progress
        if limits.max_tokens and progress.usage["total_tokens"] >= limits.max_tokens:
            return "max_tokens"
        return "max_turns" if len(progress.steps) >= limits.max_turns else None

    async def _ask_model(self) -> JsonObject:
        fold = MessageFold()
        stream = self._catalogue.stream(
            self._plan.resolved,
            self._plan.request,
            messages=self._progress.messages,
            server_tools=self._plan.server_tools,
        )
        async with aclosing(stream) as events:
            async for event in events:
                fold.add(event)
                await self._log.append(
                    self._live, {"type": "stream_event", "event": event}
                )
        return fold.message

    async def _call_tools(
        self, index: int, calls: Sequence[JsonObject]
    ) -> list[ToolOutcome]:
        """The outcomes in the order of the calls, whatever order they came in."""
        if not self._plan.limits.parallel_tools:
            return [await self._call_tool(index, call) for call in calls]
        for call in calls:
            await self._announce(index, call)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._answer(index, call)) for call in calls]
        return [task.result() for task in tasks]

    async def _call_tool(self, index: int, call: JsonObject) -> ToolOutcome:
        await self._announce(index, call)
        return await self._answer(index, call)

    async def _announce(self, index: int, call: JsonObject) -> None:
        event = {
            "type": "tool_call_start",
            "step_index": index,
            "id": call["id"],
            "name": call["name"],
            "input": call["input"],
            "effect_class": self._plan.tools.effect_class(call["name"]),
        }
        await self._log.append(self._live, event)

    async def _answer(self, index: int, call: JsonObject) -> ToolOutcome:
        outcome = await self._outcome(call)
        self._progress.tool_calls += 1
        event = {
            "type": "tool_result",
            "step_index": index,
            "id": call["id"],
            "name": call["name"],
            "content": outcome.content,
            "is_error": outcome.error is not None,
            "error": outcome.error,
            "duration_ms": outcome.duration_ms,
        }
        await self._log.append(self._live, event)
        return outcome

    async def _outcome(self, call: JsonObject) -> ToolOutcome:
        """What a call gives; its failure is data."""
        started = time.monotonic()
        try:
            content = await self._timed_call(call)
            return ToolOutcome(call, content, None, _elapsed_ms(started))
        except GatewayError as failure:
            error = failure.as_object(self._plan.request_id)
            content = [{"type": "text", "text": failure.message}]
            return ToolOutcome(call, content, error, _elapsed_ms(started))

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
        ended = {
            **self._progress.counters(),
            "completed_at": now_ms(),
            "last_sequence": self._live.assigned + 1,
            **changes,
        }
        await self._log.append(self._live, event, changes=ended)


def _elapsed_ms(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
