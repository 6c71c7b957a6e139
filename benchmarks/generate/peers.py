"""The peers, each in an environment of its own with pinned versions."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = Path(__file__).resolve().parent / "peers"
ENVIRONMENTS = ROOT / ".stamps" / "peers"
PLACEHOLDERS = ("{spec}", "{out}")


@dataclass(frozen=True)
class Peer:
    """A generator: what it makes, and its command with placeholders for paths."""

    name: str
    makes: str
    environment: str
    command: tuple[str, ...]


PEERS = (
    Peer(
        "openapi-python-client 0.29.0",
        "Python client, no streams",
        "openapi-python-client",
        (
            *("openapi-python-client", "generate", "--path", "{spec}"),
            *("--output-path", "{out}/client", "--meta", "none"),
        ),
    ),
    Peer(
        "datamodel-code-generator 0.89.0",
        "Python models only",
        "datamodel-code-generator",
        (
            *("datamodel-codegen", "--input", "{spec}", "--output", "{out}/models.py"),
            *("--input-file-type", "openapi", "--formatters", "builtin"),
            *("--output-model-type", "pydantic_v2.BaseModel"),
        ),
    ),
    Peer(
        "@hey-api/openapi-ts 0.95.0",
        "TypeScript client",
        "hey-api",
        ("openapi-ts", "--input", "{spec}", "--output", "{out}", "--no-log-file"),
    ),
    Peer(
        "openapi-typescript 7.13.0",
        "TypeScript types only",
        "openapi-typescript",
        ("openapi-typescript", "{spec}", "--output", "{out}/types.ts"),
    ),
    Peer(
        "@redocly/cli 2.77.0",
        "TypeScript client (experimental)",
        "redocly",
        ("redocly", "generate-client", "{spec}", "--output", "{out}/client.ts"),
    ),
)


def install(name: str) -> Path:
    """Make a peer's environment unless it stands; its folder of programs."""
    manifest = next((MANIFESTS / name).iterdir())
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest()[:12]
    folder = ENVIRONMENTS / f"{name}-{digest}"
    programs = folder / ("bin" if manifest.suffix == ".txt" else "node_modules/.bin")
    if not (folder / "complete").exists():
        print(f"installing {name}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if manifest.suffix == ".txt":
            _install_python(folder, manifest)
        else:
            _install_node(folder, manifest)
        (folder / "complete").touch()
    return programs


def _install_python(folder: Path, manifest: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run(
        [folder / "bin" / "python", "-m", "pip", "install", "-q", "-r", manifest],
        check=True,
    )


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
