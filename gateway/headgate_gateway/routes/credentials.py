"""Upstream credentials, for the operator. Secrets come in and never go out."""

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

_SHOWN = 4
_BEARER: JsonObject = {"mode": "bearer"}


async def create(call: Call) -> Answer:
    """A new credential without its secret."""

    async def produce() -> Answer:
        row = await call.gateway.credentials.create(_new(call))
        if row is None:
            raise GatewayError(
                "not_found", "There is no such project.", param="project_id"
            )
        call.gateway.vault.forget()
        location = f"/v1/admin/credentials/{row['id']}"
        return json_answer(_shown(row), status=201, headers={"Location": location})

    return await once(call, produce)


async def list_credentials(call: Call) -> Answer:
    """One page of credentials."""
    page = await call.gateway.credentials.page(
        page_request(call),
        project_id=call.parameters.get("project_id"),
        provider=call.parameters.get("provider"),
    )
    return list_answer(page, _shown)


async def get(call: Call) -> Answer:
    """One credential without its secret."""
    return json_answer(_shown(_found(await call.gateway.credentials.get(_id(call)))))


async def update(call: Call) -> Answer:
    """A credential with what the body names changed."""
    changes = {**call.body, "updated_at": now_ms()}
    row = await call.gateway.credentials.update(_id(call), changes)
    call.gateway.vault.forget()
    return json_answer(_shown(_found(row)))


async def rotate(call: Call) -> Answer:
    """A new secret in place of the old, or the old one under the newest master key."""
    vault = call.gateway.vault
    row = _found(await call.gateway.credentials.get(_id(call)))
    body: JsonObject = call.body or {}
    if "secret" not in body:
        return json_answer(_shown(_found(await vault.reseal(row))))
    now = now_ms()
    changes = {
        **_sealed(call, body["secret"], row["project_id"], row["id"]),
        "updated_at": now,
        "rotated_at": now,
    }
    changed = await call.gateway.credentials.update(row["id"], changes)
    vault.forget()
    return json_answer(_shown(_found(changed)))


async def delete(call: Call) -> Answer:
    """Erase a credential that nothing uses."""
    if not await call.gateway.credentials.delete(_id(call)):
        raise _unknown()
    call.gateway.vault.forget()
    return Answer(204)


def _new(call: Call) -> JsonObject:
    body, now = call.body, now_ms()
    credential_id = new_id("cred")
    return {
        "id": credential_id,
        "project_id": body["project_id"],
        "name": body["name"],
        "provider": body.get("provider"),
        "host": body.get("host"),
        "injection": body.get("injection", _BEARER),
        "created_at": now,
        "updated_at": now,
        **_sealed(call, body["secret"], body["project_id"], credential_id),
    }


def _sealed(
    call: Call, secret: str, project_id: str, credential_id: str
) -> dict[str, object]:
    vault = call.gateway.vault
    return {
        "sealed": vault.seal(
            secret, project_id=project_id, credential_id=credential_id
        ),
        "kek_version": vault.version,
        # Of a short secret four characters would be half of it.
        "last4": secret[-min(_SHOWN, len(secret) // 4) :] if len(secret) >= 4 else "",
    }


def _id(call: Call) -> str:
    credential_id: str = call.parameters["credential_id"]
    return credential_id


def _found(row: sa.RowMapping | None) -> sa.RowMapping:
    if row is None:
        raise _unknown()
    return row


def _unknown() -> GatewayError:
    return GatewayError("not_found", "There is no such credential.")


def _shown(row: sa.RowMapping) -> JsonObject:
    return {
        "id": row["id"],
        "object": "credential",
        "name": row["name"],
        "project_id": row["project_id"],
        "provider": row["provider"],
        "host": row["host"],
        "injection": row["injection"],
        "last4": row["last4"],
        "kek_version": row["kek_version"],
        "created_at": rfc3339(row["created_at"]),
        "updated_at": rfc3339(row["updated_at"]),
        "rotated_at": rfc3339_or_none(row["rotated_at"]),
    }


HANDLERS: Mapping[str, Handler] = {
    "admin.credentials.create": create,
    "admin.credentials.list": list_credentials,
    "admin.credentials.get": get,
    "admin.credentials.update": update,
    "admin.credentials.rotate": rotate,
    "admin.credentials.delete": delete,
}
