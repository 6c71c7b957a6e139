"""Which file a type belongs to: that of its source, or of its first words."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, assert_never

from headgate.ir.types import Alias, Enum, Struct, Union
from headgate.names import split_words
from headgate.plan.topics import file_topics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.types import Definition

LONGEST: Final = 3000
"""A file that would have about so many lines is divided by one word more."""

FEWEST: Final = 3
"""Fewer types than these do not get a file of their own by a further word."""

_MOST_WORDS: Final = 4


def topics(definitions: Iterable[Definition]) -> dict[str, list[Definition]]:
    """Give the types of each topic, in the spec's order."""
    listed = list(definitions)
    by_file = file_topics({each.id: each for each in listed})
    groups: dict[str, list[Definition]] = {}
    if by_file is not None:
        for each in listed:
            groups.setdefault(by_file[each.id], []).append(each)
        return groups
    _divide(listed, 1, "types", groups)
    places = {each.id: place for place, each in enumerate(listed)}
    return {
        topic: sorted(members, key=lambda each: places[each.id])
        for topic, members in groups.items()
    }


def _divide(
    definitions: list[Definition],
    count: int,
    topic: str,
    groups: dict[str, list[Definition]],
) -> None:
    """Divide types by so many of their first words; few stay with the topic above."""
    parts: dict[str, list[Definition]] = defaultdict(list)
    for each in definitions:
        words = split_words(" ".join(each.words))[:count]
        name = "_".join(words) or topic
        parts[name if len(words) == count or count == 1 else topic].append(each)
    for name, members in parts.items():
        if count > 1 and len(members) < FEWEST:
            groups.setdefault(topic, []).extend(members)
        elif name != topic and count < _MOST_WORDS and _lines(members) > LONGEST:
            _divide(members, count + 1, name, groups)
        else:
            groups.setdefault(name, []).extend(members)


def _lines(definitions: Iterable[Definition]) -> int:
    return sum(map(_length, definitions))


def _length(definition: Definition) -> int:
    """Guess how many lines a type takes."""
    match definition:
        case Struct(fields=fields, direction=direction):
            return 10 + len(fields) * (15 if direction.sent else 6)
        case Enum(values=values):
            return 20 + 4 * len(values)
        case Union(variants=variants):
            return 30 + 8 * len(variants)
        case Alias():
            return 4
        case _:
            assert_never(definition)
