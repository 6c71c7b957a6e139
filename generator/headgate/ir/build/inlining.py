"""What is merged into the place that names it, and when that would never end.

A reference with something beside it has no type of its own: its target is written
out where it stands. If the target holds that very place, it would be written out in
itself again and again.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from headgate.ir.build.merge import flattened
from headgate.ir.build.reader import Node, Object, Reader, text_at

if TYPE_CHECKING:
    from collections.abc import Generator

_DEEPEST = 20

_Open: TypeAlias = "list[tuple[str, Object]]"


@dataclass(slots=True)
class Inlining:
    """The references whose targets are being written out, and the schemas with them."""

    reader: Reader
    _open: _Open = field(default_factory=list[tuple[str, Object]])

    @contextmanager
    def named(self, reference: str) -> Generator[None]:
        """Read a named schema: it is read once, so that what is outside matters not."""
        with self._with_open([(reference, {})]):
            yield

    @contextmanager
    def merging(self, node: Node, place: Node) -> Generator[None]:
        """Read what a schema's references come to, written out at `place`."""
        more = [(each, place.value) for each in _targets(node)]
        with self._with_open([*self._open, *more]):
            yield

    @contextmanager
    def _with_open(self, now: _Open) -> Generator[None]:
        before, self._open = self._open, now
        try:
            yield
        finally:
            self._open = before

    def leads_back(self, node: Node, place: Node) -> str | None:
        """Give the reference of a schema that holds the place it is written out at."""
        for target in _targets(node):
            known = [each for each, _ in self._open]
            if target not in known:
                continue
            between = self._open[known.index(target) :]
            if len(between) > _DEEPEST or any(
                place.value == value or self._is_part(place.value, each)
                for each, value in between
            ):
                return target
        return None

    def _is_part(self, value: Object, reference: str) -> bool:
        whole = flattened(self.reader, Node({"$ref": reference}, "#"))
        return _holds(whole, value)


def _targets(node: Node) -> list[str]:
    found = [text_at(each.value, "$ref") for each in (node, *node.items("allOf"))]
    return [target for target in found if target is not None]


def _holds(whole: object, part: Object) -> bool:
    """Whether a JSON value has another in it, at any depth."""
    waiting = [whole]
    while waiting:
        value = waiting.pop()
        if value == part:
            return True
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False
