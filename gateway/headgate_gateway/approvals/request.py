"""A request put aside: sealed as it came, and made again as if it came now."""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from headgate_gateway.json import JsonObject, dumps, loads
from headgate_gateway.principals import Principal

APPROVED = "headgate.approved"
"""In the scope of a request that a person agreed to: the approval."""
PRINCIPAL = "headgate.principal"
"""In that scope: who asked, whose key was looked at again."""

_NEVER_STORED = ("authorization", "cookie", "x-api-key", "x-admin-key")
_OF_THE_CONNECTION = ("content-length", "transfer-encoding", "accept-encoding")
"""The answer is read from the approval, where nobody undoes a compression."""
_IN_MEMORY = ("x-provider-key-", "x-upstream-authorization", "x-real-authorization")


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside:
    """What is needed to make a request again."""

    method: str
    path: str
    query: bytes
    headers: dict[str, str]
    body: bytes
    client: tuple[str, int] | None = None
    """The caller's address, which policies may have asked for."""
    secret_headers: Mapping[str, str]
    """Credentials that the caller brought: they are kept in memory only."""

    @classmethod
    def of(cls, scope: Scope, headers: Mapping[str, str], body: bytes) -> "PutAside":
        """A request without the gateway's own credentials."""
        kept = {
            name: value
            for name, value in headers.items()
            if name not in (*_NEVER_STORED, *_OF_THE_CONNECTION)
        }
        brought = {
            name: value for name, value in kept.items() if name.startswith(_IN_MEMORY)
        }
        return cls(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"],
            headers={n: v for n, v in kept.items() if n not in brought},
            body=body,
            client=scope.get("client"),
            secret_headers=brought,
        )

    def text(self) -> bytes:
        """What is sealed."""
        return dumps(
            {
                "method": self.method,
                "path": self.path,
                "query": self.query.decode("latin-1"),
                "headers": self.headers,
                "client": self.client,
                "body": base64.b64encode(self.body).decode(),
            }
        )

    @classmethod
    def read(cls, text: bytes, secret_headers: Mapping[str, str]) -> "PutAside":
        """The request from what was sealed."""
        value: JsonObject = loads(text)
        client: list[Any] | None = value.get("client")
        return cls(
            method=value["method"],
            path=value["path"],
            query=value["query"].encode("latin-1"),
            headers=value["headers"],
            body=base64.b64decode(value["body"]),
            client=None if client is None else (client[0], client[1]),
            secret_headers=secret_headers,
        )


async def make(
    app: ASGIApp, request: PutAside, *, principal: Principal, approval_id: str
) -> JsonObject:
    """The answer of the gateway itself to a request put aside."""
    answer: JsonObject = {"status": 500, "headers": {}}
    pieces: list[bytes] = []
    body: list[Message] = [
        {"type": "http.request", "body": request.body, "more_body": False}
    ]

    async def receive() -> Message:
        return body.pop() if body else await _nothing_more()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer["status"] = message["status"]
            answer["headers"] = {
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in message["headers"]
            }
        else:
            pieces.append(message.get("body", b""))

    await app(_scope(request, principal, approval_id), receive, send)
    return {**answer, "body": b"".join(pieces).decode("latin-1")}


def _scope(request: PutAside, principal: Principal, approval_id: str) -> dict[str, Any]:
    headers = {
        **request.headers,
        **request.secret_headers,
        "content-length": str(len(request.body)),
    }
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "server": None,
        "client": request.client,
        "root_path": "",
        "method": request.method,
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query,
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ],
        APPROVED: approval_id,
        PRINCIPAL: principal,
    }


async def _nothing_more() -> Message:
    """Nobody hangs up on a request that the gateway makes itself."""
    await asyncio.Event().wait()
    raise LookupError("never reached")
