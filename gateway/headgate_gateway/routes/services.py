"""Services, for the operator and for those who call them."""

from collections.abc import Mapping

import sqlalchemy as sa

from headgate_gateway.clock import now_ms, rfc3339
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.idempotency import once
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject
from headgate_gateway.routes.pages import list_answer, page_request


async def list_callable(call: Call) -> Answer:
    """One page of the services that the key may call."""
    page = await call.gateway.services.callable_page(
        page_request(call),
        project_id=call.project_id,
        names=call.caller.allowed_services,
    )
    return list_answer(page, _callable)


async def create(call: Call) -> Answer:
    """A new service."""

    async def produce() -> Answer:
        row = await call.gateway.services.create(_new(call.body))
        if row is None:
            raise GatewayError(
                "not_found", "There is no such project.", param="project_id"
            )
        location = f"/v1/admin/services/{row['id']}"
        return json_answer(_shown(row), status=201, headers={"Location": location})

    return await once(call, produce)


async def list_services(call: Call) -> Answer:
    """One page of services."""
    page = await call.gateway.services.page(
        page_request(call), project_id=call.parameters.get("project_id")
    )
    return list_answer(page, _shown)


async def get(call: Call) -> Answer:
    """One service."""
    return json_answer(_shown(_found(await call.gateway.services.get(_id(call)))))


async def update(call: Call) -> Answer:
    """A service with what the body names changed."""
    changes = {**call.body, "updated_at": now_ms()}
    return json_answer(
        _shown(_found(await call.gateway.services.update(_id(call), changes)))
    )


async def delete(call: Call) -> Answer:
    """Remove a service."""
    if not await call.gateway.services.delete(_id(call)):
        raise _unknown()
    return Answer(204)


def _new(body: JsonObject) -> JsonObject:
    now = now_ms()
    return {
        "id": new_id("svc"),
        "project_id": body["project_id"],
        "name": body["name"],
        "base_url": body["base_url"],
        "description": body.get("description", ""),
        "service_type": body.get("service_type", "generic"),
        "credential_id": body.get("credential_id"),
        "is_active": body.get("is_active", True),
        "allowed_methods": body.get("allowed_methods"),
        "request_headers": body.get("request_headers", []),
        "response_headers": body.get("response_headers", []),
        "created_at": now,
        "updated_at": now,
    }


def _id(call: Call) -> str:
    service_id: str = call.parameters["service_id"]
    return service_id


def _found(row: sa.RowMapping | None) -> sa.RowMapping:
    if row is None:
        raise _unknown()
    return row


def _unknown() -> GatewayError:
    return GatewayError("not_found", "There is no such service.")


def _callable(row: sa.RowMapping) -> JsonObject:
    return {
        "id": row["id"],
        "object": "service",
        "name": row["name"],
        "description": row["description"],
        "service_type": row["service_type"],
        "allowed_methods": row["allowed_methods"],
    }


def _shown(row: sa.RowMapping) -> JsonObject:
    return {
        **_callable(row),
        "project_id": row["project_id"],
        "base_url": row["base_url"],
        "credential_id": row["credential_id"],
        "is_active": row["is_active"],
        "request_headers": row["request_headers"],
        "response_headers": row["response_headers"],
        "created_at": rfc3339(row["created_at"]),
        "updated_at": rfc3339(row["updated_at"]),
    }


HANDLERS: Mapping[str, Handler] = {
    "services.list": list_callable,
    "admin.services.create": create,
    "admin.services.list": list_services,
    "admin.services.get": get,
    "admin.services.update": update,
    "admin.services.delete": delete,
}
