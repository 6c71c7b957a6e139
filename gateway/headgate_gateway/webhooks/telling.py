"""What is told of requests as they come: refusals, and what policies point out."""

from collections import OrderedDict
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from headgate_gateway.clock import now_ms
from headgate_gateway.errors import GatewayError
from headgate_gateway.ids import new_id
from headgate_gateway.json import JsonObject
from headgate_gateway.store.outbox import Happening
from headgate_gateway.store.webhooks import WebhookStore

_REMEMBERED = 4096
_MINUTE_MS = 60_000

_log = structlog.get_logger("headgate_gateway.webhooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The request that something is told of."""

    request_id: str
    operation: str
    project_id: str
    key_id: str | None
    agent_name: str | None


class Teller:
    """Writes down for webhooks what nothing else is written down for."""

    def __init__(self, store: WebhookStore) -> None:
        self._store = store
        self._told: OrderedDict[str, None] = OrderedDict()
        """What this process told of already, and need not look up again."""

    async def refused(self, asker: Asker, error: GatewayError) -> None:
        """A request is refused; the refusal stands, whatever becomes of this."""
        happening = _of_refusal(asker, error)
        if happening is None or happening.cause in self._told:
            return
        try:
            await self._tell(happening)
        except (SQLAlchemyError, OSError) as failure:
            _log.warning("webhook_untold", error=type(failure).__name__)

    async def matched(self, asker: Asker, policy: JsonObject, message: str) -> None:
        """A rule with the action ``webhook`` held; ``policy`` says which it was."""
        data = _of_policy(asker, policy, message)
        await self._tell(_happening("policy_matched", asker, new_id("evt"), data))

    async def _tell(self, happening: Happening) -> None:
        if await self._store.listens(happening.project_id):
            await self._store.tell(happening)
        self._told[happening.cause] = None
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)


def _of_refusal(asker: Asker, error: GatewayError) -> Happening | None:
    details = error.details or {}
    match error.code:
        case "policy_denied":
            data = _of_policy(asker, details, error.message)
            return _happening("policy_violated", asker, new_id("evt"), data)
        case "rate_limit_exceeded":
            policy_id = details.get("policy_id")
            minute = now_ms() // _MINUTE_MS
            cause = f"{asker.key_id} {policy_id} limit {minute}"
            data = {
                "key_id": asker.key_id,
                "policy_id": policy_id,
                "limit": details["limit"],
                "window": details["window"],
                "reset_at": details["reset_at"],
                "request_id": asker.request_id,
                "operation": asker.operation,
            }
            return _happening("rate_limit_exceeded", asker, cause, data)
        case _:
            return None


def _happening(kind: str, asker: Asker, cause: str, data: JsonObject) -> Happening:
    return Happening(type=kind, project_id=asker.project_id, cause=cause, data=data)


def _of_policy(asker: Asker, policy: JsonObject, message: str) -> JsonObject:
    return {
        "policy_id": policy.get("policy_id"),
        "policy_name": policy.get("policy_name"),
        "rule_index": policy.get("rule_index"),
        "message": message,
        "request_id": asker.request_id,
        "operation": asker.operation,
        "key_id": asker.key_id,
        "agent_name": asker.agent_name,
    }
