"""The peers on the same documents: what they make, put through the same compilers."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import install, programs
from benchmarks.generate.peers import manifest_of
from tests.corpus.compilers import (
    TSC,
    WORK,
    import_faults,
    mypy_faults,
    pyright_faults,
    run,
    select,
)
from tests.corpus.records import Outcome, remembered

NO_IMPORT = "import: "
LIMIT = 300
"""Seconds that a peer has for one document."""
OFFLINE = {
    "CI": "1",
    "NO_COLOR": "1",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "REDOCLY_TELEMETRY": "off",
}
STRICT = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "target": "ES2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
        "types": [],
    },
    "include": ["**/*.ts"],
}


@dataclass(frozen=True)
class Peer:
    """A generator at its defaults: its command, and what judges its output.

    `{spec}` and `{out}` in the command are paths; `{out}` is a new folder.
    """

    name: str
    environment: str
    command: tuple[str, ...]
    judge: Callable[[Path, Path], list[str]]


def judge_python(out: Path, environment: Path) -> list[str]:
    """Import it where its own dependencies are, then mypy and pyright in strict."""
    tops = sorted({path.parent for path in out.glob("*/__init__.py")})
    if not tops:
        return ["no package was written"]
    python = environment / "bin" / "python"
    failed = import_faults(tops, python)
    failed = [f"{NO_IMPORT}{each}" for each in failed]
    return [*failed, *mypy_faults(tops, python), *pyright_faults(tops, python)]


def judge_models(out: Path, environment: Path) -> list[str]:
    """The same for one module of models."""
    package = out / "models"
    package.mkdir(exist_ok=True)
    shutil.move(out / "models.py", package / "__init__.py")
    return judge_python(out, environment)


def judge_typescript(out: Path, environment: Path) -> list[str]:
    """What tsc says in strict mode."""
    (out / "tsconfig.json").write_text(json.dumps(STRICT), "utf-8")
    modules = out / "node_modules"
    if not modules.exists():
        modules.symlink_to(environment / "node_modules")
    code, said = run([str(TSC), "--project", str(out), "--pretty", "false"], out)
    return select(code, said, lambda line: "error TS" in line)


def judge_types(out: Path, environment: Path) -> list[str]:
    """The same where nothing is imported."""
    return judge_typescript(out, environment)


PEERS = (
    Peer(
        "openapi-python-client",
        "openapi-python-client",
        (
            *("openapi-python-client", "generate", "--path", "{spec}"),
            *("--output-path", "{out}/client", "--meta", "none"),
        ),
        judge_python,
    ),
    Peer(
        "datamodel-code-generator",
        "datamodel-code-generator",
        (
            *("datamodel-codegen", "--input", "{spec}", "--output", "{out}/models.py"),
            *("--input-file-type", "openapi", "--formatters", "builtin"),
            *("--output-model-type", "pydantic_v2.BaseModel"),
        ),
        judge_models,
    ),
    Peer(
        "openapi-generator python",
        "openapi-generator",
        (
            *("openapi-generator-cli", "generate", "-i", "{spec}", "-o", "{out}"),
            *("-g", "python", "--package-name", "client"),
        ),
        judge_python,
    ),
    Peer(
        "@hey-api/openapi-ts",
        "hey-api",
        ("openapi-ts", "--input", "{spec}", "--output", "{out}", "--no-log-file"),
        judge_typescript,
    ),
    Peer(
        "openapi-typescript",
        "openapi-typescript",
        ("openapi-typescript", "{spec}", "--output", "{out}/types.ts"),
        judge_types,
    ),
    Peer(
        "@redocly/cli",
        "redocly",
        ("redocly", "generate-client", "{spec}", "--output", "{out}/client.ts"),
        judge_types,
    ),
)


def ask(peer: Peer, document: str, spec: Path) -> Outcome:
    """What came of a peer on a document, from the record where it was asked before."""
    manifest = manifest_of(peer.environment)
    whole = hashlib.sha256(spec.read_bytes())
    whole.update(manifest.read_bytes())
    whole.update("\0".join(peer.command).encode())
    record = WORK / "records" / document / f"peer-{slug(peer.name)}.json"
    outcome, _ = remembered(record, whole.hexdigest(), lambda: _try(peer, spec))
    return outcome


def slug(name: str) -> str:
    """A peer's name as a file name."""
    return "".join(letter if letter.isalnum() else "-" for letter in name).strip("-")


def _try(peer: Peer, spec: Path) -> Outcome:
    manifest = manifest_of(peer.environment)
    environment = install(manifest)
    out = WORK / "peers" / slug(peer.name)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    program, *arguments = (
        part.replace("{spec}", str(spec)).replace("{out}", str(out))
        for part in peer.command
    )
    code, said = _generate([str(programs(manifest) / program), *arguments], out)
    if code != 0:
        return Outcome((said[-2000:],), "refused")
    if not any(path.is_file() for path in out.rglob("*")):
        return Outcome((said[-2000:],), "nothing")
    faults = tuple(peer.judge(out, environment))
    fails = any(each.startswith(NO_IMPORT) for each in faults)
    return Outcome(faults, f"{len(faults)}, no import" if fails else "")


def _generate(command: list[str], cwd: Path) -> tuple[int, str]:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **OFFLINE, "PYTHONPATH": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, f"not done after {LIMIT} s"
    return done.returncode, done.stdout.decode("utf-8", "replace")
