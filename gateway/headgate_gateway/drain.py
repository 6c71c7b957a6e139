"""Stopping in order: take nothing new, let running work end, then cut what is left."""

import asyncio

from headgate_gateway.errors import GatewayError


class Drain:
    """How far the gateway is on its way out."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        """Set: nothing new is taken."""
        self.forced = asyncio.Event()
        """Set: streams that are still open end now."""

    def refuse_new_work(self) -> None:
        """Raise 503 once draining has begun."""
        if self.begun.is_set():
            raise GatewayError(
                "draining",
                "The gateway is stopping and takes no new work.",
                retry_after=1,
                headers={"Connection": "close"},
            )
