"""The same document gives the same bytes wherever and whenever it is generated."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SURROUNDINGS = {
    "another-hash-seed": {"PYTHONHASHSEED": "12345"},
    "no-programs-at-hand": {"PATH": ""},
    "another-place-and-language": {"TZ": "Asia/Kolkata", "LC_ALL": "C"},
    "no-utf8-mode": {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
}


def generate(folder: Path, environment: dict[str, str]) -> dict[str, bytes]:
    """Generate our document in a process of its own and read what it wrote."""
    subprocess.run(
        [
            *(sys.executable, "-m", "headgate", "generate", "--out", folder),
            *("--spec", ROOT / "spec" / "openapi.yaml"),
        ],
        env={**os.environ, "PYTHONHASHSEED": "0", **environment},
        cwd=folder.parent,
        check=True,
        capture_output=True,
    )
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return generate(tmp_path_factory.mktemp("usual") / "out", {})


@pytest.mark.parametrize("surroundings", list(SURROUNDINGS))
def test_surroundings_change_nothing(
    surroundings: str, usual: dict[str, bytes], tmp_path: Path
) -> None:
    """Hash seed, installed programs, time zone and locale leave every byte alone."""
    actual = generate(tmp_path / "out", SURROUNDINGS[surroundings])

    assert actual == usual
