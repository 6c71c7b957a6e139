"""A proxied exchange on its way back: headers first, then bytes as they come."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, suppress
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.answers import Answer
from headgate_gateway.http.body import Bounds, pieces
from headgate_gateway.http.disconnect import until_gone
from headgate_gateway.http.ending import Ending
from headgate_gateway.outbound.client import OutboundClient, Outgoing
from headgate_gateway.proxying.headers import to_caller
from headgate_gateway.proxying.target import Target

if TYPE_CHECKING:
    import aiohttp

_LONGEST_KEPT = 8 * 1024 * 1024
"""An answer kept for an Idempotency-Key is no longer, in bytes."""


class LimitedBody:
    """A request's body, handed on as it arrives within its bounds."""

    def __init__(self, receive: Receive, bounds: Bounds) -> None:
        self._receive = receive
        self._bounds = bounds
        self.read = asyncio.Event()
        """Set: the body is all there, and the next thing to hear is that it is over."""
        self.refused: GatewayError | None = None

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        """The pieces."""
        try:
            async with aclosing(pieces(self._noted, self._bounds)) as body:
                async for piece in body:
                    yield piece
        except GatewayError as error:
            self.refused = error
            raise

    async def _noted(self) -> Message:
        message = await self._receive()
        if not message.get("more_body", False):
            self.read.set()
        return message


async def kept_answer(
    client: OutboundClient, request: Outgoing, target: Target
) -> Answer:
    """The whole answer, for those that are given again."""
    async with client.exchange(request) as answer:
        body = await answer.content.read(_LONGEST_KEPT + 1)
        while len(body) <= _LONGEST_KEPT and not answer.content.at_eof():
            body += await answer.content.read(_LONGEST_KEPT + 1 - len(body))
        if len(body) > _LONGEST_KEPT:
            raise GatewayError(
                "upstream_failed", "The answer is too long to be kept for its key."
            )
        headers = to_caller(answer.headers.items(), also=target.response_headers)
        return Answer(answer.status, body, headers)


class ProxiedAnswer:
    """An ASGI application that makes the exchange and streams its answer.

    A caller that leaves or takes nothing for ``stalled_reader`` seconds ends the
    exchange on both sides.
    """

    def __init__(
        self,
        client: OutboundClient,
        request: Outgoing,
        target: Target,
        *,
        body: LimitedBody | None,
        ends_on: Ending,
        stalled_reader: float,
    ) -> None:
        self._client = client
        self._request = request
        self._target = target
        self._body = body
        self._ends_on = ends_on
        self._stalled_reader = stalled_reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        work = asyncio.create_task(self._pass_on(send))
        gone = asyncio.create_task(self._until_gone(receive))
        over = asyncio.create_task(self._ends_on.wait())
        try:
            await asyncio.wait({work, gone, over}, return_when="FIRST_COMPLETED")
            if work.done():
                await work
            else:
                raise self._ends_on.reason if over.done() else ClientDisconnect
        finally:
            for task in (gone, over, work):
                task.cancel()
                with suppress(
                    asyncio.CancelledError, GatewayError, ClientDisconnect, OSError
                ):
                    await task

    async def _until_gone(self, receive: Receive) -> None:
        if self._body is not None:
            await self._body.read.wait()
        await until_gone(receive)

    async def _pass_on(self, send: Send) -> None:
        async with AsyncExitStack() as stack:
            try:
                answer = await stack.enter_async_context(
                    self._client.exchange(self._request)
                )
            except GatewayError as error:
                raise self._refusal() or error from None
            await self._send(send, self._start(answer))
            async for piece in _pieces(answer):
                await self._send(
                    send,
                    {"type": "http.response.body", "body": piece, "more_body": True},
                )
            await self._send(send, {"type": "http.response.body", "body": b""})

    def _refusal(self) -> GatewayError | None:
        """Why the body was refused; the client library does not pass that on."""
        return None if self._body is None else self._body.refused

    def _start(self, answer: "aiohttp.ClientResponse") -> dict[str, object]:
        headers = to_caller(answer.headers.items(), also=self._target.response_headers)
        length = answer.headers.get("Content-Length")
        if length is not None and answer.status not in (204, 304):
            headers["content-length"] = length
        return {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1", "replace"))
                for name, value in headers.items()
            ],
        }

    async def _send(self, send: Send, message: dict[str, object]) -> None:
        async with asyncio.timeout(self._stalled_reader):
            await send(message)


async def _pieces(answer: "aiohttp.ClientResponse") -> AsyncIterator[bytes]:
    async for piece in answer.content.iter_any():
        yield piece
