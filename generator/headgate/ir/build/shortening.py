"""Long names made short by whole words: those that tell nothing go first.

What is said twice, what only says how a way leads on (`request`, `item`) and the
small words go first; then what lies in the middle, for the first words of a name say
where a type belongs and the last what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import accumulate, chain, combinations
from typing import Final, TypeAlias

from headgate.names import pascal, snake, split_words

Words: TypeAlias = tuple[str, ...]

_HEAD: Final = 30
"""Letters of the first words that stay, where nothing marks the end of them."""

_MOST: Final = 8
"""Words in the middle of which two are tried at a time."""

_MARKS: Final = frozenset({"request", "response"})
_FILLERS: Final = frozenset({*_MARKS, "item", "value"})
SMALL: Final = frozenset(
    "a an and as at by for from in into is of on or the their this to with".split()
)
"""Words that tell nothing by themselves."""


@cache
def name_of(words: Words) -> str:
    """Write words as the name of a type."""
    return pascal(split_words(" ".join(words)))


def shortened(words: Words, longest: int) -> Iterator[Words]:
    """List forms of a name of at most so many letters, those that lose least first."""
    is_cut = True
    for found in chain(_shortened(words), _balanced(words, longest)):
        if found and len(name_of(found)) <= longest:
            is_cut = False
            yield found
    if is_cut:
        # One word alone is too long.
        yield (name_of(words)[:longest],)


def _shortened(words: Words) -> Iterator[Words]:
    head, rest = _parted(words)
    rest = _without_echoes(rest)
    yield (*head, *rest)
    rest = _without_fillers(rest)
    yield (*head, *rest)
    head, rest = _without_small_words(head), _without_small_words(rest)
    yield (*head, *rest)
    endings = _without_repeats(head, rest)
    yield from ((*head, *ending) for ending in endings)
    for ending in endings:
        yield from ((*head, *ending[start:]) for start in range(1, len(ending)))
    rest = endings[0]
    for kept in _of_head(head):
        yield (*kept, *rest[-2:])
        yield from ((*kept, *ending[-1:]) for ending in endings)
    middle = rest[:-1][-_MOST:]
    for count in (2, 1):
        for some in combinations(middle[::-1], count):
            yield (*head, *some[::-1], *rest[-1:])


def _parted(words: Words) -> tuple[Words, Words]:
    """Part what says where a type belongs, a call or the first words, from the rest."""
    marked = (at for at, word in enumerate(words) if at > 1 and word in _MARKS)
    size = next(marked, 0)
    if size == 0:
        size = min(1, len(words) - 1)
        while size < len(words) - 1 and len(name_of(words[: size + 1])) <= _HEAD:
            size += 1
    return words[:size], words[size:]


def _of_head(head: Words) -> Iterator[Words]:
    """List what is left of a call's name when its method loses words at its end."""
    *before, last = head or ("",)
    method = split_words(last)
    for size in range(len(method) - 1, 0, -1):
        yield (*before, snake(method[:size]))


def _without_echoes(words: Words) -> Words:
    """Leave out a word that the next one says again: `card.card_details`."""
    spelled = [split_words(word) for word in words]
    return tuple(
        word
        for at, word in enumerate(words)
        if at == len(words) - 1 or not _echoes(spelled[at], spelled[at + 1])
    )


def _echoes(word: Words, following: Words) -> bool:
    return following[: len(word)] == word or following[-len(word) :] == word


def _without_fillers(words: Words) -> Words:
    return tuple(word for word in words[:-1] if word not in _FILLERS) + words[-1:]


def _without_small_words(words: Words) -> Words:
    return tuple(_less(word, SMALL) or word for word in words)


def _without_repeats(head: Words, rest: Words) -> tuple[Words, ...]:
    """Leave out what was said before; the last word stays, or its end, or the very end.

    The last word says what a type is.
    """
    said = {_singular(part) for word in head for part in split_words(word)}
    found: list[str] = []
    for word in rest[:-1]:
        found.append(_less(word, frozenset(said)))
        said |= {_singular(part) for part in split_words(word)}
    telling = tuple(word for word in found if word)
    *parts, end = split_words(rest[-1]) or (rest[-1],)
    new = [at for at, part in enumerate(parts) if _singular(part) not in said]
    ends = parts[new[0] :] if new else []
    bare = [parts[at] for at in new]
    last = (rest[-1], snake((*ends, end)), snake((*bare, end)))
    return tuple((*telling, each) for each in dict.fromkeys(last))


def _less(word: str, spare: frozenset[str]) -> str:
    """Take parts out of a word; one that loses nothing keeps its own spelling."""
    parts = split_words(word)
    kept = [part for part in parts if _singular(part) not in spare]
    return word if len(kept) == len(parts) else snake(kept)


def _singular(part: str) -> str:
    return part.removesuffix("s")


def _balanced(words: Words, longest: int) -> Iterator[Words]:
    """Keep beginning and end, whatever is between."""
    head, rest = _parted(words)
    telling = (*head, *_without_fillers(_without_echoes(rest)))
    for whole in (telling, words):
        yield from _ends(split_words(" ".join(whole)), longest)


def _ends(flat: Words, longest: int) -> Iterator[Words]:
    """Part a name in its middle; the beginning gives way so that more are free."""
    letters = [0, *accumulate(map(len, flat))]
    size = 1
    while size < len(flat) and letters[size + 1] <= longest // 2:
        size += 1
    for kept in range(size, 0, -1):
        for start in range(kept + 1, len(flat)):
            if letters[kept] + letters[-1] - letters[start] <= longest:
                yield (snake((*flat[:kept], *flat[start:])),)
                break
