"""Programs in three languages, run with the packages as their users have them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tests.corpus import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.gateway_process import Gateway

EXAMPLES = ROOT / "examples"
_NPM = ROOT / "tests" / "typescript" / "node_modules"


@dataclass(frozen=True)
class Workshop:
    """A folder where each package is built once, and programs are run after that."""

    folder: Path

    def built(self, language: str, name: str, source: str) -> list[str]:
        """Give the command that runs a program, which is compiled if it has to be.

        `name` is its own among all programs of the suite: cargo keeps them together.
        """
        command: list[str] = getattr(self, f"_{language}")(name, source)
        return command

    def run(self, command: list[str], gateway: Gateway, **variables: str) -> list[str]:
        """Run a program to its end and give the lines that it printed."""
        told = {
            "HEADGATE_BASE_URL": gateway.url,
            "HEADGATE_API_KEY": gateway.api_key,
            **variables,
        }
        return _finished(command, self.folder, told)

    def _python(self, name: str, source: str) -> list[str]:
        program = self.folder / f"{name}.py"
        program.write_text(source)
        return [sys.executable, str(program)]

    def _typescript(self, name: str, source: str) -> list[str]:
        program = self._npm / f"{name}.mjs"
        program.write_text(source)
        return ["node", str(program)]

    def _rust(self, name: str, source: str) -> list[str]:
        (self._crate / "src" / "bin" / f"{name}.rs").write_text(source)
        manifest = str(self._crate / "Cargo.toml")
        chosen = ["--quiet", "--manifest-path", manifest, "--bin", name]
        subprocess.run(["cargo", "build", *chosen], check=True)
        return ["cargo", "run", *chosen]

    @cached_property
    def _npm(self) -> Path:
        """A folder with the SDK, built as npm would have it, and OpenAI's package."""
        folder = self.folder / "npm"
        package = folder / "node_modules" / "@headgate" / "sdk"
        ignore = shutil.ignore_patterns("dist", "node_modules")
        shutil.copytree(ROOT / "generated" / "typescript", package, ignore=ignore)
        compiler = _NPM / ".bin" / "tsc"
        subprocess.run([compiler, "-p", "tsconfig.json"], cwd=package, check=True)
        (folder / "node_modules" / "openai").symlink_to(_NPM / "openai")
        return folder

    @cached_property
    def _crate(self) -> Path:
        """A crate with the SDK as a dependency."""
        folder = self.folder / "crate"
        (folder / "src" / "bin").mkdir(parents=True)
        manifest = (EXAMPLES / "rust" / "Cargo.toml").read_text()
        manifest = manifest.replace("../..", str(ROOT))
        binary = manifest[manifest.index("[[bin]]") : manifest.index("[dependencies]")]
        (folder / "Cargo.toml").write_text(manifest.replace(binary, ""))
        return folder


def _finished(
    command: list[str], folder: Path, variables: Mapping[str, str]
) -> list[str]:
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
