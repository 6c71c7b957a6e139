"""Types of one group in files of a readable size, by the words that names begin with.

A type lies in the file whose name is the longest beginning of its own name; what
begins with no file's name is in `general`. A file stays whole until it is too long.
Then the beginnings with most to say get files of their own, one after the other, until
the rest is short enough: one schema more moves one beginning at most.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, assert_never

from headgate.ir.types import Alias, Enum, Struct, Union
from headgate.names import Scope, split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from headgate.ir.types import Definition, TypeId

LONGEST: Final = 1500
"""A file that would have about so many lines of Rust, the longest, is divided."""

_REST: Final = "general"
_Named = tuple[tuple[str, ...], "Definition"]


def divided(
    definitions: Iterable[Definition], group: str, *, whole: int = LONGEST
) -> dict[TypeId, str]:
    """Give the part of each type, unique whatever the case.

    There are no parts if one file of at most `whole` lines will do.
    """
    own = tuple(group.split("_"))
    named = [(_words(each, own), each) for each in definitions]
    if _lines(named) <= whole:
        return {}
    parts: dict[tuple[str, ...], list[Definition]] = {}
    _divide(named, (), parts)
    scope = Scope(fold_case=True)
    scope.claim(_REST)
    found: dict[TypeId, str] = {}
    for beginning, members in parts.items():
        part = scope.claim("_".join(beginning), "types").text if beginning else _REST
        found.update((each.id, part) for each in members)
    return found


def _words(definition: Definition, group: tuple[str, ...]) -> tuple[str, ...]:
    """Give the words of a type's name, without those that the group has said."""
    words = split_words(" ".join(definition.words))
    return words[len(group) :] if words[: len(group)] == group else words


def _divide(
    named: list[_Named],
    beginning: tuple[str, ...],
    parts: dict[tuple[str, ...], list[Definition]],
) -> None:
    """Put types that begin alike into parts, by as many words more as it takes."""
    size = len(beginning)
    by_next: dict[tuple[str, ...], list[_Named]] = defaultdict(list)
    for each in named:
        by_next[each[0][: size + 1]].append(each)
    rest = by_next.pop(beginning, [])
    own: list[tuple[str, ...]] = []
    lengths = {words: _lines(members) for words, members in by_next.items()}
    left = sum(lengths.values(), start=_lines(rest))
    for words in sorted(lengths, key=lambda words: (-lengths[words], words)):
        if left <= LONGEST:
            break
        left -= lengths[words]
        own.append(words)
    for words in own:
        if lengths[words] > LONGEST and len(by_next[words]) > 1:
            _divide(by_next[words], words, parts)
        else:
            parts[words] = _types(by_next[words])
    kept = [each for words in by_next if words not in own for each in by_next[words]]
    if rest or kept:
        parts[beginning] = _types([*rest, *kept])


def _types(named: Sequence[_Named]) -> list[Definition]:
    return [definition for _, definition in named]


def _lines(named: Iterable[_Named]) -> int:
    return sum(_length(definition) for _, definition in named)


def _length(definition: Definition) -> int:
    """Guess how many lines a type takes, but for what its documentation says."""
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
