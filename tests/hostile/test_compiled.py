"""Hostile packages compile, and what runs of them runs nothing of the document's.

Every payload that is code makes a file in the current folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.generating import Pair
from tests.hostile.payloads import PAYLOADS

CHOSEN = tuple(range(0, len(PAYLOADS), 10))
"""Of the documents whose positions stand once, as many as there is time to compile."""
ROOT = Path(__file__).resolve().parents[2]
CARGO_TARGET = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
"""Where all crates are built, so that what they stand on is built once."""
IMPORTING = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for each in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    module = importlib.import_module(each.name)
    for name in getattr(module, "__all__", ()):
        getattr(module, name)
"""


def run(*command: object, cwd: Path, **variables: str) -> tuple[int, str]:
    """The exit code of a command and all that it said."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_python_imports_in_silence(repeated: Pair, scratch: Path) -> None:
    """Every module imports, every name resolves, and no payload runs."""
    source = repeated.folder / "hostile" / "python" / "src"
    code, said = run(
        *[sys.executable, "-W", "error", "-c", IMPORTING, "slices_sdk"],
        cwd=scratch,
        PYTHONPATH=str(source),
    )

    assert (code, said) == (0, "")
    assert list(scratch.iterdir()) == []


def packages_of(pair: Pair, language: str) -> list[Path]:
    """The folders of a document's hostile packages, under whatever name."""
    marks = {
        "python": "pyproject.toml",
        "typescript": "tsconfig.json",
        "rust": "Cargo.toml",
    }
    found = (pair.folder / "hostile" / "out").rglob(f"{language}/{marks[language]}")
    return [path.parent for path in found]


@pytest.mark.parametrize("number", CHOSEN)
def test_python_of_single_positions_imports_in_silence(
    singles: list[Pair], scratch: Path, number: int
) -> None:
    """Titles, settings and file names of a document run nothing either."""
    (package,) = packages_of(singles[number], "python")
    (module,) = (path.parent.name for path in package.glob("src/*/__init__.py"))
    # The folder's name is hostile too, and a search path would be cut at its colons.
    program = f"import sys; sys.path.insert(0, sys.argv[2])\n{IMPORTING}"
    code, said = run(
        *[sys.executable, "-W", "error", "-c", program, module, package / "src"],
        cwd=scratch,
    )

    assert (code, said) == (0, "")
    assert list(scratch.iterdir()) == []


def test_typescript_of_single_positions_compiles(singles: list[Pair]) -> None:
    """Tsc finds nothing in packages whose every setting is hostile."""
    tsc = ROOT / "tools" / "node_modules" / ".bin" / "tsc"
    (package,) = packages_of(singles[CHOSEN[1]], "typescript")

    assert run(tsc, "--noEmit", "-p", package / "tsconfig.json", cwd=package) == (0, "")


def test_typescript_compiles_and_runs_in_silence(repeated: Pair, scratch: Path) -> None:
    """Tsc finds nothing, Node loads every module, and no payload runs."""
    package = repeated.folder / "hostile" / "typescript"
    out = package.parent / "built"
    tsc = ROOT / "tools" / "node_modules" / ".bin" / "tsc"
    compiled = run(tsc, "-p", package / "tsconfig.json", "--outDir", out, cwd=package)
    (out / "package.json").write_text(json.dumps({"type": "module"}), "utf-8")
    ran = run("node", out / "index.js", cwd=scratch)

    assert compiled == (0, "")
    assert ran == (0, "")
    assert list(scratch.iterdir()) == []


def test_rust_compiles_and_its_docs_run_nothing(repeated: Pair) -> None:
    """Cargo builds the crate, and finds no doc test that the document wrote."""
    crate = repeated.folder / "hostile" / "rust"
    before = {path.name for path in crate.iterdir()}
    code, said = run(
        *["cargo", "test", "--quiet", "--doc"],
        cwd=crate,
        CARGO_TARGET_DIR=CARGO_TARGET,
    )

    assert code == 0, said
    assert {path.name for path in crate.iterdir()} - before <= {"Cargo.lock"}


@pytest.mark.parametrize("number", CHOSEN)
def test_rust_of_single_positions_compiles(singles: list[Pair], number: int) -> None:
    """Cargo finds nothing in crates whose every setting is hostile."""
    (crate,) = packages_of(singles[number], "rust")
    code, said = run(
        *["cargo", "check", "--quiet"], cwd=crate, CARGO_TARGET_DIR=CARGO_TARGET
    )

    assert (code, said) == (0, "")
