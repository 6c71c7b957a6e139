"""Whether the gateway lives and is ready, and what it speaks."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from headgate_gateway.http.answers import Answer, json_answer, json_bytes
from headgate_gateway.http.call import Call, Handler


async def live(call: Call) -> Answer:
    """The process answers."""
    return Answer(200, b"ok", {"Content-Type": "text/plain; charset=utf-8"})


async def ready(call: Call) -> Answer:
    """Whether new work would be taken, and if not, why."""
    draining = call.gateway.drain.begun.is_set()
    issues = ["The gateway is draining."] if draining else []
    if not await _store_answers(call):
        issues.append("The store does not answer.")
    body = {
        "ok": not issues,
        "auth_mode": call.gateway.settings.auth_mode,
        "draining": draining,
        "issues": issues,
    }
    return json_answer(body, status=503 if issues else 200)


async def spec(call: Call) -> Answer:
    """The OpenAPI document, byte for byte as it was bundled."""
    return json_bytes(call.gateway.specification.document)


async def event_spec(call: Call) -> Answer:
    """The events' JSON Schema."""
    return json_bytes(call.gateway.specification.events)


async def _store_answers(call: Call) -> bool:
    try:
        async with call.gateway.database.reading() as connection:
            await connection.execute(sa.select(1))
    except (SQLAlchemyError, OSError):
        return False
    return True


HANDLERS: Mapping[str, Handler] = {
    "health.live": live,
    "health.ready": ready,
    "health.spec": spec,
    "health.event_spec": event_spec,
}
