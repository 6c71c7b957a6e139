"""Each package's release workflow, done step by step with nothing uploaded.

The commands are run as they stand, in a repository of its own under a version's tag.
Uploads become rehearsals; what GitHub's actions do is done by the functions below, and
an action without one fails the test.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import venv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "generated"
CARGO_TARGET = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
TAG = "v0.1.0"
_EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")
_UPLOADS = ("npm publish", "cargo publish")
_INSTALLED_HERE = "rustup toolchain install"


class StepError(Exception):
    """A step whose command failed, and what it had printed."""

    def __init__(self, command: str, printed: str) -> None:
        super().__init__(f"{command}\n{printed}")
        self.command = command
        self.printed = printed


@dataclass
class Runner:
    """What GitHub gives to a job, and what the job has done."""

    package: Path
    workspace: Path
    storage: Path
    environment: dict[str, str]
    known: dict[str, str]
    uploaded: list[str] = field(default_factory=list[str])

    def do(self, step: dict[str, Any]) -> None:
        """One step, which fails when its command does."""
        if "uses" in step:
            ACTIONS[step["uses"]](self, step.get("with", {}))
        elif not step["run"].startswith(_INSTALLED_HERE):
            self.run(self.filled(step["run"]), step)

    def run(self, command: str, step: dict[str, Any]) -> None:
        """A command; one that uploads is told to rehearse."""
        if command.startswith(_UPLOADS):
            command += " --dry-run"
            self.uploaded.append(command)
        added = {key: self.filled(value) for key, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", command],
            cwd=self.workspace / self.filled(step.get("working-directory", ".")),
            env={**self.environment, **added},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StepError(command, done.stdout + done.stderr)

    def filled(self, text: str) -> str:
        """A text whose expressions are replaced by what they stand for."""
        return _EXPRESSION.sub(lambda found: self.known[found[1]], text)


def checked_out(runner: Runner, _: dict[str, Any]) -> None:
    """The repository at the tag, as a clean working tree."""
    shutil.copytree(runner.package, runner.workspace, dirs_exist_ok=True)
    author = ["-c", "user.name=A", "-c", "user.email=a@example.invalid"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "A"]):
        arguments = ["git", *author, *command]
        subprocess.run(arguments, cwd=runner.workspace, check=True)


def with_python(runner: Runner, _: dict[str, Any]) -> None:
    """A Python that has nothing installed."""
    folder = runner.storage / "python"
    venv.create(folder, with_pip=True)
    runner.environment["PATH"] = f"{folder / 'bin'}:{runner.environment['PATH']}"


def stored(runner: Runner, settings: dict[str, Any]) -> None:
    """Files put aside for another job."""
    source = runner.workspace / runner.filled(settings["path"])
    shutil.copytree(source, runner.storage / settings["name"])


def fetched(runner: Runner, settings: dict[str, Any]) -> None:
    """Files that another job put aside."""
    stored_files = runner.storage / settings["name"]
    shutil.copytree(stored_files, runner.workspace / settings["path"])


def to_pypi(runner: Runner, _: dict[str, Any]) -> None:
    """Names what the action would upload: everything in its folder `dist`."""
    runner.uploaded += sorted(file.name for file in runner.workspace.glob("dist/*"))


def nothing(_: Runner, __: dict[str, Any]) -> None:
    """What the machine of the test has already, or nobody else can give."""


ACTIONS: dict[str, Callable[[Runner, dict[str, Any]], None]] = {
    "actions/checkout@v4": checked_out,
    "actions/setup-python@v5": with_python,
    "actions/setup-node@v4": nothing,
    "actions/upload-artifact@v4": stored,
    "actions/download-artifact@v4": fetched,
    "pypa/gh-action-pypi-publish@release/v1": to_pypi,
    "rust-lang/crates-io-auth-action@v1": nothing,
}


def released(language: str, folder: Path, tag: str = TAG) -> list[str]:
    """What a release of a package uploads."""
    package = GENERATED / language
    text = (package / ".github/workflows/release.yml").read_text("utf-8")
    workflow = yaml.safe_load(text)
    environment = {**os.environ, "GITHUB_REF_NAME": tag, **workflow["env"]}
    environment["CARGO_TARGET_DIR"] = CARGO_TARGET
    known = {f"env.{key}": value for key, value in workflow["env"].items()}
    known["steps.auth.outputs.token"] = "none: nothing is uploaded"
    uploaded: list[str] = []
    for name, job in workflow["jobs"].items():
        workspace = folder / name
        workspace.mkdir()
        runner = Runner(package, workspace, folder, environment, known, uploaded)
        for step in job["steps"]:
            runner.do(step)
    return uploaded


def test_a_python_release(tmp_path: Path) -> None:
    """Built, installed into an empty environment, tested, and then uploaded."""
    assert released("python", tmp_path) == [
        "headgate_sdk-0.1.0-py3-none-any.whl",
        "headgate_sdk-0.1.0.tar.gz",
    ]


def test_an_npm_release(tmp_path: Path) -> None:
    """Built and tested with nothing but what its manifest asks for."""
    assert released("typescript", tmp_path) == [
        "npm publish --access public --provenance --dry-run"
    ]


def test_a_rust_release(tmp_path: Path) -> None:
    """Tested, packed, and the packed crate compiled."""
    assert released("rust", tmp_path) == ["cargo publish --dry-run"]


@pytest.mark.parametrize("language", ["typescript", "rust"])
def test_a_tag_that_names_another_version(language: str, tmp_path: Path) -> None:
    """It stops before anything is built. Python's tag is compared with what was."""
    with pytest.raises(StepError) as raised:
        released(language, tmp_path, tag="v9.9.9")

    assert "GITHUB_REF_NAME" in raised.value.command
    assert raised.value.printed == ""
