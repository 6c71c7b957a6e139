"""A request whose headers are looked up, not searched."""

from collections.abc import Callable, ItemsView, Iterable, KeysView, ValuesView
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

_LISTS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "connection",
        "content-encoding",
        "content-language",
        "if-match",
        "if-none-match",
        "tracestate",
    }
)
"""Headers that are lists, whose lines are one value (RFC 9110, 5.3)."""


class IndexedHeaders(Headers):
    """Headers that are asked for many names; Starlette's compares with each header.

    Each name has one value, the same for whoever asks, in whatever way.
    """

    repeated: frozenset[str] = frozenset()
    """Names that came more than once, though they are of no list."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._list = raw if isinstance(raw, list) else list(raw)
        self._values = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in self._list
        }
        if len(self._values) < len(self._list):
            self._settle()

    def _settle(self) -> None:
        """Join the lines of lists; of others the first one stays."""
        lines: dict[str, list[str]] = {}
        for name, value in self._list:
            lines.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        self._values = {
            name: ", ".join(values) if name in _LISTS else values[0]
            for name, values in lines.items()
        }
        several = {name for name, values in lines.items() if len(values) > 1}
        self.repeated = frozenset(several - _LISTS)

    def keys(self) -> KeysView[str]:  # type: ignore[override] # Starlette's is a list
        """The names, each of them once."""
        return self._values.keys()

    def values(self) -> ValuesView[str]:  # type: ignore[override] # Starlette's is a list
        """The values, one of each name."""
        return self._values.values()

    def items(self) -> ItemsView[str, str]:  # type: ignore[override] # Starlette's is a list
        """The names with their values, each of them once."""
        return self._values.items()

    def __getitem__(self, key: str) -> str:
        """The value of this name."""
        return self._values[key.lower()]

    def __contains__(self, key: object) -> bool:
        """Whether there is a header of this name."""
        return isinstance(key, str) and key.lower() in self._values

    def get(self, key: str, default: Any = None, /) -> Any:
        """The value of this name."""
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
