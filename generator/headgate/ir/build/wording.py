"""Names for what has none in the document: short, telling, each one's own.

An unnamed type is called after the way that leads to it. What tells nothing on that
way (`variant3`) gives place to what does, and long ways lose words. Numbers are a last
resort.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from headgate.ir.build.shortening import name_of, shortened
from headgate.ir.build.variants import KINDS, is_untold, told_variants
from headgate.ir.types import Definition, TypeId

Words: TypeAlias = tuple[str, ...]

LONGEST: Final = 55
"""Letters of a name: with an ending of a language's own it still fits on a line."""

_LONGEST_OWN: Final = 60
"""Letters of a name that the document gives: one that is longer loses words."""


def worded(definitions: Mapping[TypeId, Definition]) -> dict[TypeId, Definition]:
    """Give every definition its own words; those of the document stay as they are."""
    told = told_variants(definitions)
    names = _Names()
    long: dict[TypeId, Words] = {}
    for type_id, definition in definitions.items():
        if _is_named(definition):
            is_long = len(name_of(definition.words)) > _LONGEST_OWN
            long |= {type_id: definition.words} if is_long else {}
            names.take(() if is_long else definition.words)
    own = {type_id: names.shortest(words) for type_id, words in long.items()}
    return {
        type_id: replace(definition, words=own[type_id])
        if type_id in own
        else definition
        if _is_named(definition)
        else replace(definition, words=names.claim(definition, told))
        for type_id, definition in definitions.items()
    }


def _is_named(definition: Definition) -> bool:
    return definition.words == (definition.id,)


@dataclass(slots=True)
class _Names:
    """The names that are taken, as languages see them that do not tell the case."""

    _taken: set[str] = field(default_factory=set[str])

    def take(self, words: Words) -> None:
        self._taken.add(name_of(words).casefold())

    def shortest(self, words: Words) -> Words:
        """Take a short form of a name; the name itself if none is free."""
        free = (each for each in shortened(words, _LONGEST_OWN) if self._is_free(each))
        found = next(free, words)
        self.take(found)
        return found

    def claim(self, definition: Definition, told: Mapping[Words, str]) -> Words:
        """Take the best name that is free."""
        words = _retold(definition.words, told)
        base = next(_candidates(words))
        for wanted in (*_candidates(words), (*base, KINDS[type(definition)])):
            if self._is_free(wanted):
                self.take(wanted)
                return wanted
        number = 2
        while not self._is_free((*base, str(number))):
            number += 1
        self.take((*base, str(number)))
        return (*base, str(number))

    def _is_free(self, words: Words) -> bool:
        return name_of(words).casefold() not in self._taken


def _candidates(words: Words) -> Iterator[Words]:
    """List names, the best first: whole, without what tells nothing, shortened."""
    telling = tuple(word for word in words[:-1] if not is_untold(word))
    for whole in dict.fromkeys(((*telling, words[-1]), words)):
        if len(name_of(whole)) <= LONGEST:
            yield whole
        else:
            yield from shortened(whole, LONGEST)


def _retold(words: Words, told: Mapping[Words, str]) -> Words:
    """Say what is known of the variants on the way to a type."""
    return tuple(told.get(words[: at + 1], word) for at, word in enumerate(words))
