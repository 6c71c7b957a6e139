"""Names for what has none in the document: short, telling, each one's own.

An unnamed type is called after the way that leads to it. What tells nothing on that
way (`variant3`) gives place to what does, and long ways lose words in their middle:
the first say where a type belongs, the last what it is. Numbers are a last resort.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TypeAlias

from headgate.ir.types import (
    Alias,
    Definition,
    Enum,
    Ref,
    Struct,
    TypeId,
    Union,
)
from headgate.names import pascal, split_words

Words: TypeAlias = tuple[str, ...]

LONGEST = 55
"""Letters of a name: with an ending of a language's own it still fits on a line."""

_HEAD = 30
"""Letters that the first words of a name that is cut may take."""

_MOST = 8
"""Words in the middle of which two are tried at a time."""

_UNTOLD = "variant"


def worded(definitions: Mapping[TypeId, Definition]) -> dict[TypeId, Definition]:
    """Give every definition its own words; those of the document stay as they are."""
    told = _told(definitions)
    names = _Names()
    for definition in definitions.values():
        if _is_named(definition):
            names.take(definition.words)
    return {
        type_id: definition
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
        self._taken.add(_name(words).casefold())

    def claim(self, definition: Definition, told: Mapping[Words, str]) -> Words:
        """Take the best name that is free."""
        words = _retold(definition.words, told)
        base = next(_candidates(words))
        for wanted in (*_candidates(words), (*base, _KINDS[type(definition)])):
            if _name(wanted).casefold() not in self._taken:
                self.take(wanted)
                return wanted
        number = 2
        while _name((*base, str(number))).casefold() in self._taken:
            number += 1
        self.take((*base, str(number)))
        return (*base, str(number))


def _name(words: Iterable[str]) -> str:
    return pascal(split_words(" ".join(words)))


def _candidates(words: Words) -> Iterator[Words]:
    """List names, the best first: whole, without what tells nothing, cut."""
    telling = tuple(word for word in words[:-1] if not _is_untold(word))
    for whole in dict.fromkeys(((*telling, words[-1]), words)):
        if len(_name(whole)) <= LONGEST:
            yield whole
        else:
            yield from _cut(whole)


def _cut(words: Words) -> Iterator[Words]:
    """Leave words out behind the first ones, as few as possible, then more."""
    head = _head(words)
    rest = words[len(head) :]
    ends = [rest[start:] for start in range(len(rest))]
    middle = rest[:-1][-_MOST:]
    some = [kept for size in (2, 1) for kept in combinations(middle[::-1], size)]
    for kept in (*ends, *((*each[::-1], *rest[-1:]) for each in some)):
        if kept and len(_name((*head, *kept))) <= LONGEST:
            yield (*head, *kept)
    flat = tuple(split_words(" ".join(words)))
    for start in range(1, len(flat)):
        if len(_name((flat[0], *flat[start:]))) <= LONGEST:
            yield (flat[0], *flat[start:])
    yield flat[-1:]


def _head(words: Words) -> Words:
    """Give the words that say where a type belongs, the first of them in any case."""
    size = 1
    while size < len(words) - 1 and len(_name(words[: size + 1])) <= _HEAD:
        size += 1
    return words[:size]


def _is_untold(word: str) -> bool:
    return word.startswith(_UNTOLD) and word[len(_UNTOLD) :].isdecimal()


def _retold(words: Words, told: Mapping[Words, str]) -> Words:
    """Say what is known of the variants on the way to a type."""
    return tuple(told.get(words[: at + 1], word) for at, word in enumerate(words))


def _told(definitions: Mapping[TypeId, Definition]) -> dict[Words, str]:
    """Find words for the variants that have none: by the words that lead to them."""
    found: dict[Words, str] = {}
    for definition in definitions.values():
        if isinstance(definition, Union):
            unnamed = _unnamed(definition, definitions)
            for variant in unnamed:
                word = _word(variant, definition, unnamed)
                if word:
                    found[variant.words] = word
    return found


def _unnamed(
    union: Union, definitions: Mapping[TypeId, Definition]
) -> list[Definition]:
    """List the variants that are called by their number alone."""
    ids = [each.type.id for each in union.variants if isinstance(each.type, Ref)]
    known = [definitions[each] for each in dict.fromkeys(ids) if each in definitions]
    return [
        each
        for each in known
        if each.words[:-1] == union.words and _is_untold(each.words[-1])
    ]


def _word(variant: Definition, union: Union, unnamed: list[Definition]) -> str:
    """Tell a variant by its tag, by its kind, or by what only it has."""
    tags = [
        each.tag
        for each in union.variants
        if each.tag is not None and each.type == Ref(variant.id)
    ]
    if tags and len(tags) <= 2 and all(map(split_words, tags)):
        return "_or_".join(tags)
    if sum(isinstance(each, type(variant)) for each in unnamed) == 1:
        return _KINDS[type(variant)]
    if not isinstance(variant, Struct):
        return ""
    others = {
        name.name
        for each in unnamed
        if isinstance(each, Struct) and each is not variant
        for name in each.fields
    }
    own = [each for each in variant.fields if each.name not in others]
    own.sort(key=lambda each: not each.required)
    return f"with_{own[0].name}" if own else ""


_KINDS: dict[type[Definition], str] = {
    Struct: "object",
    Enum: "choice",
    Union: "union",
    Alias: "value",
}
