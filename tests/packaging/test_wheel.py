"""The archives that are published hold what they need and nothing of their builder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from headgate.output.folder import MANIFEST

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"


def build(folder: Path) -> Path:
    """Build the tool's wheel and give its path."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


def test_every_template_is_in_the_wheel(wheel: Path) -> None:
    """A template that is left out would fail for users only."""
    names = set(zipfile.ZipFile(wheel).namelist())
    templates = {
        f"headgate/templates/{path.relative_to(TEMPLATES).as_posix()}"
        for path in TEMPLATES.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert templates - names == set()


def test_nothing_else_is_in_the_wheel(wheel: Path) -> None:
    """Tests, specification and caches stay at home."""
    others = [
        name
        for name in zipfile.ZipFile(wheel).namelist()
        if not name.startswith(("headgate/", "headgate-")) or "__pycache__" in name
    ]

    assert others == []


def test_the_same_commit_gives_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """A build depends on neither the clock nor the folder."""
    assert build(tmp_path).read_bytes() == wheel.read_bytes()


def test_the_wheel_generates_what_the_checkout_does(
    wheel: Path, tmp_path: Path
) -> None:
    """Away from the checkout, the wheel's own templates give the committed SDKs."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    subprocess.run(
        [
            *(sys.executable, "-P", "-m", "headgate", "generate"),
            *("--spec", ROOT / "spec" / "openapi.yaml", "--out", tmp_path / "out"),
        ],
        cwd=tmp_path,
        check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
    )

    assert owned(tmp_path / "out") == owned(ROOT / "generated")


def owned(folder: Path) -> dict[str, bytes]:
    """The generator's files below a folder, by their paths."""
    return {
        f"{manifest.parent.name}/{path}": (manifest.parent / path).read_bytes()
        for manifest in sorted(folder.glob(f"*/{MANIFEST}"))
        for path in manifest.read_text("utf-8").splitlines()
        if not path.startswith("#")
    }
