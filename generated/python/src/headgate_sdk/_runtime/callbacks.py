# Fixed runtime of a generated SDK: the same source in every package.
"""What a reader of a stream wants to be told, by the kind of event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class EventCallbacks:
    """Functions to call with events, in the order in which they were given."""

    def __init__(self) -> None:
        self._callbacks: dict[str, list[Callable[[Any], object]]] = {}
        self._takes_note = False

    def _call_on(self, name: str, callback: Callable[[Any], object]) -> None:
        """Call a function with each event of a kind, before it is delivered."""
        self._callbacks.setdefault(name, []).append(callback)
        self._takes_note = True

    def _tell(self, name: str | None, event: Any) -> None:
        for callback in self._callbacks.get(name or "", ()):
            callback(event)
