"""The peers, each in an environment of its own with pinned versions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import programs

MANIFESTS = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True)
class Peer:
    """A generator of one language, with placeholders for paths in its command."""

    name: str
    environment: str
    command: tuple[str, ...]


PEERS = (
    Peer(
        "openapi-python-client 0.29.0",
        "openapi-python-client",
        (
            *("openapi-python-client", "generate", "--path", "{spec}"),
            *("--output-path", "{out}/client", "--meta", "none"),
        ),
    ),
    Peer(
        "datamodel-code-generator 0.89.0",
        "datamodel-code-generator",
        (
            *("datamodel-codegen", "--input", "{spec}", "--output", "{out}/models.py"),
            *("--input-file-type", "openapi", "--formatters", "builtin"),
            *("--output-model-type", "pydantic_v2.BaseModel"),
        ),
    ),
    Peer(
        "openapi-generator 7.26.0",
        "openapi-generator",
        (
            *("openapi-generator-cli", "generate", "-i", "{spec}", "-o", "{out}"),
            *("-g", "python", "--package-name", "client"),
        ),
    ),
    Peer(
        "@hey-api/openapi-ts 0.95.0",
        "hey-api",
        ("openapi-ts", "--input", "{spec}", "--output", "{out}", "--no-log-file"),
    ),
    Peer(
        "openapi-typescript 7.13.0",
        "openapi-typescript",
        ("openapi-typescript", "{spec}", "--output", "{out}/types.ts"),
    ),
    Peer(
        "@redocly/cli 2.77.0",
        "redocly",
        ("redocly", "generate-client", "{spec}", "--output", "{out}/client.ts"),
    ),
)


def manifest_of(environment: str) -> Path:
    """The file that pins what an environment holds."""
    return next((MANIFESTS / environment).iterdir())


def install(name: str) -> Path:
    """Make a peer's environment unless it stands; its folder of programs."""
    return programs(manifest_of(name))
