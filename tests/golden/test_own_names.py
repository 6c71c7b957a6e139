"""What a package's own text imports is no name of a document's types or resources.

The case `own-names` shows what becomes of a document that has such names. This holds
the lists of them against every package there is, so that no new import is forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.plan.python.names import KEYWORDS, PUBLIC, RUNTIME, TYPING
from headgate.plan.rust.names import RESOURCE_WORDS, TYPE_WORDS
from headgate.plan.typescript.names import TAKEN_TYPES
from tests.golden.cases import CASES, ROOT, expected_folder

PYTHON = re.compile(r"^from (\S+) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
RUST = re.compile(
    r"^use ((?:crate::runtime|std|serde|serde_json)::[^;]*);", re.MULTILINE
)
TYPESCRIPT = re.compile(
    r'^(?:im|ex)port [^"]*?\{([^}]*)\} from "[^"]*/runtime/', re.MULTILINE
)
RENAMED = re.compile(r" as \w+")
CLASS = re.compile(r"\b[A-Z]\w*[a-z]\w*\b")


def files(language: str, *places: str) -> Iterator[Path]:
    """The rendered files of every package: of the cases, and of our specification."""
    roots = [expected_folder(case, language) for case in CASES]
    for root in (*roots, ROOT / "generated" / language):
        for place in places:
            yield from root.glob(f"src/**/{place}")


def python_imports(text: str) -> Iterator[str]:
    for module, names in PYTHON.findall(text):
        if module.startswith(".") and "_runtime" not in module:
            continue
        yield from CLASS.findall(names)


@pytest.mark.parametrize("place", ["types", "streams", "resources"])
def test_python_keeps_its_names(place: str) -> None:
    """Modules that name the document's types."""
    found = {
        name
        for path in files("python", f"{place}/*.py")
        if path.name != "__init__.py"
        for name in python_imports(path.read_text("utf-8"))
    }

    assert found
    assert found - (KEYWORDS | TYPING | PUBLIC | RUNTIME) == set()


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        ("types/*.rs", TYPE_WORDS),
        ("resources/*.rs", RESOURCE_WORDS),
        ("client.rs", RESOURCE_WORDS),
    ],
)
def test_rust_keeps_its_names(place: str, kept: frozenset[str]) -> None:
    """Files that define the document's types and resources."""
    found = {
        name
        for path in files("rust", place)
        for used in RUST.findall(path.read_text("utf-8"))
        for name in CLASS.findall(used)
    }

    assert found
    assert found - kept == set()


def test_typescript_keeps_its_names() -> None:
    """All files but one that names no types: their exports meet in the index."""
    found = {
        name
        for path in files("typescript", "*.ts")
        if "runtime" not in path.parts and path.name != "vectors.ts"
        for names in TYPESCRIPT.findall(path.read_text("utf-8"))
        for name in CLASS.findall(RENAMED.sub("", names))
    }

    assert found
    assert found - TAKEN_TYPES == set()
