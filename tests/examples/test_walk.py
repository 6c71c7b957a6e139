"""The README's walk: from a document to three packages, in two commands."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.corpus import find_documents

ROOT = Path(__file__).resolve().parents[2]
HEADING = "## Your own document"
STRANGERS = {
    "forecast": Path(__file__).with_name("forecast.yaml"),
    **{n: p for n, p in find_documents().items() if n == "train-travel-31"},
}


def commands() -> list[str]:
    """The lines of the first block below the heading."""
    readme = (ROOT / "README.md").read_text("utf-8")
    block = readme.partition(HEADING)[2].partition("```sh\n")[2].partition("```")[0]
    return [line.partition("#")[0].strip() for line in block.splitlines()]


def run(command: list[str], folder: Path) -> str:
    """Run a command that has to succeed; give what it says."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(params=STRANGERS)
def walked(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder in which a stranger has followed the README."""
    shutil.copy(STRANGERS[request.param], tmp_path / "openapi.yaml")
    for command in commands():
        program, *arguments = shlex.split(command)
        assert program == "headgate"
        run([sys.executable, "-m", "headgate", *arguments], tmp_path)
    return tmp_path


def test_the_walk_has_two_commands() -> None:
    """More would be no walk."""
    assert [command.split()[1] for command in commands()] == ["init", "generate"]


def test_two_commands_give_three_packages(walked: Path) -> None:
    """Each is what its registry takes: a wheel, an npm package, a crate."""
    python, typescript, rust = (
        walked / "generated" / language for language in ("python", "typescript", "rust")
    )
    hatch = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    run(hatch, python)
    (wheel,) = (python / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    packed = json.loads(run(["npm", "pack", "--dry-run", "--json"], typescript))
    files = {each["path"] for each in packed[0]["files"]}
    listed = run(["cargo", "package", "--list", "--allow-dirty"], rust).splitlines()

    assert any(name.endswith("_sdk/py.typed") for name in names)
    assert {"README.md", "package.json", "src/index.ts"} <= files
    assert {"README.md", "Cargo.toml", "src/lib.rs", "reference.md"} <= set(listed)


def test_the_stream_is_found_beside_its_twin(tmp_path: Path) -> None:
    """The walk's own document gets a plain call and a stream, in three languages."""
    shutil.copy(STRANGERS["forecast"], tmp_path / "openapi.yaml")
    run([sys.executable, "-m", "headgate", *commands()[1].split()[1:]], tmp_path)
    references = [
        (tmp_path / "generated" / language / "reference.md").read_text("utf-8")
        for language in ("python", "typescript", "rust")
    ]

    methods = [text.count("### `client.questions") for text in references]
    assert methods == [2, 2, 2]
