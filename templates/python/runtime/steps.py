# Fixed runtime of a generated SDK: the same source in every package.
"""Bodies that are put together step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any, Self


class Steps:
    """A body so far. Each step gives a new one and leaves this as it is."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = dict(body)

    def param(self, name: str, value: Any) -> Self:
        """Set a property of the body, whatever its name."""
        return self._changed({name: value})

    def _added(self, name: str, items: Iterable[Any]) -> Self:
        """Add items to a list of the body."""
        return self._changed({name: [*self._body.get(name, ()), *items]})

    def _changed(self, changes: Mapping[str, Any]) -> Self:
        steps = copy(self)
        vars(steps)["_body"] = {**self._body, **changes}
        return steps
