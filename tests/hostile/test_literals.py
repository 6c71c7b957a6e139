"""What stands in a string literal is, decoded, what the document says."""

from __future__ import annotations

import re
from pathlib import Path

from headgate.plan.package import LANGUAGES, Language
from tests.hostile.generating import Pair
from tests.hostile.trees.reading import read_all

MARKED = re.compile(r"(?:tainted|named)\d\d")
SUFFIXES = {"python": ".py", "typescript": ".ts", "rust": ".rs"}
LITERAL = (
    "path literal",
    "query name",
    "header name",
    "property key",
    "multipart name",
    "enum",
    "const",
    "discriminator value",
    "mapping key",
    "api key name",
    "event type",
    "terminal event",
    "sentinel",
)
"""The positions whose text programs compare and send, in each language."""


def strings(pair: Pair, language: Language) -> set[str]:
    """The decoded strings of a language's package."""
    folder = pair.folder / "hostile" / language / "src"
    paths = sorted(folder.rglob(f"*{SUFFIXES[language]}"))
    return set().union(*(each.strings for each in read_all(paths).values()))


def test_literals_decode_to_what_the_document_says(repeated: Pair) -> None:
    """Each text that programs use is there, to the character, in all languages."""
    found = {language: strings(repeated, language) for language in LANGUAGES}
    planted = repeated.garden.planted

    assert {
        (language, label, number)
        for (label, number), texts in planted.items()
        for text in map(in_requests, texts)
        for language in LANGUAGES
        if label in LITERAL
        and (label, number) not in repeated.garden.refused
        and text not in found[language]
    } == set()


def test_no_literal_says_anything_else(repeated: Pair) -> None:
    """A literal with a planted word is a planted text, or a name made from one."""
    texts = repeated.garden.texts
    known = {
        *texts,
        *map(in_requests, texts),
        *map(str.strip, texts),
        *(text.rstrip("/") for text in texts),  # an address without its last slash
        *(f"{text}_{place}" for text in texts for place in ("header", "cookie")),
    }
    odd = {
        (language, text)
        for language in LANGUAGES
        for text in strings(repeated, language)
        if MARKED.search(text) and text not in known and not is_name(text)
    }

    assert odd == set()


def in_requests(text: str) -> str:
    """What is sent of a path: its fragment and its query only tell it from others."""
    return re.split("[?#]", text)[0] if text.startswith("/s") else text


def is_name(text: str) -> bool:
    """Whether a text is made of names alone: an identifier, a module's path."""
    return re.fullmatch(r"(?:[A-Za-z0-9_./-])+", text) is not None


def test_folders_hold_what_was_rendered_alone(repeated: Pair) -> None:
    """Nothing is written beside the packages."""
    folder: Path = repeated.folder

    assert sorted(path.name for path in folder.iterdir()) == [
        "benign",
        "hostile",
        "spec.json",
    ]
