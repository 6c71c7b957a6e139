"""Sends requests to providers and gives their bodies as they come."""

from collections.abc import Awaitable, Coroutine, Mapping
from types import TracebackType
from typing import Any, NoReturn, Self

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject, dumps
from headgate_gateway.outbound.connection import BrokenConnectionError
from headgate_gateway.outbound.guard import AddressGuard, ForbiddenAddressError
from headgate_gateway.outbound.pool import Answer, ConnectionPool
from headgate_gateway.providers.dialects.failures import PLAIN, Refusals
from headgate_gateway.providers.wire import parse_object

_LONGEST_ERROR = 64 * 1024
_LONGEST_ANSWER = 128 * 1024 * 1024
_JSON = "application/json"


class UpstreamClient:
    """The connections to all providers, kept open between requests.

    Proxies and credentials of the environment are ignored and redirects not followed:
    a provider's key goes to that provider and nowhere else. What the guard says of
    addresses holds.
    """

    def __init__(self, guard: AddressGuard) -> None:
        self._connections = ConnectionPool(guard)

    async def close(self) -> None:
        """Close all connections."""
        await self._connections.close()

    def opened(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: JsonObject,
        refusals: Refusals = PLAIN,
    ) -> "Exchange":
        """An answer whose body is still to be read; GatewayError for a failure."""
        posted = self._connections.post(
            url, headers={"Content-Type": _JSON, **headers}, body=dumps(body)
        )
        return Exchange(posted, refusals)

    async def ask(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: JsonObject,
        refusals: Refusals = PLAIN,
    ) -> JsonObject:
        """The JSON object that a request is answered with; GatewayError for another."""
        with self.opened(
            url, headers={"Accept": _JSON, **headers}, body=body, refusals=refusals
        ) as exchange:
            await exchange.begin()
            return await exchange.whole()


class Exchange:
    """One request and its answer, within a block in which it can be read.

    What goes wrong in the block on the way is told as a failure. There is nothing to
    wait for at its ends: contexts that may wait cost each request more than its bytes.
    """

    def __init__(self, posted: Coroutine[Any, Any, Answer], refusals: Refusals) -> None:
        self._posted = posted
        self._refusals = refusals
        self._answer: Answer
        self._is_answered = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go of the answer."""
        if self._is_answered:
            self._answer.close()
        if error is not None and (told := _told(error)) is not error:
            raise told from None

    async def begin(self) -> None:
        """Send the request; GatewayError where it is refused."""
        answer = self._answer = await self._posted
        self._is_answered = True
        if answer.status != 200:
            await _refuse(answer, self._refusals)

    @property
    def is_whole(self) -> bool:
        """Whether the answer comes in one piece, whatever was asked for."""
        return self._answer.media_type == _JSON

    def read(self) -> Awaitable[bytes]:
        """What has come of the answer's body; empty at its end."""
        return self._answer.read()

    def arrived(self) -> JsonObject | None:
        """The body as ``whole`` gives it, if all of it is there."""
        body = self._answer.arrived()
        return None if body is None else self._object(body)

    async def whole(self) -> JsonObject:
        """The body, which is a JSON object of bounded size."""
        return self._object(await self._answer.whole(_LONGEST_ANSWER))

    @staticmethod
    def _object(body: bytes) -> JsonObject:
        if len(body) > _LONGEST_ANSWER:
            raise GatewayError(
                "upstream_failed", "The provider sent an answer beyond all bounds."
            )
        return parse_object(body)


def _told(error: BaseException) -> BaseException:
    """What goes wrong on the way, in the gateway's own words."""
    match error:
        case ForbiddenAddressError():
            return _not_allowed()
        case TimeoutError():
            return GatewayError(
                "upstream_timeout", "The provider could not be reached in time."
            )
        case BrokenConnectionError() | OSError():
            known = isinstance(error, BrokenConnectionError)
            what = str(error) if known else type(error).__name__
            return GatewayError(
                "upstream_failed", f"The connection to the provider broke: {what}."
            )
        case _:
            return error


def _not_allowed() -> GatewayError:
    return GatewayError(
        "upstream_failed", "The provider's address is not allowed.", retryable=False
    )


async def _refuse(answer: Answer, refusals: Refusals) -> NoReturn:
    body = await answer.whole(_LONGEST_ERROR)
    raise refusals.failure(answer.status, answer.headers, body[:_LONGEST_ERROR])
