"""What the generator writes is what the pinned formatters would have written."""

from __future__ import annotations

import difflib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from headgate.pipeline import generate, write_packages
from headgate.plan.package import LANGUAGES, Language
from tests.corpus import find_documents
from tests.formatting.fuzz import lengths_document, random_document, texts_document

ROOT = Path(__file__).resolve().parents[2]
OXFMT = ROOT / "tools" / "node_modules" / ".bin" / "oxfmt"
LEFT_OUT = {"github-ogen", "stripe-2022-04"}
"""Real documents of several megabytes that show no line the others do not show."""
FUZZED: dict[str, Callable[[], dict[str, Any]]] = {
    "lengths": lengths_document,
    "texts": texts_document,
    **{f"random-{seed}": partial(random_document, seed) for seed in range(4)},
}


def documents() -> dict[str, Path | None]:
    """Our own, the real ones at hand, and the fuzzed ones, which are made on use."""
    real = find_documents()
    return {
        "ours": ROOT / "spec" / "openapi.yaml",
        **{name: path for name, path in real.items() if name not in LEFT_OUT},
        **dict.fromkeys(FUZZED),
    }


def spec_of(name: str, folder: Path) -> Path:
    path = documents()[name]
    if path is not None:
        return path
    made = folder / "openapi.json"
    made.write_text(json.dumps(FUZZED[name]()), "utf-8")
    return made


def format_python(package: Path) -> None:
    """Ruff's formatter with its own defaults, which are 88 columns."""
    _run([sys.executable, "-m", "ruff", "format", "--quiet", "--isolated", package])


def format_typescript(package: Path) -> None:
    """Oxfmt with the settings that the package ships."""
    _run([OXFMT, "--write", "src"], cwd=package)


def format_rust(package: Path) -> None:
    """Rustfmt with its own defaults."""
    _run(["cargo", "fmt"], cwd=package)


FORMATTERS = {
    "python": format_python,
    "typescript": format_typescript,
    "rust": format_rust,
}


def _run(command: list[Any], cwd: Path | None = None) -> None:
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True)


def differences(before: Path, after: Path) -> str:
    """Unified differences between two folders, at most the first hundred lines."""
    lines: list[str] = []
    for path in sorted(before.rglob("*")):
        if not path.is_file() or path.name == "Cargo.lock":
            continue
        name = path.relative_to(before).as_posix()
        old, new = path.read_bytes(), (after / name).read_bytes()
        if old != new:
            lines += difflib.unified_diff(
                old.decode().split("\n"),
                new.decode().split("\n"),
                f"written/{name}",
                f"formatted/{name}",
                lineterm="",
                n=1,
            )
    return "\n".join(lines[:100])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("document", list(documents()))
def test_formatter_changes_nothing(
    document: str, language: Language, tmp_path: Path
) -> None:
    """The language's formatter leaves every byte as it is."""
    spec = spec_of(document, tmp_path)
    write_packages(generate(spec, [language]), tmp_path / "written")
    shutil.copytree(tmp_path / "written", tmp_path / "formatted")
    FORMATTERS[language](tmp_path / "formatted" / language)

    assert differences(tmp_path / "written", tmp_path / "formatted") == ""


@pytest.mark.parametrize(
    ("language", "path", "ugly"),
    [
        ("python", "ugly.py", "x = { 'a':1 }\n"),
        ("typescript", "src/ugly.ts", "export const x = { a:1 }\n"),
        ("rust", "src/lib.rs", "pub fn f( ) {}\n"),
    ],
)
def test_formatters_are_at_work(
    language: str, path: str, ugly: str, tmp_path: Path
) -> None:
    """Each formatter changes a file that is badly laid out, so silence means clean."""
    file = tmp_path / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(ugly)
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "ugly"\nedition = "2021"\n')
    FORMATTERS[language](tmp_path)

    assert file.read_text() != ugly
