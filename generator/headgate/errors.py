"""What can be wrong with a document, said once and in one shape.

Every stage collects its diagnostics and raises a single `SpecError` that holds all of
them, sorted. How they look on a terminal is the business of `headgate.diagnostics`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file: lines and columns count from 1, the pointer is the file's."""

    file: str
    line: int
    column: int
    pointer: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


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
