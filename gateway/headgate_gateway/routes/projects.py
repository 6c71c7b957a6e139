"""Projects, for the operator."""

from collections.abc import Mapping

import sqlalchemy as sa

from headgate_gateway.clock import rfc3339
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.idempotency import once
from headgate_gateway.json import JsonObject
from headgate_gateway.routes.pages import list_answer, page_request


async def create(call: Call) -> Answer:
    """A new project."""

    async def produce() -> Answer:
        row = await call.gateway.projects.create(
            name=call.body["name"], metadata=call.body.get("metadata", {})
        )
        location = f"/v1/admin/projects/{row['id']}"
        return json_answer(_shown(row), status=201, headers={"Location": location})

    return await once(call, produce)


async def list_projects(call: Call) -> Answer:
    """One page of projects."""
    return list_answer(await call.gateway.projects.page(page_request(call)), _shown)


async def get(call: Call) -> Answer:
    """One project."""
    return json_answer(_shown(_found(await call.gateway.projects.get(_id(call)))))


async def update(call: Call) -> Answer:
    """A project with what the body names changed."""
    return json_answer(
        _shown(_found(await call.gateway.projects.update(_id(call), call.body)))
    )


async def delete(call: Call) -> Answer:
    """Remove a project that holds nothing."""
    if _id(call) == call.gateway.default_project:
        raise GatewayError(
            "resource_in_use", "Callers without a key of their own act in this project."
        )
    if not await call.gateway.projects.delete(
        _id(call), force=call.parameters.get("force", False)
    ):
        raise _unknown()
    call.gateway.authenticator.forget()
    return Answer(204)


async def purge(call: Call) -> Answer:
    """How much was erased of what was kept of a project's requests."""
    gateway, project_id = call.gateway, _id(call)
    # What was asked before goes too, also what is not written yet.
    await gateway.audit.flush()
    await gateway.meter.flush()
    erased = await gateway.projects.purge(project_id)
    if erased is None:
        raise _unknown()
    body = {"object": "project.purge", "project_id": project_id, "deleted": {**erased}}
    return json_answer(body)


def _id(call: Call) -> str:
    project_id: str = call.parameters["project_id"]
    return project_id


def _found(row: sa.RowMapping | None) -> sa.RowMapping:
    if row is None:
        raise _unknown()
    return row


def _unknown() -> GatewayError:
    return GatewayError("not_found", "There is no such project.")


def _shown(row: sa.RowMapping) -> JsonObject:
    return {
        "id": row["id"],
        "object": "project",
        "name": row["name"],
        "metadata": row["metadata"],
        "created_at": rfc3339(row["created_at"]),
        "updated_at": rfc3339(row["updated_at"]),
    }


HANDLERS: Mapping[str, Handler] = {
    "admin.projects.create": create,
    "admin.projects.list": list_projects,
    "admin.projects.get": get,
    "admin.projects.update": update,
    "admin.projects.delete": delete,
    "admin.projects.purge": purge,
}
