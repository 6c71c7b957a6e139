"""A change between two documents, and what all of them ask of the next version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from headgate.errors import Location

Level = Literal["breaking", "risky", "safe"]
Bump = Literal["major", "minor", "patch"]

LEVELS: Final[tuple[Level, ...]] = ("breaking", "risky", "safe")


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


@dataclass(slots=True)
class Changes:
    """Collects changes, each once."""

    found: dict[Change, None] = field(default_factory=dict[Change, None])

    def note(
        self, code: str, level: Level, message: str, *, old: Side = None, new: Side
    ) -> None:
        """Keep a change; `old` or `new` is None where there is nothing to show."""
        self.found.setdefault(Change(level, code, message, old, new))

    def listed(self) -> tuple[Change, ...]:
        """Give the changes: the worst first, then in the order of the new text."""
        return tuple(sorted(self.found, key=_rank))


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


def _rank(change: Change) -> tuple[int, str, int, int, str, str]:
    place = change.new or change.old
    file, line, column = (place.file, place.line, place.column) if place else ("", 0, 0)
    level = LEVELS.index(change.level)
    return (level, file, line, column, change.code, change.message)
