"""The response cache: an equal request of the same key gets the same answer."""

import hashlib
import re
from collections.abc import Awaitable, Callable

from headgate_gateway.clock import now_ms
from headgate_gateway.http.answers import Answer, json_bytes
from headgate_gateway.http.call import Call
from headgate_gateway.json import canonical
from headgate_gateway.store.cache import CacheStore, Place

LONGEST = 256 * 1024
"""Longer answers are not kept, in bytes."""

_TTL = re.compile(r"[0-9]{1,9}")
_LONGEST_TTL = 86_400
_STATUS = "X-Headgate-Cache"
_COST = "X-Cost-USD"


def from_cache(
    call: Call, produce: Callable[[], Awaitable[Answer]]
) -> Awaitable[Answer]:
    """The answer kept for an equal request, or the one that ``produce`` makes.

    Errors are raised and so never kept; streams do not come this way.
    """
    seconds = _seconds(call)
    return _cached(call, produce, seconds) if seconds else produce()


async def _cached(
    call: Call, produce: Callable[[], Awaitable[Answer]], seconds: float
) -> Answer:
    store = call.gateway.cache
    if _bypasses(call):
        return _told(store, await produce(), "BYPASS")
    place = _place_of(call)
    kept = await store.find(place)
    if kept is not None:
        headers, body = kept
        return _told(store, json_bytes(body, headers=headers), "HIT")
    made = await produce()
    if made.status == 200 and len(made.body) <= LONGEST:
        # The second time it costs nothing.
        free = {_COST: "0"} if _COST in made.headers else {}
        until = now_ms() + int(seconds * 1000)
        await store.keep(place, {**made.headers, **free}, made.body, until=until)
    return _told(store, made, "MISS")


def _told(store: CacheStore, answer: Answer, status: str) -> Answer:
    store.counts[status] += 1
    return Answer(answer.status, answer.body, {**answer.headers, _STATUS: status})


def _place_of(call: Call) -> Place:
    """Where the answer to a request is kept: every field of it counts."""
    whole = canonical([call.operation.id, call.body])
    return Place(
        scope=call.caller.scope,
        request=hashlib.sha256(whole).digest(),
        project_id=call.project_id,
    )


def _seconds(call: Call) -> float:
    """How long the answer may be kept: what the request says, or else the gateway."""
    asked = call.request.headers.get("x-headgate-cache-ttl")
    if asked and _TTL.fullmatch(asked):
        return min(int(asked), _LONGEST_TTL)
    return call.gateway.settings.cache_ttl


def _bypasses(call: Call) -> bool:
    if call.request.headers.get("x-headgate-no-cache", "").lower() == "true":
        return True
    return "no-cache" in call.request.headers.get("cache-control", "").lower()
