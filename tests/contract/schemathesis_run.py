"""Runs schemathesis over a gateway and reads what it reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.gateway_process import Gateway

FOLDER = Path(__file__).resolve().parent
PHASES = ("examples", "coverage", "fuzzing", "stateful")
SEED = 20261121
SERVICE = "billing"
"""A service that the gateway has, and that answers; the examples call it so."""


@dataclass(frozen=True)
class Report:
    """What one run of schemathesis came to."""

    exit_status: int
    output: str
    phases: dict[str, str]
    """How each phase ended."""
    operations: dict[str, set[str]]
    """The operations that each phase called."""


def run_schemathesis(
    gateway: Gateway, folder: Path, *options: str, document: dict[str, Any]
) -> Report:
    """Every check over the gateway, deterministic, in one worker."""
    # From a file: the operation that serves the document would be left out otherwise.
    schema = folder / "openapi.json"
    schema.write_text(json.dumps(document), encoding="utf-8")
    config = folder / "schemathesis.toml"
    config.write_text(
        f'[auth.openapi.GatewayKey]\nbearer = "{gateway.api_key}"\n'
        f'[auth.openapi.AdminKey]\napi_key = "{gateway.admin_key}"\n'
        "[warnings]\nfail-on = true\n"
    )
    events = folder / "events.ndjson"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
            *("run", str(schema), "--url", gateway.url),
            *("-w", "1", "--seed", str(SEED), "--generation-deterministic"),
            *("--checks", "all", "--phases", ",".join(PHASES)),
            *("--report", "ndjson", "--report-ndjson-path", str(events)),
            *options,
        ],
        cwd=folder,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "hooks",
            "CONTRACT_URL": gateway.url,
            "CONTRACT_ADMIN_KEY": gateway.admin_key,
            "CONTRACT_API_KEY": gateway.api_key,
            "CONTRACT_SERVICE": SERVICE,
            "PYTHONPATH": os.pathsep.join(
                [str(FOLDER), os.environ.get("PYTHONPATH", "")]
            ),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    phases, operations = read_events(events)
    return Report(done.returncode, done.stdout + done.stderr, phases, operations)


def read_events(file: Path) -> tuple[dict[str, str], dict[str, set[str]]]:
    """How each phase ended, and the operations that it called."""
    phases: dict[str, str] = {}
    operations: dict[str, set[str]] = defaultdict(set)
    for line in file.read_text(encoding="utf-8").splitlines():
        [(kind, event)] = json.loads(line).items()
        if kind == "PhaseFinished":
            phases[event["phase"]["name"]] = event["status"]
        elif kind == "ScenarioFinished":
            recorded = event["recorder"].get("cases", {}).values()
            called = {f"{c['value']['method']} {c['value']['path']}" for c in recorded}
            operations[event["phase"]] |= called
    return phases, dict(operations)
