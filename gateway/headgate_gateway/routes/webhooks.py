"""Webhooks, for the operator. A secret is shown when it is made, and never again."""

from collections.abc import Mapping

import sqlalchemy as sa

from headgate_gateway.clock import now_ms, rfc3339, rfc3339_or_none
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.idempotency import once
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject
from headgate_gateway.routes.pages import list_answer, page_request

_GRACE_S = 86_400


async def create(call: Call) -> Answer:
    """A new webhook with its secret."""

    async def produce() -> Answer:
        body, now = call.body, now_ms()
        webhook_id, project_id = new_id("wh"), body["project_id"]
        secret, sealed = call.gateway.webhook_keyring.first(
            webhook_id=webhook_id, project_id=project_id
        )
        row = await call.gateway.webhooks.create(
            {
                "id": webhook_id,
                "project_id": project_id,
                "url": body["url"],
                "description": body.get("description", ""),
                "events": body.get("events", []),
                "is_active": body.get("is_active", True),
                "created_at": now,
                "updated_at": now,
                **sealed,
            }
        )
        if row is None:
            raise GatewayError(
                "not_found", "There is no such project.", param="project_id"
            )
        location = f"/v1/admin/webhooks/{webhook_id}"
        shown = {**_shown(row), "secret": secret}
        return json_answer(shown, status=201, headers={"Location": location})

    return await once(call, produce)


async def list_webhooks(call: Call) -> Answer:
    """One page of webhooks."""
    page = await call.gateway.webhooks.page(
        page_request(call), project_id=call.parameters.get("project_id")
    )
    return list_answer(page, _shown)


async def get(call: Call) -> Answer:
    """One webhook."""
    return json_answer(_shown(await _own(call)))


async def update(call: Call) -> Answer:
    """A webhook with what the body names changed."""
    changes = {**call.body, "updated_at": now_ms()}
    if changes.get("is_active"):
        changes["disabled_reason"] = None
    row = _found(await call.gateway.webhooks.update(_id(call), changes))
    call.gateway.webhook_sender.wake()
    return json_answer(_shown(row))


async def delete(call: Call) -> Answer:
    """Tell a webhook nothing more."""
    if not await call.gateway.webhooks.delete(_id(call)):
        raise _unknown()
    return Answer(204)


async def rotate(call: Call) -> Answer:
    """A new secret; the old one signs too for as long as the body says."""
    row, now = await _own(call), now_ms()
    secret, sealed = call.gateway.webhook_keyring.next(row)
    body: JsonObject = call.body or {}
    grace_s: int = body.get("grace_s", _GRACE_S)
    until = now + grace_s * 1000
    changes = {**sealed, "previous_secret_until": until, "updated_at": now}
    changed = _found(await call.gateway.webhooks.update(row["id"], changes))
    return json_answer({**_shown(changed), "secret": secret})


async def test(call: Call) -> Answer:
    """A trial that is about to be sent."""
    made = await call.gateway.webhooks.test(await _own(call))
    call.gateway.webhook_sender.wake()
    return json_answer(_delivery(_found(made)))


async def deliveries(call: Call) -> Answer:
    """One page of what a webhook was sent."""
    row = await _own(call)
    page = await call.gateway.webhooks.deliveries(
        page_request(call), webhook_id=row["id"], status=call.parameters.get("status")
    )
    return list_answer(page, _delivery)


async def redeliver(call: Call) -> Answer:
    """A delivery, about to be sent once more."""
    delivery_id: str = call.parameters["delivery_id"]
    row = await call.gateway.webhooks.send_again(_id(call), delivery_id)
    if row is None:
        raise GatewayError("not_found", "There is no such delivery.")
    call.gateway.webhook_sender.wake()
    return json_answer(_delivery(row))


def _id(call: Call) -> str:
    webhook_id: str = call.parameters["webhook_id"]
    return webhook_id


async def _own(call: Call) -> sa.RowMapping:
    return _found(await call.gateway.webhooks.get(_id(call)))


def _found(row: sa.RowMapping | None) -> sa.RowMapping:
    if row is None:
        raise _unknown()
    return row


def _unknown() -> GatewayError:
    return GatewayError("not_found", "There is no such webhook.")


def _shown(row: sa.RowMapping) -> JsonObject:
    return {
        "id": row["id"],
        "object": "webhook",
        "project_id": row["project_id"],
        "url": row["url"],
        "description": row["description"],
        "events": row["events"],
        "is_active": row["is_active"],
        "disabled_reason": row["disabled_reason"],
        "last_delivered_at": rfc3339_or_none(row["last_delivered_at"]),
        "previous_secret_until": rfc3339_or_none(row["previous_secret_until"]),
        "created_at": rfc3339(row["created_at"]),
        "updated_at": rfc3339(row["updated_at"]),
    }


def _delivery(row: sa.RowMapping) -> JsonObject:
    return {
        "id": row["id"],
        "object": "webhook_delivery",
        "webhook_id": row["webhook_id"],
        "event_id": row["event_id"],
        "event_type": row["event_type"],
        "status": row["status"],
        "attempts": row["attempts"],
        "response_status": row["response_status"],
        "error": row["error"],
        "next_attempt_at": rfc3339_or_none(row["next_attempt_at"]),
        "payload": row["payload"],
        "created_at": rfc3339(row["created_at"]),
        "delivered_at": rfc3339_or_none(row["delivered_at"]),
    }


HANDLERS: Mapping[str, Handler] = {
    "admin.webhooks.create": create,
    "admin.webhooks.list": list_webhooks,
    "admin.webhooks.get": get,
    "admin.webhooks.update": update,
    "admin.webhooks.delete": delete,
    "admin.webhooks.rotate": rotate,
    "admin.webhooks.test": test,
    "admin.webhooks.deliveries": deliveries,
    "admin.webhooks.redeliver": redeliver,
}
