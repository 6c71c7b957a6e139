"""The strictest compilers of each language, as lists of what they complain about."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.corpus import ROOT

WORK = ROOT / ".stamps" / "corpus"
TSC = ROOT / "tools" / "node_modules" / ".bin" / "tsc"
PYTHON = Path(sys.executable)
CARGO_TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
IMPORT_ALL = """
import importlib, pkgutil, sys, traceback, warnings
warnings.simplefilter("error")
for top in sys.argv[1:]:
    names = [top]
    for name in names:
        try:
            module = importlib.import_module(name)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            said = " ".join(str(error).split())
            place = f"{last.filename}:{last.lineno}"
            print(f"{place}: {name}: {type(error).__name__}: {said}")
            continue
        inner = getattr(module, "__path__", None)
        if inner is not None:
            names += [each.name for each in pkgutil.iter_modules(inner, f"{name}.")]
"""
"""Imports packages with all that is in them and prints a line for each failure."""
DIAGNOSTIC = re.compile(r"\b(error|warning)(\[\w+\])?:")


def python_faults(package: Path) -> list[str]:
    """Failed imports, then what mypy and pyright find in strict mode."""
    modules = [path.parent for path in (package / "src").glob("*/__init__.py")]
    return [*import_faults(modules), *mypy_faults(modules), *pyright_faults(modules)]


def import_faults(modules: Iterable[Path], python: Path = PYTHON) -> list[str]:
    """Import packages and every module in them, in one fresh process."""
    folders = list(modules)
    places = os.pathsep.join(str(folder.parent) for folder in folders)
    command = [str(python), "-c", IMPORT_ALL, *(each.name for each in folders)]
    code, said = run(command, folders[0].parent, {"PYTHONPATH": places})
    faults = said.splitlines()
    return faults or ([f"exit {code}"] if code else [])


def mypy_faults(modules: Iterable[Path], python: Path = PYTHON) -> list[str]:
    """What mypy says in strict mode, without the notes."""
    folders = list(modules)
    command = [
        *(sys.executable, "-m", "mypy", "--strict", "--python-version", "3.11"),
        *("--config-file", os.devnull, "--cache-dir", str(WORK / "mypy-cache")),
        *("--no-pretty", "--no-error-summary", "--hide-error-context"),
        *("--python-executable", str(python)),
        *(str(folder) for folder in folders),
    ]
    code, said = run(command, folders[0].parent)
    return select(code, said, lambda line: ": error:" in line)


def pyright_faults(modules: Iterable[Path], python: Path = PYTHON) -> list[str]:
    """What pyright says in strict mode."""
    folders = list(modules)
    project = folders[0].parent / "pyrightconfig.json"
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "include": [folder.name for folder in folders],
    }
    project.write_text(json.dumps(settings), "utf-8")
    command = [
        *(sys.executable, "-m", "pyright", "--project", str(project)),
        *("--pythonpath", str(python)),
    ]
    memory = {"NODE_OPTIONS": "--max-old-space-size=6144"}
    code, said = run(command, folders[0].parent, memory)
    return select(code, said, lambda line: " - error" in line or " - warning" in line)


def typescript_faults(package: Path) -> list[str]:
    """What tsc says under the package's own settings, which are strict."""
    command = [str(TSC), "--project", "tsconfig.json", "--noEmit", "--pretty", "false"]
    code, said = run(command, package)
    return select(code, said, lambda line: "error TS" in line)


def rust_faults(package: Path) -> list[str]:
    """What rustc and clippy say; clippy runs all that `cargo check` does."""
    command = [
        *("cargo", "clippy", "--quiet", "--message-format", "short"),
        *("--target-dir", str(CARGO_TARGET), "--", "-D", "warnings"),
    ]
    code, said = run(command, package)
    return select(code, said, lambda line: DIAGNOSTIC.search(line) and ".rs:" in line)


COMPILERS: dict[str, Callable[[Path], list[str]]] = {
    "python": python_faults,
    "typescript": typescript_faults,
    "rust": rust_faults,
}


def run(
    command: list[str],
    cwd: Path,
    environment: dict[str, str] | None = None,
    given: str | None = None,
) -> tuple[int, str]:
    """The exit code of a command and all that it said."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def select(code: int, said: str, counts: Callable[[str], object]) -> list[str]:
    """The lines that count; a failure without any is one fault with all it said."""
    if code == 0:
        return []
    return [line for line in said.splitlines() if counts(line)] or [said[-1000:]]
