"""Splitting any text into lower-case ASCII words, and joining words in a case."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(
    r"\0u[0-9a-f]+\0"  # a character without an ASCII form
    r"|OAuth[0-9]*"
    r"|[A-Z]{2,}s(?![a-z])"  # the plural of an acronym
    r"|[A-Z]+(?=[A-Z][a-z])"  # the acronym before a capitalised word: HTTP|Server
    r"|[A-Z]?[a-z]+[0-9]*"
    r"|[A-Z]+[0-9]*"
    r"|[0-9]+"
)


def split_words(text: str) -> tuple[str, ...]:
    """Split at humps, digits' ends and everything that is no letter or digit.

    Letters outside ASCII lose their accents; what has no ASCII form stands as
    its code point (`u4e2d`), so that different texts stay different and no
    look-alike can hide. The result is empty only for text without any letter,
    digit or such character.
    """
    return _words_of(text)


@cache
def _words_of(text: str) -> tuple[str, ...]:
    found: list[str] = _WORD.findall(_to_ascii(text.replace("\0", " ")))
    return tuple([word.strip("\0").lower() for word in found])


def _to_ascii(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(map(_ascii_form, decomposed))


def _ascii_form(character: str) -> str:
    if character.isascii():
        return character
    if unicodedata.combining(character):
        return ""
    return f"\0u{ord(character):x}\0" if character.isalnum() else " "


_DIGITS = "zero one two three four five six seven eight nine".split()


_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth".split()
_ORDINAL = re.compile(r"([0-9])_?(?:[sS][tT]|[nN][dD]|[rR][dD]|[tT][hH])(?![a-z])")


def spelled(name: str) -> str:
    """Write out the digit that a name begins with: `3_d_secure`, `1StName`.

    A number of several digits stays.
    """
    ordinal = _ORDINAL.match(name)
    if ordinal is not None:
        word, rest = _ORDINALS[int(ordinal[1])], name[ordinal.end() :]
        is_pascal = name[1].isupper() and not name.isupper()
        word = word.capitalize() if is_pascal else word
        return (word.upper() if name.isupper() else word) + rest
    if not name[:1].isdecimal() or not name.isascii() or not name[1:2]:
        return name
    rest = name[1:]
    if rest.lstrip("_")[:1].isdecimal():
        return name
    word = _DIGITS[int(name[0])]
    if rest[0] == "_" or rest[0].islower():
        return word.upper() + rest if rest.isupper() else word + rest
    return (
        word.upper() if rest.isupper() and "_" in rest else word.capitalize()
    ) + rest


def snake(words: Iterable[str]) -> str:
    """Join as `lower_case`."""
    return "_".join(words)


def kebab(words: Iterable[str]) -> str:
    """Join as `lower-case`."""
    return "-".join(words)


def constant(words: Iterable[str]) -> str:
    """Join as `UPPER_CASE`."""
    return "_".join(words).upper()


def pascal(words: Iterable[str]) -> str:
    """Join as `CamelCase`."""
    return "".join([word[:1].upper() + word[1:] for word in words])


def type_case(words: Iterable[str]) -> str:
    """Join as `CamelCase`; a word that is an identifier keeps its own case."""
    return pascal([w if _is_plain(w) else pascal(split_words(w)) for w in words])


def _is_plain(word: str) -> bool:
    return word.isascii() and word.isalnum() and word[:1].isalpha()


def camel(words: Iterable[str]) -> str:
    """Join as `camelCase`."""
    joined = spelled(pascal(words))
    return joined[:1].lower() + joined[1:]
