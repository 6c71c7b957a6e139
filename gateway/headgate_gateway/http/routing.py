"""Finds what answers a path: by a look-up, or by its pattern."""

from collections.abc import Mapping

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

_WITH_SLASHES = {"{model}": "{model:path}", "{path}": "{path:path}"}
"""Parameters with slashes in them, which a client may send encoded or as they are."""


class PathRouter:
    """Most requests go to paths without parameters, which need no search."""

    def __init__(self, paths: Mapping[str, ASGIApp], *, default: ASGIApp) -> None:
        self._fixed = {path: app for path, app in paths.items() if "{" not in path}
        self._patterns = Router(
            [
                Route(_pattern(path), endpoint=app)
                for path, app in paths.items()
                if path not in self._fixed
            ],
            redirect_slashes=False,
            default=default,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        endpoint = self._fixed.get(scope["path"])
        if endpoint is None:
            await self._patterns(scope, receive, send)
            return
        scope["path_params"] = {}
        await endpoint(scope, receive, send)


def _pattern(path: str) -> str:
    for parameter, with_slashes in _WITH_SLASHES.items():
        path = path.replace(parameter, with_slashes)
    return path
