"""What a benchmark runs beside: pinned packages, each set in an environment of its own.

An environment is made once from a manifest, a `requirements.txt`, a `package.json` or
the `pyproject.toml` of a project here, and again when the manifest changes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ROOT / ".stamps" / "peers"


def install(manifest: Path) -> Path:
    """Make the environment of a manifest unless it stands; its folder."""
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest()[:12]
    folder = ENVIRONMENTS / f"{manifest.parent.name}-{digest}"
    if not (folder / "complete").exists():
        print(f"installing {manifest.parent.name}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        match manifest.suffix:
            case ".txt":
                _install_python(folder, "-r", str(manifest))
            case ".toml":
                _install_python(folder, str(manifest.parent))
            case _:
                _install_node(folder, manifest)
        (folder / "complete").touch()
    return folder


def programs(manifest: Path) -> Path:
    """The folder of the programs that an environment holds."""
    folder = install(manifest)
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


def _install_python(folder: Path, *what: str) -> None:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", *what], check=True)


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
