"""Sends requests to providers and gives their bodies as they come."""

from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Any, NoReturn

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
        async with self.opened(
            url, headers={"Accept": _JSON, **headers}, body=body, refusals=refusals
        ) as reply:
            return await reply.whole()


class Exchange:
    """One request and its answer, as a context in which the answer can be read.

    A class, since an asynchronous generator in this place costs each request more than
    the request's own bytes do.
    """

    def __init__(self, posted: Coroutine[Any, Any, Answer], refusals: Refusals) -> None:
        self._posted = posted
        self._refusals = refusals
        self._answer: Answer | None = None

    async def __aenter__(self) -> "Reply":
        """Send the request."""
        try:
            answer = self._answer = await self._posted
            if answer.status != 200:
                await _refuse(answer, self._refusals)
        except BaseException as error:  # noqa: BLE001 - raised, in other words or its own
            self._close()
            raise _told(error) from None
        return Reply(answer)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go of the answer; what went wrong in reading it is told as a failure."""
        self._close()
        if error is not None and (told := _told(error)) is not error:
            raise told from None

    def _close(self) -> None:
        if self._answer is not None:
            self._answer.close()


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


class Reply:
    """A provider's answer: a stream, or one piece of JSON."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @property
    def is_whole(self) -> bool:
        """Whether it comes in one piece, whatever was asked for."""
        return self._answer.media_type == _JSON

    async def read(self) -> bytes:
        """What has come of the body; empty at its end."""
        return await self._answer.read()

    async def whole(self) -> JsonObject:
        """The body, which is a JSON object of bounded size."""
        body = await self._answer.whole(_LONGEST_ANSWER)
        if len(body) > _LONGEST_ANSWER:
            raise GatewayError(
                "upstream_failed", "The provider sent an answer beyond all bounds."
            )
        return parse_object(body)


def _not_allowed() -> GatewayError:
    return GatewayError("upstream_failed", "The provider's address is not allowed.")


async def _refuse(answer: Answer, refusals: Refusals) -> NoReturn:
    body = await answer.whole(_LONGEST_ERROR)
    raise refusals.failure(answer.status, answer.headers, body[:_LONGEST_ERROR])
