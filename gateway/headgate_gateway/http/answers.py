"""Answers that are not streams."""

import math
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from starlette.types import Receive, Scope, Send

from headgate_gateway.errors import GatewayError
from headgate_gateway.http.request import WHOLE
from headgate_gateway.json import dumps

_ALWAYS_RETRY_AFTER = frozenset({429, 503})


@dataclass(slots=True)
class Answer:
    """A status, headers and a body; an ASGI application that sends just that."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request, in one message where the server takes it so."""
        if WHOLE not in scope.get("extensions", ()):
            return self._in_parts(send)
        return send(
            {
                "type": WHOLE,
                "status": self.status,
                "headers": self.headers,
                "body": self.body,
            }
        )

    async def _in_parts(self, send: Send) -> None:
        status, body = self.status, self.body
        headers = encoded(self.headers)
        if status != 204:
            headers.append((b"content-length", str(len(body)).encode()))
        await send(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        await send({"type": "http.response.body", "body": body})


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as they are sent."""
    return [(_name(name), value.encode("latin-1")) for name, value in headers.items()]


def replaced(
    headers: Iterable[tuple[bytes, bytes]], others: Mapping[str, str]
) -> list[tuple[bytes, bytes]]:
    """Headers with others in the place of those of the same name."""
    added = encoded(others)
    names = {name for name, _ in added}
    return [header for header in headers if header[0] not in names] + added


@lru_cache(maxsize=256)
def _name(name: str) -> bytes:
    return name.lower().encode("latin-1")


def json_answer(
    value: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> Answer:
    """An answer of JSON."""
    return json_bytes(dumps(value), status=status, headers=headers)


def json_bytes(
    body: bytes, *, status: int = 200, headers: dict[str, str] | None = None
) -> Answer:
    """An answer of JSON that is text already."""
    return Answer(status, body, {"Content-Type": "application/json", **(headers or {})})


def error_answer(error: GatewayError, request_id: str) -> Answer:
    """The error envelope with the status and headers of its code."""
    status = error.kind.status
    headers = {**error.headers, "X-Headgate-Error": "true"}
    if error.retry_after is not None or status in _ALWAYS_RETRY_AFTER:
        headers["Retry-After"] = str(math.ceil(error.retry_after or 1))
    body = {"error": error.as_object(request_id)}
    return json_answer(body, status=status, headers=headers)
