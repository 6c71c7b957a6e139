"""Limits of keys: how often they are used, and how many times at once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from headgate_gateway.clock import now_ms, rfc3339
from headgate_gateway.errors import GatewayError
from headgate_gateway.principals import Principal
from headgate_gateway.specification import Operation
from headgate_gateway.store.limits import Bucket, LimitStore, Taken

_ASKS_TO_WAIT = 1.0
"""What a request that is one too many is told to wait, in seconds."""


class Limits:
    """Lets requests through as the limits of their keys allow."""

    def __init__(self, store: LimitStore) -> None:
        self._store = store

    @staticmethod
    def hold(principal: Principal | None) -> bool:
        """Whether the caller's key has limits at all."""
        return principal is not None and (
            principal.rate_limit is not None or principal.max_concurrent is not None
        )

    @asynccontextmanager
    async def held(
        self, principal: Principal | None, operation: Operation
    ) -> AsyncGenerator[dict[str, str], None]:
        """Count a request while it is answered; gives headers for its answer."""
        if principal is None or principal.key_id is None:
            yield {}
            return
        headers = await self._counted(principal, principal.key_id)
        place = await self._place(principal, principal.key_id, operation)
        try:
            yield headers
        finally:
            if place is not None:
                await asyncio.shield(self._store.leave(place))

    async def _counted(self, principal: Principal, key_id: str) -> dict[str, str]:
        """429 when the key's bucket is empty."""
        bucket = bucket_of(principal)
        if bucket is None:
            return {}
        now = now_ms()
        taken = await self._store.take(key_id, bucket, now=now)
        headers = _rate_headers(bucket, taken, now=now)
        if taken.allowed:
            return headers
        raise GatewayError(
            "rate_limit_exceeded",
            f"The key allows {bucket.requests} requests in "
            f"{bucket.window_ms // 1000} s.",
            retry_after=taken.wait_ms / 1000,
            details={
                "limit": bucket.requests,
                "window": f"{bucket.window_ms // 1000}s",
                "reset_at": rfc3339(now + taken.full_in_ms),
            },
            headers=headers,
        )

    async def _place(
        self, principal: Principal, key_id: str, operation: Operation
    ) -> str | None:
        """429 when too many requests of the key are in flight.

        Reading is not counted: who follows a stream for hours keeps nobody from work.
        """
        most = principal.max_concurrent
        if most is None or not _works(operation):
            return None
        place, current = await self._store.enter(key_id, most)
        if place is None:
            raise GatewayError(
                "concurrent_limit_exceeded",
                f"The key may have {most} requests at the same time.",
                retry_after=_ASKS_TO_WAIT,
                details={
                    "current": current,
                    "max": most,
                    "hint": "Wait for one of them to end.",
                },
            )
        return place


def bucket_of(principal: Principal) -> Bucket | None:
    """The bucket of a caller's key, if it has one."""
    limit = principal.rate_limit
    return (
        None if limit is None else Bucket(requests=limit[0], window_ms=limit[1] * 1000)
    )


def _works(operation: Operation) -> bool:
    return operation.method != "GET" or operation.id.startswith("proxy.")


def _rate_headers(bucket: Bucket, taken: Taken, *, now: int) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(bucket.requests),
        "X-RateLimit-Remaining": str(taken.remaining),
        "X-RateLimit-Reset": str(-(-(now + taken.full_in_ms) // 1000)),
    }
