"""The golden cases: a small specification each, and what must come of it."""

from __future__ import annotations

import re
from pathlib import Path

from headgate.output.folder import MANIFEST
from headgate.pipeline import generate as render
from headgate.pipeline import write_packages
from headgate.plan.package import LANGUAGES, Language

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent
TELLING = re.compile(
    r"^src/.*\b(content|lists|output|types|resources|streams|pages|vectors|_operations|_surface|builders)\b"
)
CASES = tuple(sorted(path.parent.name for path in FOLDER.glob("*/spec.yaml")))

__all__ = [
    "CASES",
    "LANGUAGES",
    "MANIFEST",
    "ROOT",
    "Language",
    "expected_folder",
    "generate",
    "read_expected",
    "read_written",
]


def generate(case: str, language: Language, out: Path) -> None:
    """Write a case's package of one language to `out/<language>`."""
    write_packages(render(FOLDER / case / "spec.yaml", [language]), out)


def expected_folder(case: str, language: str) -> Path:
    return FOLDER / case / "expected" / language


def read_expected(case: str, language: str) -> dict[str, str]:
    """The committed text of each file of a package, by its path."""
    return _texts(expected_folder(case, language))


def read_written(case: str, language: str, folder: Path) -> dict[str, str]:
    """The text of each file of a case's package that shows what the case is about.

    Copies of the fixed runtime and of the vectors are left out: they are one text in
    every case. So is, unless the case has settings of its own, what hardly differs
    between packages.
    """
    templates = ROOT / "templates"
    copied = (templates / language / "runtime", templates / "package/tests/vectors")
    runtime = {
        path.read_text("utf-8")
        for folder in copied
        for path in folder.rglob("*")
        if path.is_file()
    }
    whole = (FOLDER / case / "headgate.toml").is_file()
    return {
        path: text
        for path, text in _texts(folder / language).items()
        if text not in runtime and (whole or TELLING.search(path))
    }


def _texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
