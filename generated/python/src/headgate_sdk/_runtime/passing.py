# Fixed runtime of a generated SDK: the same source in every package.
"""Calls of what an API passes on, by method and path alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from .clients import AsyncClient, SyncClient
from .errors import ConfigurationError
from .requests import Arguments, Operation
from .settings import RequestOptions

_KEPT = "/%:@!$&'()*+,;=~-._?"
"""What stands in a path as it is; a part that begins with `?` is its query."""


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

    An answer with the header `own_errors` is the API's own and raised.
    """

    under: str
    direct: tuple[str, ...] = ()
    own_errors: str | None = None
    credentials: tuple[tuple[str, ...], ...] = ()

    def operation(self, method: str, path: str, *, is_bytes: bool) -> Operation:
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
        )


def _arguments(
    json: Any, content: bytes | None, query: Mapping[str, Any] | None
) -> Arguments:
    return Arguments(query=query or {}, body=json if content is None else content)


class SyncPassingClient(SyncClient):
    """A client that also calls what the API passes on."""

    _passing: Passing

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawAnswer:
        """Call a path and give what was answered, whatever its status."""
        operation = self._passing.operation(method, path, is_bytes=content is not None)
        arguments = _arguments(json, content, query)
        return self._core.pass_on(
            operation, arguments, options, self._passing.own_errors
        )

    def get(
        self,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawAnswer:
        """Get a path."""
        return self.request("GET", path, query=query, options=options)

    def delete(
        self,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawAnswer:
        """Delete what is at a path."""
        return self.request("DELETE", path, query=query, options=options)

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawAnswer:
        """Post to a path."""
        return self.request(
            "POST", path, json=json, content=content, query=query, options=options
        )

    def put(
        self,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawAnswer:
        """Put something at a path."""
        return self.request(
            "PUT", path, json=json, content=content, query=query, options=options
        )

    def patch(
        self,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawAnswer:
        """Change what is at a path."""
        return self.request(
            "PATCH", path, json=json, content=content, query=query, options=options
        )


class AsyncPassingClient(AsyncClient):
    """A client that also calls what the API passes on."""

    _passing: Passing

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawAnswer:
        """Call a path and give what was answered, whatever its status."""
        operation = self._passing.operation(method, path, is_bytes=content is not None)
        arguments = _arguments(json, content, query)
        return await self._core.pass_on(
            operation, arguments, options, self._passing.own_errors
        )

    async def get(
        self,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawAnswer:
        """Get a path."""
        return await self.request("GET", path, query=query, options=options)

    async def delete(
        self,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawAnswer:
        """Delete what is at a path."""
        return await self.request("DELETE", path, query=query, options=options)

    async def post(
        self,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawAnswer:
        """Post to a path."""
        return await self.request(
            "POST", path, json=json, content=content, query=query, options=options
        )

    async def put(
        self,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawAnswer:
        """Put something at a path."""
        return await self.request(
            "PUT", path, json=json, content=content, query=query, options=options
        )

    async def patch(
        self,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> RawAnswer:
        """Change what is at a path."""
        return await self.request(
            "PATCH", path, json=json, content=content, query=query, options=options
        )
