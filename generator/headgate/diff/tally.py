"""What happens to many operations alike is said once, with a few of their names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from headgate.diff.changes import Changes, Level
    from headgate.errors import Location

_NAMED: Final = 3
"""So many operations to which one thing happens are all named, and each on its own."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What may happen to several operations; `{}` in the message stands for them."""

    code: str
    level: Level
    message: str


@dataclass(frozen=True, slots=True)
class Place:
    """An operation to which it happened, and where to look."""

    name: str
    old: Location
    new: Location


@dataclass(slots=True)
class Tally:
    """Collects facts of single operations; `finish` reports them."""

    changes: Changes
    facts: dict[Fact, dict[str, Place]] = field(
        default_factory=dict[Fact, dict[str, Place]]
    )

    def remember(self, code: str, level: Level, message: str, place: Place) -> None:
        """Keep what happened at a place."""
        found = self.facts.setdefault(Fact(code, level, message), {})
        found.setdefault(place.name, place)

    def finish(self) -> None:
        """Report what was kept: a change an operation, or one for many of them."""
        for fact, found in self.facts.items():
            places = list(found.values())
            if len(places) <= _NAMED:
                for place in places:
                    self._note(fact, place.name, place)
                continue
            named = ", ".join(place.name for place in places[:_NAMED])
            self._note(fact, f"{len(places)} operations ({named}, …)", places[0])

    def _note(self, fact: Fact, who: str, place: Place) -> None:
        message = fact.message.format(who)
        places = {"old": place.old, "new": place.new}
        self.changes.note(fact.code, fact.level, message, **places)


def escaped(text: str) -> str:
    """Write a text for a message in which braces stand for operations."""
    return text.replace("{", "{{").replace("}", "}}")
