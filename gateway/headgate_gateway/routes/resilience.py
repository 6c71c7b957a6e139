"""How far limits are used up, and how the providers fare."""

from collections.abc import Mapping
from statistics import mean

from headgate_gateway.clock import now_ms, rfc3339
from headgate_gateway.dispatch.breaker import State
from headgate_gateway.dispatch.upstreams import Upstream
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.limits import bucket_of
from headgate_gateway.json import JsonObject


async def get(call: Call) -> Answer:
    """The signals of this moment."""
    dispatcher = call.gateway.dispatcher
    upstreams, own = dispatcher.upstreams, await dispatcher.breakers_of(call.payer)
    known, now = upstreams.known(), upstreams.now()
    breakers = {one.provider: upstreams.breaker(one.provider, own) for one in known}
    scores = [_score(one, breakers[one.provider].state(now)) for one in known]
    return json_answer(
        {
            "object": "signals_snapshot",
            "timestamp": rfc3339(now_ms()),
            "inflight": await _in_flight(call),
            "rate_limiter": await _rate(call),
            "circuit_breakers": [
                {
                    "upstream": provider,
                    "state": breaker.state(now),
                    "failure_count": breaker.failures,
                    "threshold": breaker.threshold.failures,
                    "cooldown_remaining_s": breaker.cooldown(now),
                }
                for provider, breaker in breakers.items()
            ],
            "health_score": mean(scores) if scores else 1.0,
        }
    )


async def list_upstreams(call: Call) -> Answer:
    """Each provider that was asked."""
    upstreams = call.gateway.dispatcher.upstreams
    now = upstreams.now()
    data = [
        {
            "object": "upstream_health",
            "provider": upstream.provider,
            "status": upstream.status(now),
            "circuit_state": upstream.breaker.state(now),
            "error_rate": upstream.error_rate,
            "cooldown_remaining_s": upstream.breaker.cooldown(now),
        }
        for upstream in upstreams.known()
    ]
    return json_answer({"object": "list", "data": data})


async def _in_flight(call: Call) -> JsonObject:
    most, key_id = call.caller.max_concurrent, call.caller.key_id
    if most is None or key_id is None:
        return {"max_concurrent": None, "in_use": 0, "available": None}
    used = await call.gateway.limit_store.current(key_id)
    return {
        "max_concurrent": most,
        "in_use": used,
        "available": max(most - used, 0),
    }


async def _rate(call: Call) -> JsonObject:
    bucket, key_id, now = bucket_of(call.caller), call.caller.key_id, now_ms()
    if bucket is None or key_id is None:
        return {"limit": None, "remaining": None, "reset_at": None, "throttled": False}
    level = await call.gateway.limit_store.level(key_id, bucket, now=now)
    return {
        "limit": bucket.requests,
        "remaining": level // bucket.window_ms,
        "reset_at": rfc3339(now + bucket.milliseconds(bucket.size - level)),
        "throttled": level < bucket.window_ms,
    }


def _score(upstream: Upstream, state: State) -> float:
    """How far a provider is to be counted on; not at all while it is left alone."""
    return 0.0 if state == "open" else 1.0 - upstream.error_rate


HANDLERS: Mapping[str, Handler] = {
    "resilience.get": get,
    "health.upstreams": list_upstreams,
}
