"""Workspaces: conversations that people can watch, review and take over."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import sqlalchemy as sa
from starlette.types import ASGIApp

from headgate_gateway.approvals.drafts import decide_draft
from headgate_gateway.audit.facts import observed
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.disconnect import while_waited_for
from headgate_gateway.http.idempotency import once
from headgate_gateway.http.scopes import require_scope
from headgate_gateway.json import JsonObject
from headgate_gateway.routes.allowed import allowed_model
from headgate_gateway.routes.cursors import cursor_of
from headgate_gateway.routes.pages import list_answer, page_request
from headgate_gateway.store.workspaces import WorkspaceFilter, no_such_workspace
from headgate_gateway.streaming import EventStream
from headgate_gateway.workspaces.answering import HISTORY, request_of, text_of
from headgate_gateway.workspaces.change import Row
from headgate_gateway.workspaces.follow import end_of, expired, newest_of
from headgate_gateway.workspaces.views import message_object, workspace_object

MANAGE = "workspaces:manage"
_SHOWN_TO_CLIENT = 100


async def create(call: Call) -> Answer:
    """A workspace and, with a first message, what the model says to it.

    The model is asked first: if it fails, nothing is left behind.
    """
    call.gateway.drain.refuse_new_work()
    return await once(call, lambda: _create(call))


async def _create(call: Call) -> Answer:
    values = _new_workspace(call)
    content: str | None = call.body.get("initial_message")
    reply = "" if content is None else await _reply(call, values, [], content)
    said: list[Row] = []
    answer: Row | None = None
    async with call.gateway.workspaces.creating(values) as change:
        if content is not None:
            said.append(await change.say("user", content))
        if reply:
            answer = await change.answer(
                reply, request_id=call.request_id, key_id=call.caller.key_id
            )
    row = change.row
    body = {
        "workspace": workspace_object(row),
        "messages": [message_object(message) for message in said]
        + _visible(call, answer),
        **_pending(answer),
    }
    location = f"/v1/workspaces/{row['id']}"
    return json_answer(body, status=201, headers={"Location": location})


async def list_workspaces(call: Call) -> Answer:
    """One page of the project's workspaces."""
    where = WorkspaceFilter(
        status=call.parameters.get("status"),
        mode=call.parameters.get("mode"),
        client_id=call.parameters.get("client_id"),
    )
    page = await call.gateway.workspaces.page(
        page_request(call), project_id=call.project_id, where=where
    )
    return list_answer(page, workspace_object)


async def get_by_client_id(call: Call) -> Answer:
    """Where a client goes on; that it was never here is no failure."""
    store = call.gateway.workspaces
    row = await store.of_client(
        call.parameters["client_id"], project_id=call.project_id
    )
    if row is None:
        return json_answer({"exists": False, "workspace": None, "messages": []})
    messages = await store.newest_messages(row["id"], _SHOWN_TO_CLIENT)
    return json_answer(
        {
            "exists": True,
            "workspace": workspace_object(row),
            "messages": [message_object(message) for message in messages],
        }
    )


async def get(call: Call) -> Answer:
    """A workspace as it is."""
    return json_answer(workspace_object(await _own(call)))


async def update(call: Call) -> Answer:
    """A workspace with what the body names changed."""
    require_scope(call, MANAGE)
    changes = dict(call.body)
    if "model" in changes:
        changes["model"] = allowed_model(call, changes["model"], param="model").id
    async with call.gateway.workspaces.changing(
        _id(call), project_id=call.project_id
    ) as change:
        await change.alter(changes)
    call.gateway.workspace_followers.wake(_id(call))
    return json_answer(workspace_object(change.row))


async def send_message(call: Call) -> Answer:
    """What was said and what the model says to it, as the mode has it."""
    call.gateway.drain.refuse_new_work()
    if call.body.get("role") == "human":
        require_scope(call, MANAGE)
    return await once(call, lambda: _send(call))


async def _send(call: Call) -> Answer:
    row = await _own(call)
    if row["status"] != "active":
        raise GatewayError("workspace_ended", "The conversation has ended.")
    role, content = call.body.get("role", "user"), call.body["content"]
    reply = ""
    if role == "user" and row["mode"] != "takeover":
        history = await call.gateway.workspaces.newest_messages(row["id"], HISTORY)
        reply = await _reply(call, row, history, content)
    answer: Row | None = None
    async with call.gateway.workspaces.changing(
        row["id"], project_id=call.project_id
    ) as change:
        change.require_active()
        change.row["typing"] = None
        said = await change.say(role, content)
        if reply:
            answer = await change.answer(
                reply, request_id=call.request_id, key_id=call.caller.key_id
            )
    call.gateway.workspace_followers.wake(row["id"])
    return json_answer(
        {
            "user_message": message_object(said),
            "responses": _visible(call, answer),
            "mode": change.row["mode"],
            **_pending(answer),
        }
    )


async def get_messages(call: Call) -> Answer:
    """One page of what was said."""
    include_drafts: bool = call.parameters["include_drafts"]
    if include_drafts:
        require_scope(call, MANAGE)
    row = await _own(call)
    page = await call.gateway.workspaces.messages(
        row["id"], page_request(call), include_drafts=include_drafts
    )
    return list_answer(page, message_object)


async def decide(call: Call) -> Answer:
    """The message that was sent, or the draft that was rejected."""
    require_scope(call, MANAGE)
    return await once(call, lambda: _decide(call))


async def _decide(call: Call) -> Answer:
    decided = await decide_draft(
        call.gateway.workspaces,
        call.gateway.workspace_followers,
        call.body,
        workspace_id=_id(call),
        project_id=call.project_id,
        approval_id=call.parameters["approval_id"],
    )
    return json_answer(message_object(decided))


async def send_typing_preview(call: Call) -> Answer:
    """Show what is being typed to whoever follows."""
    async with call.gateway.workspaces.changing(
        _id(call), project_id=call.project_id
    ) as change:
        change.require_active()
        change.row["typing"] = call.body["text"]
        change.row["typing_count"] += 1
    call.gateway.workspace_followers.wake(_id(call))
    return Answer(204)


async def end_conversation(call: Call) -> Answer:
    """The workspace, ended; one that has ended stays as it is."""
    body: JsonObject = call.body or {}
    async with call.gateway.workspaces.changing(
        _id(call), project_id=call.project_id
    ) as change:
        await change.end(body.get("reason"))
    call.gateway.workspace_followers.wake(_id(call))
    return json_answer(workspace_object(change.row))


async def events(call: Call) -> ASGIApp:
    """The stored events after the cursor and those that follow."""
    row = await _own(call)
    after = cursor_of(call)
    manager = call.caller.has_scope(MANAGE)
    if after >= end_of(row, manager=manager):
        return Answer(204)
    if after > newest_of(row, manager=manager):
        # Of a number that is another audience's, events would be missed in silence.
        raise GatewayError(
            "invalid_starting_after",
            "The cursor is beyond the newest event that this key may see.",
            param="starting_after",
        )
    if row["trimmed"]:
        raise expired()
    gateway = call.gateway
    frames: AsyncGenerator[bytes, None] = gateway.workspace_followers.follow(
        row, after=after, manager=manager, wait=call.parameters["follow"]
    )
    return EventStream(
        frames,
        gateway.sending,
        ends_on=call.ends_late,
    )


def _new_workspace(call: Call) -> dict[str, Any]:
    body: JsonObject = call.body
    name = body.get("model", call.gateway.settings.default_model)
    return {
        "project_id": call.project_id,
        "client_id": body.get("client_id"),
        "mode": body.get("mode", "ai"),
        "model": allowed_model(call, name, param="model").id,
        "system_prompt": body.get("system_prompt"),
        "context": body.get("context", {}),
        "metadata": body.get("metadata", {}),
    }


async def _reply(
    call: Call, workspace: Mapping[Any, Any], history: list[Row], content: str
) -> str:
    """What the model says to ``content``; nothing while people answer."""
    if workspace["mode"] == "takeover":
        return ""
    request = await call.asking(request_of(workspace, history, content))
    resolved = allowed_model(call, request["model"], param="model")
    source = observed(
        call.gateway.dispatcher.stream(
            call.payer,
            resolved,
            request,
            messages=request["messages"],
            keys=call.provider_keys,
        ),
        call.facts,
    )
    return await while_waited_for(
        call.request.receive, text_of(call.judged(source)), unless=call.ends
    )


def _visible(call: Call, answer: Row | None) -> list[JsonObject]:
    """The answer, unless it is a draft and the caller is not to see it."""
    if answer is None:
        return []
    if answer["status"] == "draft" and not call.caller.has_scope(MANAGE):
        return []
    return [message_object(answer)]


def _pending(answer: Row | None) -> JsonObject:
    waits = answer is not None and answer["status"] == "draft"
    return {
        "pending_approval": waits,
        "approval_id": answer["approval_id"] if answer and waits else None,
    }


def _id(call: Call) -> str:
    workspace_id: str = call.parameters["workspace_id"]
    return workspace_id


async def _own(call: Call) -> sa.RowMapping:
    """The workspace of the path; another project's is as unknown as none."""
    row = await call.gateway.workspaces.get(_id(call), project_id=call.project_id)
    if row is None:
        raise no_such_workspace()
    return row


HANDLERS: Mapping[str, Handler] = {
    "workspaces.create": create,
    "workspaces.list": list_workspaces,
    "workspaces.get_by_client_id": get_by_client_id,
    "workspaces.get": get,
    "workspaces.update": update,
    "workspaces.send_message": send_message,
    "workspaces.get_messages": get_messages,
    "workspaces.decide_draft": decide,
    "workspaces.send_typing_preview": send_typing_preview,
    "workspaces.end_conversation": end_conversation,
    "workspaces.events": events,
}
