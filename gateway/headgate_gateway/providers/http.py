"""Sends requests to providers and gives their bodies as they come."""

from collections.abc import AsyncGenerator, Mapping

import aiohttp

from headgate_gateway.errors import GatewayError
from headgate_gateway.json import JsonObject, dumps
from headgate_gateway.providers.dialects.failures import answered_failure

_CONNECT_SECONDS = 5.0
_LONGEST_ERROR = 64 * 1024


class UpstreamClient:
    """The connections to all providers, kept open between requests.

    Proxies and credentials of the environment are ignored and redirects not followed:
    a provider's key goes to that provider and nowhere else.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def post(
        self, url: str, *, headers: Mapping[str, str], body: JsonObject
    ) -> AsyncGenerator[bytes, None]:
        """The pieces of a streamed answer; GatewayError for any other."""
        try:
            async with self._opened().post(
                url,
                data=dumps(body),
                headers={
                    "Content-Type": "application/json",
                    "Accept": "text/event-stream",
                    **headers,
                },
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    raise await _refused(answer)
                async for piece in answer.content.iter_any():
                    yield piece
        except TimeoutError:
            raise GatewayError(
                "upstream_timeout", "The provider could not be reached in time."
            ) from None
        except aiohttp.ClientError as error:
            raise GatewayError(
                "upstream_failed",
                f"The connection to the provider broke: {type(error).__name__}.",
            ) from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=_CONNECT_SECONDS
                ),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=0),
            )
        return self._session


async def _refused(answer: aiohttp.ClientResponse) -> GatewayError:
    body = await answer.content.read(_LONGEST_ERROR)
    retry_after = _seconds(answer.headers.get("Retry-After"))
    return answered_failure(answer.status, body, retry_after=retry_after)


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
