"""A request whose headers are looked up, not searched."""

from collections.abc import Callable, Iterable, KeysView
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope

TAKE_WHOLE = "headgate.take_whole"
"""Where a scope has the way to a body that is there already."""
WHOLE = "headgate.response.whole"
"""An answer in one message, for servers that name it in extensions.

Its headers are text by name; that of the body's length is the server's.
"""


class IndexedHeaders(Headers):
    """Headers that are asked for many names; Starlette's compares with each header."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._list = raw if isinstance(raw, list) else list(raw)
        self._values = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in self._list
        }
        if len(self._values) < len(self._list):
            # Of several the first one stays.
            for name, value in reversed(self._list):
                self._values[name.decode("latin-1")] = value.decode("latin-1")

    def keys(self) -> KeysView[str]:  # type: ignore[override] # Starlette's is a list
        """The names, each of them once."""
        return self._values.keys()

    def __getitem__(self, key: str) -> str:
        """The first header of this name."""
        return self._values[key.lower()]

    def __contains__(self, key: object) -> bool:
        """Whether there is a header of this name."""
        return isinstance(key, str) and key.lower() in self._values

    def get(self, key: str, default: Any = None, /) -> Any:
        """The first header of this name."""
        return self._values.get(key.lower(), default)

    def getlist(self, key: str) -> list[str]:
        """All headers of this name."""
        key = key.lower()
        if key not in self._values:
            return []
        if len(self._values) == len(self._list):
            return [self._values[key]]
        wanted = key.encode("latin-1")
        return [value.decode("latin-1") for name, value in self._list if name == wanted]


class IncomingRequest(Request):
    """A request as the gateway reads it."""

    headers: Headers = Headers()
    """The headers, made ready once."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        # A property there; requests are asked for their headers ten times.
        self.headers = IndexedHeaders(scope["headers"])  # pyright: ignore[reportIncompatibleMethodOverride]


def arrived(scope: Scope) -> bytes | None:
    """The whole body, if it is there already and nobody has received of it."""
    take: Callable[[], bytes | None] | None = scope.get(TAKE_WHOLE)
    return None if take is None else take()
