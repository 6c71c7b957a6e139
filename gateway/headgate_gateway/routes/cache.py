"""The response cache, for the operator."""

from collections.abc import Mapping

from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.json import JsonObject


async def stats(call: Call) -> Answer:
    """What the cache holds, and how often it helped."""
    cache = call.gateway.cache
    entries, size = await cache.size()
    hits, misses = cache.counts["HIT"], cache.counts["MISS"]
    return json_answer(
        {
            "object": "cache_stats",
            "entries": entries,
            "bytes": size,
            "hits": hits,
            "misses": misses,
            "hit_ratio": hits / (hits + misses) if hits + misses else None,
            "bypasses": cache.counts["BYPASS"],
        }
    )


async def flush(call: Call) -> Answer:
    """How many answers were forgotten."""
    body: JsonObject = call.body or {}
    deleted = await call.gateway.cache.flush(project_id=body.get("project_id"))
    return json_answer({"object": "cache_flushed", "deleted": deleted})


HANDLERS: Mapping[str, Handler] = {
    "admin.cache.stats": stats,
    "admin.cache.flush": flush,
}
