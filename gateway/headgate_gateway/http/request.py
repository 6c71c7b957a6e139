"""A request whose headers are looked up, not searched."""

from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope

_NONE: list[str] = []


class IndexedHeaders(Headers):
    """Headers that are asked for many names; Starlette's compares with each header."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        given = list(raw)
        super().__init__(raw=given)
        self._values: dict[str, list[str]] = {}
        for name, value in given:
            values = self._values.setdefault(name.decode("latin-1"), [])
            values.append(value.decode("latin-1"))

    def __getitem__(self, key: str) -> str:
        """The first header of this name."""
        return self._values[key.lower()][0]

    def __contains__(self, key: object) -> bool:
        """Whether there is a header of this name."""
        return isinstance(key, str) and key.lower() in self._values

    def get(self, key: str, default: Any = None, /) -> Any:
        """The first header of this name."""
        values = self._values.get(key.lower())
        return default if values is None else values[0]

    def getlist(self, key: str) -> list[str]:
        """All headers of this name."""
        return self._values.get(key.lower(), _NONE)


class IncomingRequest(Request):
    """A request as the gateway reads it."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self._indexed = IndexedHeaders(scope["headers"])

    @property
    def headers(self) -> Headers:
        """The headers, made ready once."""
        return self._indexed
