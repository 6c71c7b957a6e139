"""Each SDK streams a run while the gateway is restarted under it three times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.client import Client, breaches
from tests.gateway_process import ADMIN_KEY, API_KEY, Gateway
from tests.mortal_gateway import MortalGateway

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).parent / "programs"
LOOK_UP = {"name": "web_search", "input": {"query": "resume"}}
SLOWLY = {"chunk": 3, "delay_ms": 60}
REQUEST: dict[str, Any] = {
    "request": {
        "model": "mock/script",
        "messages": [{"role": "user", "content": "How do event streams resume?"}],
        "metadata": {
            "script": {
                "turns": [
                    {"text": "I look it up. " * 5, "tools": [LOOK_UP], **SLOWLY},
                    {"text": "By the id of the last event. " * 3, **SLOWLY},
                ]
            }
        },
    },
    "server_tools": ["web_search"],
}
ENDS = (MortalGateway.kill, MortalGateway.stop, MortalGateway.kill)
"""How the gateway ends, one time after the other."""
INSIDE = 6
"""After how many events of an answer that the program printed it ends."""


def python_program() -> list[str]:
    """The program with the Python SDK."""
    return [sys.executable, str(PROGRAMS / "stream_run.py")]


def typescript_program(folder: Path) -> list[str]:
    """The program with the TypeScript SDK, the package bundled for it."""
    tools = ROOT / "tests" / "typescript" / "node_modules" / ".bin"
    package = ROOT / "generated" / "typescript" / "src" / "index.ts"
    bundle = folder / "stream_run.mjs"
    subprocess.run(
        [
            str(tools / "esbuild"),
            str(PROGRAMS / "stream_run.mjs"),
            "--bundle",
            f"--alias:@headgate/sdk={package}",
            "--platform=node",
            "--format=esm",
            "--log-level=warning",
            f"--outfile={bundle}",
        ],
        check=True,
    )
    return ["node", str(bundle)]


def rust_program() -> list[str]:
    """The program with the Rust SDK, built."""
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    manifest = PROGRAMS / "rust" / "Cargo.toml"
    subprocess.run(
        ["cargo", "build", "--quiet", "--manifest-path", str(manifest)],
        check=True,
        env={**os.environ, "CARGO_TARGET_DIR": target},
    )
    return [str(Path(target) / "debug" / "headgate-restarts")]


@pytest.fixture(params=["python", "typescript", "rust"])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """The command of the program in each language."""
    match request.param:
        case "python":
            return python_program()
        case "typescript":
            return typescript_program(tmp_path)
        case _:
            return rust_program()


def test_each_event_is_printed_once(tmp_path: Path, program: list[str]) -> None:
    """Two crashes and an orderly restart later, the program has shown all, once."""
    gateway = MortalGateway(tmp_path, {"HEADGATE_GATEWAY_DRAIN_GRACE": "0"})
    gateway.start()
    try:
        printed = printed_meanwhile(program, gateway)
        client = Client(Gateway(gateway.url, API_KEY, ADMIN_KEY))
        [run] = client.http.get("/v1/runs").json()["data"]
        whole = client.follow(run["id"])
        client.close()
    finally:
        gateway.kill()

    kept = [f"{event['sequence_number']} {event['type']}" for event in whole.events]
    assert printed == [*kept, "end_turn"]
    assert whole.of("step_abandoned") != []
    assert breaches("run", whole, REQUEST) == []


def printed_meanwhile(program: list[str], gateway: MortalGateway) -> list[str]:
    """The lines that the program prints while the gateway is restarted under it."""
    environment = {
        **{name: text for name, text in os.environ.items() if "HEADGATE_" not in name},
        "PYTHONPATH": str(ROOT / "generated" / "python" / "src"),
        "HEADGATE_BASE_URL": gateway.url,
        "HEADGATE_API_KEY": API_KEY,
    }
    printed: list[str] = []
    ends, inside = list(ENDS), 0
    with subprocess.Popen(
        [*program, json.dumps(REQUEST)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            printed.append(line.strip())
            inside = inside + 1 if "stream_event" in line else 0
            if inside == INSIDE and ends:
                ends.pop(0)(gateway)
                gateway.start()
    assert (running.returncode, ends) == (0, [])
    return printed
