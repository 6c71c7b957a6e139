"""A scope hands out each name once and never a reserved one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from headgate.names.words import spelled

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

K = TypeVar("K")

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_LONGEST = 120
"""Where names are cut: file systems end at 255 bytes, with a suffix and a prefix."""

DEVICES = frozenset(
    (
        "aux",
        "con",
        "nul",
        "prn",
        *(f"{it}{n}" for it in ("com", "lpt") for n in "123456789"),
    )
)
"""Names that are no file's on Windows, whatever the suffix."""


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """An ASCII identifier that is safe in every language but for reserved words."""

    text: str

    def __post_init__(self) -> None:
        """Refuse what is no identifier."""
        if _IDENTIFIER.fullmatch(self.text) is None:
            raise ValueError(f"not an identifier: {self.text!r}")


@dataclass(slots=True)
class Scope:
    """The names taken in one scope.

    `fold_case` makes names that differ by case alone collide: for file names,
    which share a folder on disks that do not tell the case.
    """

    reserved: frozenset[str] = frozenset()
    fold_case: bool = False
    _taken: set[str] = field(default_factory=set[str])

    def claim(self, wanted: str, fallback: str = "value") -> Name:
        """Give the free name nearest to `wanted`.

        A reserved word gets a trailing underscore, a digit at the start is written
        out, a name that starts with a number or is empty is put behind `fallback`,
        one too long for a file's name is cut, a taken one is numbered from 2.
        """
        base = self._legal(wanted, fallback)
        name, number = base, 1
        while self._key(name) in self._taken or name in self.reserved:
            number += 1
            name = _numbered(base, number)
        self._taken.add(self._key(name))
        return Name(name)

    def _legal(self, wanted: str, fallback: str) -> str:
        wanted = spelled(wanted)
        name = wanted if _IDENTIFIER.fullmatch(wanted) else f"{fallback}_{wanted}"
        if _IDENTIFIER.fullmatch(name) is None:
            name = fallback
        name = name[:_LONGEST]
        is_device = self.fold_case and name.casefold() in DEVICES
        return f"{name}_" if is_device or name in self.reserved else name

    def _key(self, name: str) -> str:
        return name.casefold() if self.fold_case else name


def _numbered(base: str, number: int) -> str:
    separator = "_" if base[-1].isdigit() or "_" in base else ""
    return f"{base}{separator}{number}"


def apart(wanted: Mapping[K, str], ours: Collection[str]) -> dict[K, str]:
    """Order types' names for claiming: what is called as one of ours comes last.

    It ends in `Type`, unless another type has that very name.
    """
    free = {key: name for key, name in wanted.items() if name not in ours}
    return free | {k: f"{name}Type" for k, name in wanted.items() if k not in free}
