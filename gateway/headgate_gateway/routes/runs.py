"""Runs: started, followed, listed and cancelled."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import sqlalchemy as sa
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from headgate_gateway.clock import now_ms, parse_rfc3339
from headgate_gateway.errors import GatewayError
from headgate_gateway.events import usage_of
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.disconnect import while_waited_for
from headgate_gateway.http.idempotency import REPLAYED, claim_of, require_same
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject
from headgate_gateway.policies.subject import judged_again, refuse_events
from headgate_gateway.providers.compatibility import message_needs, require_able
from headgate_gateway.providers.scenario import cuts_of, script_of
from headgate_gateway.routes.choosing import chosen_models, look_up_breakers
from headgate_gateway.routes.cursors import cursor_of
from headgate_gateway.routes.pages import list_answer, page_request
from headgate_gateway.routes.run_views import error_of, run_envelope, run_object
from headgate_gateway.runs.execution import RunPlan
from headgate_gateway.runs.planning import plan_run
from headgate_gateway.store.runs import RunFilter, ended
from headgate_gateway.streaming import EventStream, batched_frames

_CANCEL_WAIT = 2.0
"""How long a cancel waits for the run's end before it answers."""


async def create(call: Call) -> Answer:
    """The run with its result, or queued when it is to go on in the background."""
    run_id, headers = await _begin(call)
    in_background = call.body.get("background", False)
    if not in_background:
        await _wait_while_wanted(call, run_id)
    row = _found(await call.gateway.runs.get(run_id))
    call.facts.used(row["usage"])
    # A run in the background may have failed by now; its status says so.
    if row["status"] == "failed" and not in_background:
        raise error_of(row)
    return json_answer(run_envelope(row), headers=headers)


async def stream(call: Call) -> ASGIApp:
    """The run's events from the first, whether it begins now or began before."""
    call.facts.is_streaming = True
    run_id, headers = await _begin(call)
    leaving = _cancelling(call, run_id) if _cancels_on_disconnect(call) else None
    return _event_stream(call, run_id, headers=headers, on_disconnect=leaving)


async def list_runs(call: Call) -> Answer:
    """One page of the project's runs."""
    where = RunFilter(
        status=call.parameters.get("status"),
        session_id=call.parameters.get("session_id"),
        created_after=_milliseconds(call.parameters.get("created_after")),
        created_before=_milliseconds(call.parameters.get("created_before")),
    )
    page = await call.gateway.runs.page(
        page_request(call), project_id=call.project_id, where=where
    )
    return list_answer(page, run_object)


async def get(call: Call) -> Answer:
    """A run as it stands; policies judge its result as that of ``create``."""
    row = await _own(call)
    answer = json_answer(run_envelope(row))
    return answer if row["result"] is None else await judged_again(call, row, answer)


async def cancel(call: Call) -> Answer:
    """The run, stopped or about to be; one that is over stays as it is."""
    row = await _own(call)
    if not ended(row):
        body: JsonObject = call.body or {}
        await call.gateway.engine.cancel(row["id"], body.get("reason", ""))
        try:
            async with asyncio.timeout(_CANCEL_WAIT):
                await call.gateway.followers.wait_for_end(row["id"])
        except TimeoutError:
            pass
        row = await _own(call)
    return json_answer(run_object(row))


async def events(call: Call) -> ASGIApp:
    """The stored events after the cursor and those that follow."""
    row = await _own(call)
    await refuse_events(call, row)
    after = cursor_of(call)
    if ended(row) and after >= row["newest_sequence"]:
        return Answer(204)
    if after < row["trimmed_through"]:
        raise GatewayError(
            "events_expired", "The events after this cursor are no longer kept."
        )
    return _event_stream(call, row["id"], after=after, wait=call.parameters["follow"])


async def _begin(call: Call) -> tuple[str, dict[str, str]]:
    """The id of a new run, or of the one the same key began, and headers."""
    call.gateway.drain.refuse_new_work()
    await look_up_breakers(call, call.body["request"])
    models = chosen_models(call, call.body["request"], at="request.")
    resolved = models.first
    needs = message_needs(call.body["request"], at="request.")
    for model in (resolved, *models.others):
        require_able(model.model, needs)
    if resolved.id == "mock/script":
        script_of(
            call.body["request"].get("metadata") or {}, at="request.metadata.script"
        )
    claim = claim_of(call)
    plan = plan_run(
        call.body,
        run_id=new_id("run"),
        payer=call.payer,
        resolved=resolved,
        fallbacks=models.others,
        scope=call.caller.scope,
        keys=call.provider_keys,
        tools=call.gateway.engine.tools,
    )
    earlier = await call.gateway.runs.create(_new_run(call, plan), claim)
    if claim is not None and earlier is not None:
        require_same(claim, earlier)
        return str(earlier.run_id), dict(REPLAYED)
    cuts = cuts_of(plan.request.get("metadata"))
    if cuts:
        call.gateway.cuts[plan.run_id] = cuts
    call.gateway.engine.start(plan)
    return plan.run_id, {}


def _new_run(call: Call, plan: RunPlan) -> dict[str, Any]:
    return {
        "id": plan.run_id,
        "project_id": call.project_id,
        "key_id": call.caller.key_id,
        "request_id": plan.request_id,
        "status": "queued",
        "model": plan.resolved.id,
        "session_id": call.body.get("session_id"),
        "metadata": call.body.get("metadata", {}),
        "request": call.body,
        "created_at": now_ms(),
        "usage": usage_of(0, 0),
        "turn_count": 0,
        "tool_call_count": 0,
        "carried_ms": 0,
        "last_sequence": 0,
        "trimmed_through": 0,
    }


async def _wait_while_wanted(call: Call, run_id: str) -> None:
    """Wait for the run's end; a leaving client cancels it only if it said so."""
    work = call.gateway.followers.wait_for_end(run_id)
    try:
        await while_waited_for(call.request.receive, work, unless=call.ends_late)
    except ClientDisconnect:
        if _cancels_on_disconnect(call):
            await _cancelling(call, run_id)()
        raise


def _cancels_on_disconnect(call: Call) -> bool:
    config: JsonObject = call.body.get("run", {})
    return config.get("on_disconnect") == "cancel"


def _cancelling(call: Call, run_id: str) -> Callable[[], Awaitable[None]]:
    """What to do when the client leaves and the run is to go with it."""

    async def cancel_run() -> None:
        await call.gateway.engine.cancel(run_id, "The client went away.")

    return cancel_run


def _event_stream(
    call: Call,
    run_id: str,
    *,
    after: int = 0,
    wait: bool = True,
    headers: dict[str, str] | None = None,
    on_disconnect: Callable[[], Awaitable[None]] | None = None,
) -> EventStream:
    gateway = call.gateway
    batches = gateway.followers.follow(run_id, after=after, wait=wait)
    return EventStream(
        batched_frames(batches, cuts=gateway.cuts.get(run_id, set())),
        gateway.sending,
        ends_on=call.ends_late,
        headers=headers,
        on_disconnect=on_disconnect,
    )


async def _own(call: Call) -> sa.RowMapping:
    """The run of the path; another project's is as unknown as one that never was."""
    run_id: str = call.parameters["run_id"]
    return _found(await call.gateway.runs.get(run_id, project_id=call.project_id))


def _found(row: sa.RowMapping | None) -> sa.RowMapping:
    if row is None:
        raise GatewayError("not_found", "There is no such run.")
    return row


def _milliseconds(text: str | None) -> int | None:
    return None if text is None else parse_rfc3339(text)


HANDLERS: Mapping[str, Handler] = {
    "runs.create": create,
    "runs.stream": stream,
    "runs.list": list_runs,
    "runs.get": get,
    "runs.cancel": cancel,
    "runs.events": events,
}
