"""A planned package: which files there are and what each of them shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Language = Literal["python", "typescript", "rust"]
LANGUAGES: tuple[Language, ...] = ("python", "typescript", "rust")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file printed from `template` (a path below `templates/`).

    `page` is a frozen dataclass whose leaves are `Code`, bool or None and whose
    branches are tuples and further pages; its fields are the template's names.
    """

    path: str
    template: str
    page: object


@dataclass(frozen=True, slots=True)
class Copied:
    """A file taken over unchanged from `source` (a path below `templates/`)."""

    path: str
    source: str


PlannedFile: TypeAlias = Rendered | Copied


@dataclass(frozen=True, slots=True)
class Package:
    """All files of one language, in the order in which they are written."""

    language: Language
    files: tuple[PlannedFile, ...]
