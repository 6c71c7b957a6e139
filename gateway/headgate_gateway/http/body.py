"""A request's body as it arrives, bounded in size and in time."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from headgate_gateway.audit.facts import Facts
from headgate_gateway.errors import GatewayError
from headgate_gateway.http.edge import state_of
from headgate_gateway.http.request import arrived

_PACE = 500
"""Bytes for which a caller gets a second more, as Apache's mod_reqtimeout counts."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a body may be, in bytes, and how long it may be waited for."""

    size: int
    seconds: float
    """Before the first byte; 0: for ever."""

    def check_declared(self, request: Request) -> None:
        """413 for a body that says itself that it is too large."""
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.size:
            raise self.too_large()

    def too_large(self) -> GatewayError:
        """413."""
        return GatewayError(
            "payload_too_large",
            f"The body is larger than {self.size} bytes.",
            details={"limit_bytes": self.size},
            headers={"Connection": "close"},
        )


async def pieces(receive: Receive, bounds: Bounds) -> AsyncGenerator[bytes, None]:
    """The body as it comes; 413 when it is too large, 408 when it comes too slowly.

    Time counts only while it is waited for: a reader that is slow is not the caller's
    fault.
    """
    loop = asyncio.get_running_loop()
    size, waited, more = 0, 0.0, True
    while more:
        began = loop.time()
        left = bounds.seconds + size / _PACE - waited if bounds.seconds else None
        message = await _received(receive, left)
        waited += loop.time() - began
        piece: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(piece)
        if size > bounds.size:
            raise bounds.too_large()
        if piece:
            yield piece


def arrived_body(request: Request, bounds: Bounds, facts: Facts) -> bytes | None:
    """The whole body if it is there already, which is not waited for."""
    whole = arrived(request.scope)
    if whole is None:
        return None
    if len(whole) > bounds.size:
        raise bounds.too_large()
    facts.keep_request(whole)
    return whole


async def read_body(request: Request, bounds: Bounds) -> bytes:
    """The whole body, refused as soon as it is known to be too large."""
    bounds.check_declared(request)
    whole = arrived_body(request, bounds, state_of(request.scope).facts)
    if whole is not None:
        return whole
    return b"".join([piece async for piece in pieces(request.receive, bounds)])


def too_slow() -> GatewayError:
    """408, on a connection that is of no more use."""
    return GatewayError(
        "request_timeout",
        "The request did not arrive in time.",
        headers={"Connection": "close"},
    )


async def _received(receive: Receive, seconds: float | None) -> Message:
    try:
        async with asyncio.timeout(seconds):
            message = await receive()
    except TimeoutError:
        raise too_slow() from None
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message
