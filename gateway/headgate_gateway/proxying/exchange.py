"""A proxied exchange on its way back: headers first, then bytes as they come."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from headgate_gateway.errors import GatewayError
from headgate_gateway.headers import are_encoded
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
_WITHOUT_BODY = (204, 304)


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


@dataclass(frozen=True, slots=True)
class _Said:
    """What an upstream answered, as its caller may have it."""

    status: int
    headers: dict[str, str]
    length: str | None
    """Of the body, as the upstream declared it."""
    pieces: AsyncIterable[bytes]


@asynccontextmanager
async def _said(
    client: OutboundClient, request: Outgoing, target: Target
) -> AsyncGenerator[_Said, None]:
    """The answer to a request; nothing else of it leads to callers.

    GatewayError where none comes, or where it may hide the target's credential.
    """
    async with AsyncExitStack() as stack:
        answer = await stack.enter_async_context(client.exchange(request))
        given = ((name, _octets(value)) for name, value in answer.headers.items())
        headers = to_caller(given, also=target.response_headers)
        pieces: AsyncIterable[bytes] = answer.content.iter_any()
        mask = target.mask()
        if mask is not None:
            _require_readable(answer)
            headers = mask.headers(headers)
            masked = aclosing(mask.pieces(pieces))
            pieces = await stack.enter_async_context(masked)
        length = answer.headers.get("Content-Length")
        yield _Said(answer.status, headers, length, pieces)


def _octets(value: str) -> str:
    """A header's value as its bytes, each one character: it is sent on as it came."""
    return value.encode("utf-8", "surrogateescape").decode("latin-1")


def _require_readable(answer: "aiohttp.ClientResponse") -> None:
    """502 for a body in which a credential could not be seen."""
    has_body = (
        answer.status not in _WITHOUT_BODY
        and answer.headers.get("Content-Length") != "0"
    )
    if has_body and are_encoded(answer.headers.getall("Content-Encoding", ())):
        raise GatewayError(
            "upstream_failed",
            "The upstream's answer is encoded, which was not asked for: it may hold "
            "the credential that was sent.",
            retryable=False,
        )


async def kept_answer(
    client: OutboundClient, request: Outgoing, target: Target
) -> Answer:
    """The whole answer, for those that are given again."""
    async with _said(client, request, target) as said:
        body = bytearray()
        async for piece in said.pieces:
            body += piece
            if len(body) > _LONGEST_KEPT:
                raise GatewayError(
                    "upstream_failed", "The answer is too long to be kept for its key."
                )
        return Answer(said.status, bytes(body), said.headers)


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
                said = await stack.enter_async_context(
                    _said(self._client, self._request, self._target)
                )
            except GatewayError as error:
                raise self._refusal() or error from None
            await self._send(send, _start(said))
            async for piece in said.pieces:
                await self._send(
                    send,
                    {"type": "http.response.body", "body": piece, "more_body": True},
                )
            await self._send(send, {"type": "http.response.body", "body": b""})

    def _refusal(self) -> GatewayError | None:
        """Why the body was refused; the client library does not pass that on."""
        return None if self._body is None else self._body.refused

    async def _send(self, send: Send, message: dict[str, object]) -> None:
        async with asyncio.timeout(self._stalled_reader):
            await send(message)


def _start(said: _Said) -> dict[str, object]:
    headers = dict(said.headers)
    if said.length is not None and said.status not in _WITHOUT_BODY:
        headers["content-length"] = said.length
    return {
        "type": "http.response.start",
        "status": said.status,
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ],
    }
