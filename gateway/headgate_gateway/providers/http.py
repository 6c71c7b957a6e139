"""Sends requests to providers and gives their bodies as they come."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager

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
    addresses holds; without one all are allowed.
    """

    def __init__(self, guard: AddressGuard | None = None) -> None:
        self._connections = ConnectionPool(guard)

    async def close(self) -> None:
        """Close all connections."""
        await self._connections.close()

    @asynccontextmanager
    async def opened(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: JsonObject,
        refusals: Refusals = PLAIN,
    ) -> AsyncGenerator["Reply", None]:
        """An answer whose body is still to be read; GatewayError for a failure."""
        try:
            async with self._connections.post(
                url, headers={"Content-Type": _JSON, **headers}, body=dumps(body)
            ) as answer:
                if answer.status != 200:
                    raise await _refused(answer, refusals)
                yield Reply(answer)
        except ForbiddenAddressError:
            raise _not_allowed() from None
        except TimeoutError:
            raise GatewayError(
                "upstream_timeout", "The provider could not be reached in time."
            ) from None
        except (BrokenConnectionError, OSError) as error:
            what = str(error) or type(error).__name__
            if isinstance(error, OSError):
                what = type(error).__name__
            raise GatewayError(
                "upstream_failed", f"The connection to the provider broke: {what}."
            ) from None

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


class Reply:
    """A provider's answer: a stream, or one piece of JSON."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @property
    def is_whole(self) -> bool:
        """Whether it comes in one piece, whatever was asked for."""
        return self._answer.media_type == _JSON

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes, however long."""
        return self._answer.pieces()

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


async def _refused(answer: Answer, refusals: Refusals) -> GatewayError:
    body = await answer.whole(_LONGEST_ERROR)
    return refusals.failure(answer.status, answer.headers, body[:_LONGEST_ERROR])
