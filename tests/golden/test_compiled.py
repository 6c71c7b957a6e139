"""Each case's packages satisfy the strictest compiler of their language.

Equal text alone proves nothing: the reviewed text might not compile.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.golden.cases import CASES, ROOT
from tests.golden.conftest import Written

CARGO_TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def run(*command: object, cwd: Path) -> tuple[int, str]:
    """The exit code of a command and all that it said."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="session")
def modules(written: Written, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python modules of all cases side by side, as if all were installed."""
    folder = tmp_path_factory.mktemp("modules")
    for case in CASES:
        for module in (written.folder("python") / case / "python").rglob("py.typed"):
            shutil.copytree(module.parent, folder / module.parent.name)
    return folder


@pytest.fixture(scope="session")
def crates(written: Written, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crates of all cases as members of one workspace, to build in one go."""
    folder = tmp_path_factory.mktemp("crates")
    for case in CASES:
        crate = folder / case
        shutil.copytree(written.folder("rust") / case / "rust", crate)
        manifest = crate / "Cargo.toml"
        text = manifest.read_text("utf-8")
        assert "workspace" in tomllib.loads(text)
        manifest.write_text(text.replace("[workspace]\n", ""), "utf-8")
    members = json.dumps(list(CASES))
    (folder / "Cargo.toml").write_text(
        f'[workspace]\nresolver = "2"\nmembers = {members}\n', "utf-8"
    )
    return folder


def test_python_passes_mypy_strict(modules: Path) -> None:
    """Mypy finds nothing in strict mode."""
    code, said = run(
        *[sys.executable, "-m", "mypy", "--strict", "--python-version", "3.11"],
        *["--config-file", os.devnull, "--cache-dir", modules / ".cache"],
        *sorted(path for path in modules.iterdir() if path.is_dir()),
        cwd=modules,
    )

    assert code == 0, said


def test_python_passes_pyright_strict(modules: Path) -> None:
    """Pyright finds nothing in strict mode."""
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "include": ["."],
        "exclude": [".cache", *_runtimes_again(modules)],
    }
    (modules / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    code, said = run(
        *[sys.executable, "-m", "pyright", "--project", modules],
        *["--pythonpath", sys.executable],
        cwd=modules,
    )

    assert code == 0, said


def _runtimes_again(modules: Path) -> list[str]:
    """The runtimes that are one before, byte for byte: no case changes what it imports.

    Pyright would read all of them again, which takes minutes.
    """
    seen: set[tuple[tuple[str, bytes], ...]] = set()
    again: list[str] = []
    for runtime in sorted(modules.glob("*/_runtime")):
        files = tuple(
            (str(file.relative_to(runtime)), file.read_bytes())
            for file in sorted(runtime.rglob("*.py"))
        )
        assert not any(b"from .." in text for _, text in files), "it leaves its folder"
        if files in seen:
            again.append(str(runtime.relative_to(modules)))
        seen.add(files)
    return again


def test_typescript_passes_tsc_strict(written: Written) -> None:
    """Tsc finds nothing in strict mode, unused names and unchecked indexes included."""
    settings = {
        "compilerOptions": {
            "strict": True,
            "noEmit": True,
            "noUnusedLocals": True,
            "noImplicitOverride": True,
            "noFallthroughCasesInSwitch": True,
            "noUncheckedIndexedAccess": True,
            "exactOptionalPropertyTypes": True,
            "verbatimModuleSyntax": True,
            "isolatedModules": True,
            "target": "ES2022",
            "module": "NodeNext",
            "moduleResolution": "NodeNext",
            "lib": ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
            "types": [],
        },
        "include": ["*/typescript/src/**/*.ts"],
    }
    folder = written.folder("typescript")
    (folder / "tsconfig.json").write_text(json.dumps(settings), "utf-8")
    tsc = ROOT / "tools" / "node_modules" / ".bin" / "tsc"
    code, said = run(tsc, "--project", folder, cwd=folder)

    assert code == 0, said


def test_rust_passes_clippy(crates: Path) -> None:
    """Clippy has no warning on any crate."""
    code, said = run(
        *["cargo", "clippy", "--quiet", "--workspace", "--target-dir", CARGO_TARGET],
        *["--", "-D", "warnings"],
        cwd=crates,
    )

    assert code == 0, said
