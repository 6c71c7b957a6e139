"""What each generated package has besides its code."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from headgate.pipeline import generate
from headgate.plan.package import LANGUAGES
from headgate.plan.surroundings import VECTORS
from tests.vectors.packaged import PACKAGED, packaged

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "generated"
AROUND = {
    "python": ("pyproject.toml", "tests/test_vectors.py", "tests/vectors/sse.json"),
    "typescript": ("package.json", "test/vectors.test.mjs", "test/vectors/sse.json"),
    "rust": ("Cargo.toml", "tests/vectors.rs", "tests/vectors/sse.json"),
}
EVERYWHERE = (
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    ".gitignore",
    ".github/workflows/release.yml",
)
REGISTRY = {"python": "PyPI", "typescript": "npm", "rust": "the Rust registry"}
MIT = """\
openapi: 3.1.0
info: {title: "Pets\\n[link](x)", version: "1", license: {name: MIT, identifier: MIT}}
paths: {}
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_package_is_ready_to_be_published(language: str) -> None:
    """Read-me, changelog, licence, metadata, tests and a release workflow."""
    folder = GENERATED / language
    wanted = (*EVERYWHERE, *AROUND[language])

    assert [path for path in wanted if not (folder / path).is_file()] == []
    workflow = (folder / ".github/workflows/release.yml").read_text("utf-8")
    assert REGISTRY[language] in workflow
    assert "://" not in workflow


def test_the_licence_follows_the_document(tmp_path: Path) -> None:
    """MIT names its holders, on one line, whatever the document says."""
    spec = tmp_path / "openapi.yaml"
    spec.write_text(MIT, "utf-8")
    files = generate(spec, ["rust"]).files["rust"]

    lines = files["LICENSE"].decode().splitlines()
    assert lines[0] == "MIT License"
    assert lines[2] == "Copyright (c) The authors of Pets [link](x)"
    assert "of Pets \\[link\\](x)." in files["CHANGELOG.md"].decode()


def test_packages_carry_the_vectors_of_today() -> None:
    """What a package tests itself by is made from the shared vectors."""
    written = {path.name: path.read_text("utf-8") for path in PACKAGED.iterdir()}

    assert written == packaged()
    assert written.keys() == {f"{family}.json" for family in VECTORS}


def listed(language: str, package: Path) -> str:
    """What the archive that users install would hold, a line a file."""
    match language:
        case "python":
            command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
        case "typescript":
            command = ["npm", "pack", "--dry-run", "--ignore-scripts", "--json"]
        case _:
            command = ["cargo", "package", "--list", "--allow-dirty", "--offline"]
    run = subprocess.run(
        command, cwd=package, check=True, capture_output=True, text=True
    )
    if language == "python":
        (wheel,) = (package / "dist").glob("*.whl")
        return "\n".join(zipfile.ZipFile(wheel).namelist())
    return run.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_users_get_no_vectors(language: str, tmp_path: Path) -> None:
    """The vectors stay with the sources; what is installed has none."""
    package = tmp_path / "package"
    shutil.copytree(GENERATED / language, package)
    files = listed(language, package)

    assert "README.md" in files or "METADATA" in files
    assert "partial-json.json" not in files
