"""What was used, and how much may be spent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from headgate_gateway.clock import now_ms, parse_rfc3339, rfc3339, rfc3339_or_none
from headgate_gateway.dispatch.money import (
    PERIODS,
    Period,
    next_start,
    spelled,
    units,
)
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.json import JsonObject
from headgate_gateway.store.sums import UsageFilter

_TAG = "tag:"


async def get(call: Call) -> Answer:
    """What the caller's project used."""
    return await _summary(call, project_id=call.project_id)


async def get_all(call: Call) -> Answer:
    """What all projects used, or those asked for."""
    return await _summary(
        call,
        project_id=call.parameters.get("project_id"),
        key_id=call.parameters.get("key_id"),
    )


async def of_key(call: Call) -> Answer:
    """What was used with one key."""
    await _caps(call)
    return await _summary(call, key_id=_key_id(call))


async def list_caps(call: Call) -> Answer:
    """The caps of a key with what is spent."""
    caps = await _caps(call)
    data = [await _cap(call, name, caps[name]) for name in PERIODS if name in caps]
    return json_answer({"object": "list", "data": data})


async def get_cap(call: Call) -> Answer:
    """One cap; 404 without it."""
    caps, period = await _caps(call), _period(call)
    if period not in caps:
        raise _no_cap()
    return json_answer(await _cap(call, period, caps[period]))


async def set_cap(call: Call) -> Answer:
    """The cap as it is now."""
    period, limit = _period(call), call.body["limit_usd"]
    if not await call.gateway.usage.change_caps(_key_id(call), period, limit):
        raise _no_key()
    call.gateway.dispatcher.forget(_key_id(call))
    return json_answer(await _cap(call, period, limit))


async def delete_cap(call: Call) -> Answer:
    """Let the key spend without this bound."""
    await _caps(call)
    if not await call.gateway.usage.change_caps(_key_id(call), _period(call), None):
        raise _no_cap()
    call.gateway.dispatcher.forget(_key_id(call))
    return Answer(204)


async def _summary(
    call: Call, *, project_id: str | None = None, key_id: str | None = None
) -> Answer:
    after, before = (
        _milliseconds(call, f"created_{name}") for name in ("after", "before")
    )
    where = UsageFilter(
        project_id=project_id,
        key_id=key_id,
        created_after=after,
        created_before=before,
    )
    # What was answered a moment ago here is to be in the sums.
    await call.gateway.meter.flush()
    groups = await _groups(call, where)
    return json_answer(
        {
            "object": "usage_summary",
            "created_after": rfc3339_or_none(after),
            "created_before": rfc3339_or_none(before),
            **_sums(await call.gateway.usage_sums.totals(where)),
            "groups": groups,
        }
    )


async def _groups(call: Call, where: UsageFilter) -> list[JsonObject]:
    """The sums for each value of what is asked for."""
    sums = call.gateway.usage_sums
    match call.parameters.get("group_by"):
        case None:
            return []
        case "hour" | "day" as by:
            rows = await sums.series(where, by=by)
            return [{"value": rfc3339(row["value"]), **_sums(row)} for row in rows]
        case str(by) if by.startswith(_TAG):
            rows = await sums.of_tag(where, by.removeprefix(_TAG))
        case by:
            rows = await sums.groups(where, by=by)
    return [{"value": row["value"], **_sums(row)} for row in rows]


def _sums(row: Mapping[Any, Any]) -> JsonObject:
    counted = ("requests", "input_tokens", "output_tokens", "cache_read_tokens")
    return {
        **{name: row[name] for name in counted},
        "cost_usd": spelled(row["cost"]),
    }


async def _cap(call: Call, period: Period, limit: str) -> JsonObject:
    await call.gateway.meter.flush()
    spent = (await call.gateway.usage.spent(_key_id(call), {period: limit}))[period]
    allowed = units(Decimal(limit))
    return {
        "object": "spend_cap",
        "key_id": _key_id(call),
        "period": period,
        "limit_usd": spelled(allowed),
        "spent_usd": spelled(spent),
        "remaining_usd": spelled(allowed - spent),
        "resets_at": rfc3339_or_none(next_start(period, now_ms())),
    }


async def _caps(call: Call) -> dict[Period, str]:
    caps = await call.gateway.usage.caps(_key_id(call))
    if caps is None:
        raise _no_key()
    return caps


def _key_id(call: Call) -> str:
    key_id: str = call.parameters["key_id"]
    return key_id


def _period(call: Call) -> Period:
    period: Period = call.parameters["period"]
    return period


def _milliseconds(call: Call, name: str) -> int | None:
    text: str | None = call.parameters.get(name)
    return None if text is None else parse_rfc3339(text)


def _no_key() -> GatewayError:
    return GatewayError("not_found", "There is no such key.")


def _no_cap() -> GatewayError:
    return GatewayError("not_found", "The key has no such cap.")


HANDLERS: Mapping[str, Handler] = {
    "usage.get": get,
    "admin.usage.get": get_all,
    "admin.keys.usage": of_key,
    "admin.keys.spend_caps.list": list_caps,
    "admin.keys.spend_caps.get": get_cap,
    "admin.keys.spend_caps.set": set_cap,
    "admin.keys.spend_caps.delete": delete_cap,
}
