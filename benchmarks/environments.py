"""What a benchmark runs beside: pinned packages, each set in an environment of its own.

An environment is made once from a manifest, a `requirements.txt`, a `package.json` or
the `pyproject.toml` of a project here, and again when the manifest or the interpreter
changes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ROOT / ".stamps" / "peers"
_SYSTEM = "/usr/bin/python3"
_RECENT = "import sys; raise SystemExit(sys.version_info < (3, 11))"


@cache
def python() -> str:
    """The interpreter of what stands beside programs that are not Python's, or a clock.

    That of the system where it is one that we run on: distributions optimise it whole,
    as they do nginx, and version managers mostly do not. Where all are Python's, they
    run on the one that this runs on.
    """
    try:
        is_recent = (
            subprocess.run([_SYSTEM, "-c", _RECENT], check=False).returncode == 0
        )
    except OSError:
        is_recent = False
    return _SYSTEM if is_recent else sys.executable


@cache
def python_name() -> str:
    """That interpreter, as a page names it."""
    asked = "import platform; print(platform.python_version())"
    said = subprocess.run([python(), "-c", asked], capture_output=True, check=True)
    whose = "the system's" if python() == _SYSTEM else "this repository's"
    return f"{whose} CPython {said.stdout.decode().strip()}"


def install(manifest: Path, interpreter: str = sys.executable) -> Path:
    """Make the environment of a manifest unless it stands; its folder."""
    made_of = manifest.read_bytes()
    if interpreter == _SYSTEM and manifest.suffix != ".json":
        made_of += python_name().encode()
    digest = hashlib.sha256(made_of).hexdigest()[:12]
    folder = ENVIRONMENTS / f"{manifest.parent.name}-{digest}"
    if not (folder / "complete").exists():
        print(f"installing {manifest.parent.name}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        match manifest.suffix:
            case ".txt":
                _install_python(interpreter, folder, "-r", str(manifest))
            case ".toml":
                _install_python(interpreter, folder, "-e", str(manifest.parent))
            case _:
                _install_node(folder, manifest)
        (folder / "complete").touch()
    return folder


def programs(manifest: Path) -> Path:
    """The folder of the programs that an environment holds."""
    folder = install(manifest, python())
    return folder / ("node_modules/.bin" if manifest.suffix == ".json" else "bin")


def measured() -> dict[str, str]:
    """The environment variables of a process that is measured.

    Python may keep what it compiles: a peer's package was compiled when it was
    installed, and ours is compiled by the run that is not counted.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE"
    }


def _install_python(interpreter: str, folder: Path, *what: str) -> None:
    # Distributions leave pip out of what a new environment gets.
    subprocess.run([interpreter, "-m", "venv", "--without-pip", folder], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run([*pip, "install", "-q", *what], check=True)


def _install_node(folder: Path, manifest: Path) -> None:
    shutil.copy(manifest, folder / "package.json")
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm")
    subprocess.run(
        [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"],
        cwd=folder,
        check=True,
        env={**os.environ, "NPM_CONFIG_UPDATE_NOTIFIER": "false"},
    )
