"""What can be wrong with a document, said once and in one shape.

Every stage collects its diagnostics and raises a single `SpecError` that holds all of
them, sorted. How they look on a terminal is the business of `headgate.diagnostics`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Severity = Literal["error", "warning"]


class Location:
    """A place in a file: lines and columns count from 1, the pointer is the file's."""

    __slots__ = ("_parts",)

    def __init__(self, file: str, line: int, column: int, pointer: str) -> None:
        self._parts = (file, line, column, pointer)

    @property
    def parts(self) -> tuple[str, int, int, str]:
        """File, line, column and pointer."""
        return self._parts

    def told(self) -> dict[str, str | int]:
        """The parts by their names, for programs."""
        return dict(zip(("file", "line", "column", "pointer"), self.parts, strict=True))

    @property
    def file(self) -> str:
        """The path as the user would type it."""
        return self.parts[0]

    @property
    def line(self) -> int:
        """The line."""
        return self.parts[1]

    @property
    def column(self) -> int:
        """The column."""
        return self.parts[2]

    @property
    def pointer(self) -> str:
        """The JSON Pointer within the file."""
        return self.parts[3]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Location) and other.parts == self.parts

    def __hash__(self) -> int:
        return hash(self.parts)

    def __repr__(self) -> str:
        return f"Location{self.parts!r}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class SoughtLocation(Location):
    """One that is looked up when it is asked for, once.

    A document has thousands of places, and hardly any is ever shown.
    """

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[], Location]) -> None:
        self._find = find

    @property
    def parts(self) -> tuple[str, int, int, str]:
        """File, line, column and pointer."""
        try:
            return self._parts
        except AttributeError:
            self._parts = self._find().parts
            return self._parts


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to tell the author of a document, and where."""

    severity: Severity
    code: str
    message: str
    location: Location
    hint: str = ""


class SpecError(Exception):
    """A document that nothing can be made from, with everything found wrong in it.

    `sources` maps each file named by a location to its text, for excerpts.
    """

    def __init__(
        self,
        diagnostics: Iterable[Diagnostic],
        sources: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.diagnostics = in_order(diagnostics)
        self.sources = sources
        super().__init__(_summary(self.diagnostics))


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort by file and position, and say the same thing only once."""
    return tuple(sorted(set(diagnostics), key=_position))


def _position(diagnostic: Diagnostic) -> tuple[str, int, int, str, str, str]:
    place = diagnostic.location
    return (
        place.file,
        place.line,
        place.column,
        diagnostic.severity,
        diagnostic.code,
        diagnostic.message,
    )


def _summary(diagnostics: tuple[Diagnostic, ...]) -> str:
    if not diagnostics:
        return "the document cannot be used"
    first = diagnostics[0]
    more = f" (and {len(diagnostics) - 1} more)" if len(diagnostics) > 1 else ""
    return f"{first.location}: {first.severity}[{first.code}]: {first.message}{more}"
