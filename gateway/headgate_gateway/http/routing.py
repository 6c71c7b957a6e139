"""Finds what answers a path: by a look-up, or by its pattern."""

from collections.abc import Awaitable, Mapping
from urllib.parse import unquote

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

_WITH_SLASHES = {"{model}": "{model:path}", "{path}": "{path:path}"}
"""Parameters with slashes in them, which a client may send encoded or as they are."""
_PERCENT, _ENCODED = ord("%"), b"%2f"
_MARK = "\ud800"
"""Stands for an encoded slash: no address decodes to half a surrogate."""


class PathRouter:
    """Most requests go to paths without parameters, which need no search."""

    def __init__(self, paths: Mapping[str, ASGIApp], *, default: ASGIApp) -> None:
        self._fixed = {path: app for path, app in paths.items() if "{" not in path}
        self._patterns = Router(
            [
                Route(_pattern(path), endpoint=_Unmarked(app))
                for path, app in paths.items()
                if path not in self._fixed
            ],
            redirect_slashes=False,
            default=_Unmarked(default),
        )

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request, by what answers it: there is nothing to wait for here.

        An encoded slash belongs to its segment (RFC 3986, 2.2).
        """
        raw: bytes = scope.get("raw_path") or b""
        if _PERCENT in raw and _ENCODED in raw.lower():
            scope["path"] = "/".join(map(_marked, raw.split(b"/")))
        endpoint = self._fixed.get(scope["path"])
        if endpoint is None:
            return self._patterns(scope, receive, send)
        scope["path_params"] = {}
        return endpoint(scope, receive, send)


class _Unmarked:
    """An application that is told the path as it was before it was looked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path: str = scope["path"]
        if _MARK in path:
            scope["path"] = path.replace(_MARK, "/")
            given: Mapping[str, str] = scope.get("path_params") or {}
            scope["path_params"] = {
                name: value.replace(_MARK, "/") for name, value in given.items()
            }
        await self._app(scope, receive, send)


def _marked(segment: bytes) -> str:
    return unquote(segment.decode("ascii")).replace("/", _MARK)


def _pattern(path: str) -> str:
    for parameter, with_slashes in _WITH_SLASHES.items():
        path = path.replace(parameter, with_slashes)
    return path
