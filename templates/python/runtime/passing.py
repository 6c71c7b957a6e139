# Fixed runtime of a generated SDK: the same source in every package.
"""Calls of what an API passes on, by method and path alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypedDict, TypeVar, Unpack
from urllib.parse import quote, unquote

from .clients import AsyncClient, SyncClient
from .errors import ConfigurationError
from .requests import Arguments, Operation
from .settings import RequestOptions

Options = TypeVar("Options", bound=RequestOptions)
"""The options that a call of this API may have."""
_KEPT = "/%:@!$&'()*+,;=~-._?"
"""What stands in a path as it is; a part that begins with `?` is its query."""


class Asked(TypedDict, Generic[Options], total=False):
    """What a call of a path may be given."""

    query: Mapping[str, Any] | None
    """What is put behind the path's own query."""
    options: Options | None


class Sent(Asked[Options], total=False):
    """What a call of a path may be given that sends a body: JSON, else bytes."""

    json: Any
    content: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCall:
    """A call of a path as it will be made.

    An answer with the header `own_errors` is the API's own and raised.
    """

    operation: Operation
    arguments: Arguments
    options: RequestOptions | None
    own_errors: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """What was answered, as it came; header names are read in lower case."""

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    request_id: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return 200 <= self.status_code < 300

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Read the body as JSON; raises ValueError if it is none."""
        return json.loads(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """Where such calls go: behind `under`, unless they begin with one of `direct`.

    An answer with the header `own_errors` is the API's own and raised; a success with
    the header `pending` is not there yet.
    """

    under: str
    direct: tuple[str, ...] = ()
    own_errors: str | None = None
    pending: str | None = None
    credentials: tuple[tuple[str, ...], ...] = ()

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawCall:
        """Give the call of a path with what it was given."""
        body = json if content is None else content
        return RawCall(
            operation=self._operation(method, path, is_bytes=content is not None),
            arguments=Arguments(query=query or {}, body=body),
            options=options,
            own_errors=self.own_errors,
        )

    def _operation(self, method: str, path: str, *, is_bytes: bool) -> Operation:
        """Give the call of a path; one with `.` or `..` in it is refused."""
        path = path if path.startswith("/") else f"/{path}"
        if any(
            unquote(each) in (".", "..") for each in path.partition("?")[0].split("/")
        ):
            raise ConfigurationError("a path has no dots for a step")
        start = "" if path.startswith(self.direct) else self.under
        method = method.upper()
        repeats = method in ("POST", "PATCH")
        return Operation(
            method=method,
            path=start + quote(path, safe=_KEPT),
            accept="*/*",
            body="binary" if is_bytes else "json",
            content_type="application/octet-stream" if is_bytes else "application/json",
            credentials=self.credentials,
            idempotency="key" if repeats else "none",
            pending_header=self.pending,
        )


class SyncPassingClient(SyncClient, Generic[Options]):
    """A client that also calls what the API passes on."""

    _passing: Passing

    def request(
        self, method: str, path: str, **sent: Unpack[Sent[Options]]
    ) -> RawAnswer:
        """Call a path and give what was answered, whatever its status."""
        return self._core.pass_on(self._passing.call(method, path, **sent))

    def get(self, path: str, **asked: Unpack[Asked[Options]]) -> RawAnswer:
        """Get a path."""
        return self.request("GET", path, **asked)

    def delete(self, path: str, **asked: Unpack[Asked[Options]]) -> RawAnswer:
        """Delete what is at a path."""
        return self.request("DELETE", path, **asked)

    def post(self, path: str, **sent: Unpack[Sent[Options]]) -> RawAnswer:
        """Post to a path."""
        return self.request("POST", path, **sent)

    def put(self, path: str, **sent: Unpack[Sent[Options]]) -> RawAnswer:
        """Put something at a path."""
        return self.request("PUT", path, **sent)

    def patch(self, path: str, **sent: Unpack[Sent[Options]]) -> RawAnswer:
        """Change what is at a path."""
        return self.request("PATCH", path, **sent)


class AsyncPassingClient(AsyncClient, Generic[Options]):
    """A client that also calls what the API passes on."""

    _passing: Passing

    async def request(
        self, method: str, path: str, **sent: Unpack[Sent[Options]]
    ) -> RawAnswer:
        """Call a path and give what was answered, whatever its status."""
        return await self._core.pass_on(self._passing.call(method, path, **sent))

    async def get(self, path: str, **asked: Unpack[Asked[Options]]) -> RawAnswer:
        """Get a path."""
        return await self.request("GET", path, **asked)

    async def delete(self, path: str, **asked: Unpack[Asked[Options]]) -> RawAnswer:
        """Delete what is at a path."""
        return await self.request("DELETE", path, **asked)

    async def post(self, path: str, **sent: Unpack[Sent[Options]]) -> RawAnswer:
        """Post to a path."""
        return await self.request("POST", path, **sent)

    async def put(self, path: str, **sent: Unpack[Sent[Options]]) -> RawAnswer:
        """Put something at a path."""
        return await self.request("PUT", path, **sent)

    async def patch(self, path: str, **sent: Unpack[Sent[Options]]) -> RawAnswer:
        """Change what is at a path."""
        return await self.request("PATCH", path, **sent)
