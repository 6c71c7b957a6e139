"""A change between two documents, and what all of them ask of the next version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, Literal, TypeAlias

from headgate.errors import Location

Level = Literal["breaking", "risky", "safe"]
Way: TypeAlias = Literal["sent", "received"]
Bump = Literal["major", "minor", "patch"]

LEVELS: Final[tuple[Level, ...]] = ("breaking", "risky", "safe")
_IN_ORDER: Final[tuple[Way, ...]] = ("sent", "received")
WAYS: Final = "\0"
"""Stands in a message for the ways that a change concerns; no document holds it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference that somebody may notice, with its place in both documents.

    `breaking`: a program that was right is wrong now. `risky`: it may be, it depends
    on what it does. `safe`: it is not.
    """

    level: Level
    code: str
    message: str
    old: Location | None
    new: Location | None


Side: TypeAlias = Location | None


@dataclass(frozen=True, slots=True)
class TypeChange:
    """A change of a type; the message has `WAYS` for the ways that it concerns."""

    code: str
    message: str
    old: Location
    new: Location


@dataclass(slots=True)
class Changes:
    """Collects changes, each once."""

    found: dict[Change, None] = field(default_factory=dict[Change, None])
    of_types: dict[TypeChange, dict[Way, Level]] = field(
        default_factory=dict[TypeChange, dict[Way, Level]]
    )

    def note(
        self, code: str, level: Level, message: str, *, old: Side = None, new: Side
    ) -> None:
        """Keep a change; `old` or `new` is None where there is nothing to show."""
        self.found.setdefault(Change(level, code, message, old, new))

    def note_type(self, change: TypeChange, way: Way, level: Level) -> None:
        """Keep what became of a type on one way."""
        self.of_types.setdefault(change, {}).setdefault(way, level)

    def listed(self) -> tuple[Change, ...]:
        """Give the changes: the worst first, then in the order of the new text.

        What became of a type that is both sent and received is one change if it is
        judged alike on both ways, and if it is safe on one of them.
        """
        types = chain(*(_told(change, ways) for change, ways in self.of_types.items()))
        return tuple(sorted({*self.found, *types}, key=_rank))


@dataclass(frozen=True, slots=True)
class Report:
    """All changes between two versions of a document."""

    changes: tuple[Change, ...]
    old_version: str
    new_version: str

    def count(self, level: Level) -> int:
        """Count the changes of a level."""
        return sum(1 for change in self.changes if change.level == level)

    @property
    def bump(self) -> Bump:
        """Say which part of the version has to grow (Semantic Versioning 2.0.0)."""
        if self.count("breaking"):
            return "major"
        return "minor" if self.changes else "patch"

    @property
    def is_enough(self) -> bool | None:
        """Whether the new version grew as it has to; None if one is no version."""
        old, new = _numbers(self.old_version), _numbers(self.new_version)
        if old is None or new is None:
            return None
        if not self.changes:
            return new >= old
        wanted = _grown(old, self.bump)
        return new >= wanted

    @property
    def wanted(self) -> str | None:
        """The least version that says what changed; None if the old is no version."""
        old = _numbers(self.old_version)
        return None if old is None else ".".join(map(str, _grown(old, self.bump)))


def _grown(old: tuple[int, int, int], bump: Bump) -> tuple[int, int, int]:
    """Grow a version; before 1.0.0 the second number says what the first would."""
    major, minor, patch = old
    if bump == "patch":
        return (major, minor, patch + 1)
    if bump == "minor":
        return (major, minor + 1, 0) if major else (0, minor, patch + 1)
    return (major + 1, 0, 0) if major else (0, minor + 1, 0)


def _numbers(version: str) -> tuple[int, int, int] | None:
    parts = version.removeprefix("v").split("-", 1)[0].split("+", 1)[0].split(".")
    if not 1 <= len(parts) <= 3 or not all(p.isascii() and p.isdigit() for p in parts):
        return None
    major, minor, patch = (*map(int, parts), 0, 0)[:3]
    return major, minor, patch


def _told(change: TypeChange, ways: dict[Way, Level]) -> Iterator[Change]:
    levels: list[Level] = sorted(set(ways.values()), key=LEVELS.index)
    for level in levels:
        if level == "safe" and len(levels) > 1:
            continue
        which = " and ".join(
            way for way in ("sent", "received") if ways.get(way) == level
        )
        message = change.message.replace(WAYS, which)
        yield Change(level, change.code, message, change.old, change.new)


def _rank(change: Change) -> tuple[int, str, int, int, str, str]:
    place = change.new or change.old
    file, line, column = (place.file, place.line, place.column) if place else ("", 0, 0)
    level = LEVELS.index(change.level)
    return (level, file, line, column, change.code, change.message)
