"""Planting texts into a document, and finding them again by their place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.hostile.payloads import PAYLOADS, Payload
from tests.hostile.positions import BY_LABEL, Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Site = tuple[str, int]
"""A position's label and a payload's number."""


_VARIABLE = re.compile(r"\{[A-Za-z_][A-Za-z0-9_.-]*\}")
_IN_PATHS = ("path literal", "path parameter")


def paths_with_variables() -> set[Site]:
    """Sites in paths whose text holds a variable: each is one argument more."""
    return {
        (label, payload.number)
        for label in _IN_PATHS
        for payload in PAYLOADS
        if _VARIABLE.search(payload.hostile(BY_LABEL[label].stem))
    }


class Planted(str):
    """A text that remembers the site it was planted at."""

    __slots__ = ("site",)

    site: Site


@dataclass(slots=True)
class Garden:
    """Gives each site its hostile text, or the benign one where that was refused."""

    hostile: bool
    refused: set[Site] = field(default_factory=paths_with_variables)
    planted: dict[Site, set[str]] = field(default_factory=dict)
    """The hostile texts of each site: one may stand there in several forms."""
    texts: set[str] = field(default_factory=set)
    """Everything that was planted, benign texts too."""

    def setting(self, label: str, number: int, form: str = "{}") -> Planted | None:
        """The text of a setting, or none: a refused one is left out."""
        if (label, number) in self.refused:
            return None
        return self.text(label, number, form)

    def text(self, label: str, number: int, form: str = "{}") -> Planted:
        """The text of a site, put in the place of a form's braces."""
        site = (label, number)
        payload, position = PAYLOADS[number], BY_LABEL[label]
        wild = self.hostile and site not in self.refused
        text = _text_of(payload, position, wild=wild)
        planted = Planted(form.replace("{}", text))
        planted.site = site
        self.texts.add(str(planted))
        if wild:
            self.planted.setdefault(site, set()).add(str(planted))
        return planted


def _text_of(payload: Payload, position: Position, *, wild: bool) -> str:
    stem = position.stem
    if position.token:
        return payload.token(stem) if wild else payload.benign_token(stem)
    if position.crate and not wild:
        return payload.benign_crate(stem)
    text = payload.hostile(stem) if wild else payload.benign(stem, position.kept)
    return "".join(filter(_is_printable, text)) if position.printable else text


def _is_printable(character: str) -> bool:
    return "!" <= character <= "~"


def sites(document: Any) -> dict[str, list[Site]]:
    """The sites of a document by the JSON pointers of their texts and keys."""
    found: dict[str, list[Site]] = {}
    for pointer, text in _texts(document, ""):
        found.setdefault(pointer, []).append(text.site)
    return found


def _texts(value: Any, pointer: str) -> Iterator[tuple[str, Planted]]:
    if isinstance(value, Planted):
        yield pointer, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            below = f"{pointer}/{_escaped(key)}"
            if isinstance(key, Planted):
                yield below, key
            yield from _texts(inner, below)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{pointer}/{index}")


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def nearest(pointer: str, known: dict[str, list[Site]]) -> list[Site]:
    """The sites nearest to where a diagnostic points: there, below, or above."""
    place = pointer.removeprefix("#")
    if place in known:
        return known[place]
    below = _under(place, known)
    above = [known[up] for up in _ancestors(place) if up in known]
    return below or (above[0] if above else [])


def _under(place: str, known: dict[str, list[Site]]) -> list[Site]:
    return [
        site
        for pointer, held in known.items()
        if pointer.startswith(f"{place}/")
        for site in held
    ]


def _ancestors(place: str) -> Iterable[str]:
    while "/" in place:
        place = place.rpartition("/")[0]
        yield place
