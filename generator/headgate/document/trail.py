"""Where a walk through the files is, and what it had to report there."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from headgate.document.collector import Collector
from headgate.document.files import Target
from headgate.document.json_values import Tokens
from headgate.document.source import Source
from headgate.errors import Severity

Origins = dict[Tokens, tuple[Source, Tokens]]
"""For a place in the bundle, the file and the place there that it came from."""


class Trail:
    """A place in a file, and the place in the bundle that it becomes.

    The walk pushes to and pops from `path`, the tokens in the current file.
    """

    def __init__(self, root: Source) -> None:
        self.source = root
        self.path: list[str] = []
        self.collector = Collector()
        self.origins: Origins = {(): (root, ())}
        self._entered_at = 0
        self._base: Tokens = ()

    @property
    def bundled(self) -> Tokens:
        """Give the place in the bundle that is being made."""
        return (*self._base, *self.path[self._entered_at :])

    @contextmanager
    def inside(self, target: Target, bundled: Tokens) -> Generator[None]:
        """Walk in another place, whose value appears at a certain one of the bundle."""
        outer = self.source, self.path, self._base, self._entered_at
        self.origins[bundled] = (target.source, target.tokens)
        self.source, self.path = target.source, list(target.tokens)
        self._base, self._entered_at = bundled, len(target.tokens)
        try:
            yield
        finally:
            self.source, self.path, self._base, self._entered_at = outer

    def report(
        self,
        severity: Severity,
        code: str,
        message: str,
        hint: str = "",
        *,
        at: str | None = None,
        at_key: bool = False,
    ) -> None:
        """Report the current place or its member `at`: the value, or its key."""
        tokens = (*self.path, at) if at is not None else tuple(self.path)
        find = self.source.locate_key if at_key else self.source.locate
        self.collector.add(severity, code, message, lambda: find(tokens), hint)
