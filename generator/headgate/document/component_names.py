"""Which part of the bundle's `components` each target of a reference becomes."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from headgate.document.files import BadReferenceError, Files, Target
from headgate.document.grammar import SECTIONS
from headgate.document.json_values import Json, JsonObject, Tokens, follow
from headgate.document.source import Source

_DEFINITIONS: Final = frozenset({"$defs", "definitions"})
_STRUCTURE: Final = frozenset(
    {"components", "paths", "properties", "content", "schema", *_DEFINITIONS, *SECTIONS}
)
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9]+")


class NameTakenError(Exception):
    """Two different things would have one name; the other's file is told."""

    def __init__(self, name: str, file: str) -> None:
        super().__init__(name)
        self.name = name
        self.file = file


class ComponentNames:
    """Hands out the names; the root's own components keep theirs.

    `waiting` holds what got a name and has not been written yet.
    """

    def __init__(self, files: Files, root: Source) -> None:
        self.waiting: deque[tuple[str, str, Target]] = deque()
        self._files = files
        self._root = root
        self._names: dict[tuple[str, Tokens], tuple[str, str]] = {}
        self._taken: dict[tuple[str, str], tuple[str, Tokens]] = {}
        self._claim_own()

    def has(self, section: str, name: str) -> bool:
        """Tell whether something has this name."""
        return (section, name) in self._taken

    def give(self, section: str, target: Target) -> str:
        """Give a target's name in a section, and have it written when it is new."""
        known = self._names.get(target.key)
        if known and known[0] == section:
            return known[1]
        name = self._free_name(section, target)
        self._claim(section, name, target)
        self.waiting.append((section, name, target))
        return name

    def _free_name(self, section: str, target: Target) -> str:
        """Give the shortest name that nothing else has."""
        names = _names(target)
        for name in names:
            if self._taken.get((section, name), target.key) == target.key:
                return name
        raise NameTakenError(names[0], self._taken[section, names[0]][0])

    def named_parts_of_root(self) -> Iterator[tuple[Tokens, str]]:
        """Give each inline schema of the root document that got a name after all."""
        for (file, tokens), (section, name) in self._names.items():
            own = ("components", section, name)
            if file != self._root.name or section != "schemas":
                continue
            if tokens and tokens != own:
                yield tokens, name

    def _claim_own(self) -> None:
        entries = list(self._own_entries())
        for section, name, target in entries:
            self._claim(section, name, target)
        for section, name, target in entries:
            meant = self._meant(section, target)
            if meant and meant.key not in self._names:
                self._names[meant.key] = (section, name)
                self._taken[section, name] = meant.key
                self.waiting.append((section, name, meant))

    def _own_entries(self) -> Iterator[tuple[str, str, Target]]:
        components = _member(self._root.value, "components")
        for section in SECTIONS:
            place = Target(self._root, ("components", section))
            entries = _member(components, section)
            reference = _lone_reference(entries)
            if reference is not None:
                found = self._resolve(reference)
                if found is None:
                    continue
                place = found
                entries = follow(place.source.value, place.tokens)[1]
            for name in entries if isinstance(entries, dict) else ():
                yield section, name, Target(place.source, (*place.tokens, name))

    def _meant(self, section: str, entry: Target) -> Target | None:
        """Give what a component that only refers to something else stands for."""
        value = follow(entry.source.value, entry.tokens)[1]
        reference = _lone_reference(value)
        if reference is None or section in ("callbacks", "pathItems", "mediaTypes"):
            return None
        return self._resolve(reference, entry.source)

    def _resolve(self, reference: str, source: Source | None = None) -> Target | None:
        try:
            return self._files.resolve(reference, source or self._root)
        except BadReferenceError:
            # The walk meets it again and reports it.
            return None

    def _claim(self, section: str, name: str, target: Target) -> None:
        self._names[target.key] = (section, name)
        self._taken[section, name] = target.key


def _member(value: Json, key: str) -> Json:
    return value.get(key) if isinstance(value, dict) else None


def _lone_reference(value: Json) -> str | None:
    if not isinstance(value, dict) or len(value) != 1:
        return None
    reference = value.get("$ref")
    return reference if isinstance(reference, str) else None


def _names(target: Target) -> list[str]:
    """Name a target by the last part of its pointer, or by its file, or by the way.

    A part deep inside something is named by the whole way to it: `items` alone, or
    the `200` of an operation's `responses`, would say nothing.
    """
    tokens = target.tokens
    if not tokens:
        file = target.source.name.replace("\\", "/").rsplit("/", 1)[-1]
        return [file.split(".", 1)[0]]
    telling = _joined(token for token in tokens if token not in _STRUCTURE)
    ways = [telling or tokens[-1], _joined(tokens)]
    return [tokens[-1], *ways] if _is_definition(tokens) else ways


def _is_definition(tokens: Tokens) -> bool:
    """Say whether a pointer leads to something whose last part is its name."""
    if len(tokens) == 1 or tokens[-2] in _DEFINITIONS:
        return True
    return tokens[-2] in SECTIONS and tokens[:-2] in ((), ("components",))


def _joined(tokens: Iterable[str]) -> str:
    words = (_NOT_IN_A_NAME.sub("_", token).strip("_") for token in tokens)
    return "_".join(word for word in words if word)


def in_section_order(components: JsonObject) -> JsonObject:
    """Put the sections of `components` in the order of the grammar."""
    ordered = {name: components[name] for name in SECTIONS if name in components}
    return {**ordered, **components}
