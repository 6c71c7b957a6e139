"""Gateway keys, for the operator."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from headgate_gateway.clock import now_ms, parse_rfc3339, rfc3339, rfc3339_or_none
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.idempotency import once
from headgate_gateway.json import JsonObject
from headgate_gateway.keys import Secret, new_gateway_secret
from headgate_gateway.routes.pages import list_answer, page_request
from headgate_gateway.store.keys import new_key


async def create(call: Call) -> Answer:
    """A new key with its secret, which is shown this once."""

    async def produce() -> Answer:
        secret = new_gateway_secret(call.body["project_id"])
        row = await call.gateway.keys.create(
            _new_key(call.body, secret), call.gateway.hasher.digest(secret.text)
        )
        if row is None:
            raise GatewayError(
                "not_found", "There is no such project.", param="project_id"
            )
        location = f"/v1/admin/keys/{row['id']}"
        return json_answer(
            _with_secret(row, secret), status=201, headers={"Location": location}
        )

    return await once(call, produce)


async def list_keys(call: Call) -> Answer:
    """One page of keys."""
    page = await call.gateway.keys.page(
        page_request(call),
        project_id=call.parameters.get("project_id"),
        status=call.parameters.get("status"),
    )
    return list_answer(page, _shown)


async def get(call: Call) -> Answer:
    """One key without its secret."""
    return json_answer(_shown(_found(await call.gateway.keys.get(_id(call)))))


async def update(call: Call) -> Answer:
    """A key with what the body names changed."""
    changes = dict(call.body)
    if "expires_at" in changes:
        changes["expires_at"] = _milliseconds(changes["expires_at"])
    if "circuit_breaker" in changes:
        changes["circuit_breaker"] = _circuit_breaker(changes["circuit_breaker"])
    return json_answer(_shown(await _changed(call, changes)))


async def revoke(call: Call) -> Answer:
    """Refuse the key from now on; doing so again changes nothing."""
    row = _found(await call.gateway.keys.get(_id(call)))
    if row["status"] != "revoked":
        row = await _changed(call, {"status": "revoked", "revoked_at": now_ms()})
    return json_answer(_shown(row))


async def rotate(call: Call) -> Answer:
    """A new secret; the old ones stay good for as long as the body says."""
    row = _found(await call.gateway.keys.get(_id(call)))
    if row["status"] == "revoked":
        raise GatewayError("conflict", "The key was revoked and gets no new secret.")
    secret = new_gateway_secret(row["project_id"])
    body: JsonObject = call.body or {}
    rotated = await call.gateway.keys.rotate(
        row["id"],
        digest=call.gateway.hasher.digest(secret.text),
        prefix=secret.prefix,
        old_valid_until=now_ms() + body.get("grace_s", 0) * 1000,
    )
    call.gateway.authenticator.forget()
    await call.gateway.key_watch.look()
    return json_answer(_with_secret(_found(rotated), secret))


async def delete(call: Call) -> Answer:
    """Remove the key; requests with it are refused as unknown."""
    if not await call.gateway.keys.delete(_id(call)):
        raise _unknown()
    call.gateway.authenticator.forget()
    await call.gateway.key_watch.look()
    return Answer(204)


async def _changed(call: Call, changes: dict[str, Any]) -> sa.RowMapping:
    row = await call.gateway.keys.update(_id(call), {**changes, "updated_at": now_ms()})
    call.gateway.vault.forget()
    call.gateway.authenticator.forget()
    call.gateway.dispatcher.forget(_id(call))
    await call.gateway.key_watch.look()
    return _found(row)


def _new_key(body: JsonObject, secret: Secret) -> dict[str, Any]:
    return new_key(
        name=body["name"],
        project_id=body["project_id"],
        secret=secret,
        allowed_models=body.get("allowed_models"),
        allowed_services=body.get("allowed_services"),
        credential_id=body.get("credential_id"),
        scopes=body.get("scopes", ()),
        upstream_url=body.get("upstream_url"),
        log_level=body.get("log_level", "metadata"),
        rate_limit=body.get("rate_limit"),
        max_concurrent=body.get("max_concurrent"),
        circuit_breaker=_circuit_breaker(body.get("circuit_breaker")),
        tags=body.get("tags"),
        metadata=body.get("metadata"),
        expires_at=_milliseconds(body.get("expires_at")),
    )


def _circuit_breaker(given: JsonObject | None) -> JsonObject | None:
    """When a key's breakers open, with what is left to the specification."""
    return given and {"success_threshold": 2, "cooldown_s": 30, **given}


def _milliseconds(text: str | None) -> int | None:
    return None if text is None else parse_rfc3339(text)


def _id(call: Call) -> str:
    key_id: str = call.parameters["key_id"]
    return key_id


def _found(row: sa.RowMapping | None) -> sa.RowMapping:
    if row is None:
        raise _unknown()
    return row


def _unknown() -> GatewayError:
    return GatewayError("not_found", "There is no such key.")


def _with_secret(row: sa.RowMapping, secret: Secret) -> JsonObject:
    return {**_shown(row), "secret": secret.text}


def _shown(row: sa.RowMapping) -> JsonObject:
    return {
        "id": row["id"],
        "object": "key",
        "name": row["name"],
        "project_id": row["project_id"],
        "prefix": row["prefix"],
        "status": row["status"],
        "allowed_models": row["allowed_models"],
        "credential_id": row["credential_id"],
        "scopes": row["scopes"],
        "upstream_url": row["upstream_url"],
        "log_level": row["log_level"],
        "allowed_services": row["allowed_services"],
        "rate_limit": row["rate_limit"],
        "max_concurrent": row["max_concurrent"],
        "circuit_breaker": row["circuit_breaker"],
        "tags": row["tags"],
        "metadata": row["metadata"],
        "created_at": rfc3339(row["created_at"]),
        "updated_at": rfc3339(row["updated_at"]),
        "expires_at": rfc3339_or_none(row["expires_at"]),
        "last_used_at": rfc3339_or_none(row["last_used_at"]),
        "revoked_at": rfc3339_or_none(row["revoked_at"]),
    }


HANDLERS: Mapping[str, Handler] = {
    "admin.keys.create": create,
    "admin.keys.list": list_keys,
    "admin.keys.get": get,
    "admin.keys.update": update,
    "admin.keys.revoke": revoke,
    "admin.keys.rotate": rotate,
    "admin.keys.delete": delete,
}
