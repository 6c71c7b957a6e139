"""Every figure of the table, ours and the peers' beside it."""

from __future__ import annotations

import gzip
import json
import os
import statistics
import subprocess
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

from benchmarks.environments import ROOT, install
from benchmarks.sdk import processes
from benchmarks.sdk.processes import CHAT, HERE, Figures
from benchmarks.sdk.wire import EVENTS, chat_frames, message_frames

CLIENTS = ("openai", "headgate-chat", "anthropic", "headgate-messages")
STARTS = {
    "nothing": "pass",
    "openai": "from openai import OpenAI; OpenAI(api_key='none')",
    "anthropic": "from anthropic import Anthropic; Anthropic(api_key='none')",
    "headgate": "from headgate_sdk import Headgate; Headgate(api_key='none')",
}
ENTRIES = {
    "openai": "import { OpenAI as Client } from 'openai'",
    "anthropic": "import { Anthropic as Client } from '@anthropic-ai/sdk'",
    "headgate": "import { Headgate as Client } from '{sdk}/index.ts'",
    "models": "import { Models as Client } from '{sdk}/resources/models.ts'",
    "messages": "import { Messages as Client } from '{sdk}/resources/messages.ts'",
}


def python_decode(rounds: int) -> Figures:
    """CPU in µs a streamed event, the body in memory."""
    return processes.in_turn({name: _probe("decode", name) for name in CLIENTS}, rounds)


def python_loopback(rounds: int, port: str) -> Figures:
    """CPU in µs a streamed event, over a socket."""
    names = (*CLIENTS, "headgate-aiohttp")
    probes = {name: _probe("loopback", name, port) for name in names}
    return processes.in_turn(probes, rounds)


def python_request(rounds: int, port: str) -> Figures:
    """CPU in µs a call with a small answer."""
    names = ("bare", "headgate-chat", "openai")
    probes = {name: _probe("request", name, port) for name in names}
    return processes.in_turn(probes, rounds)


def _probe(what: str, name: str, *arguments: str) -> Callable[[], list[float]]:
    python = processes.interpreter(name)
    command: tuple[str | Path, ...]
    command = (python, "-m", f"benchmarks.sdk.python.{what}", name, *arguments)
    return lambda: processes.probe(command)


def python_start(rounds: int) -> tuple[Figures, Figures]:
    """CPU in ms of importing and making a client, and the memory in MiB after it.

    The interpreter's own start is taken off the CPU and left in the memory.
    """
    runs: dict[str, list[processes.Start]] = {name: [] for name in STARTS}
    for number in range(rounds * 5 + 1):
        for name, statement in STARTS.items():
            run = processes.start(processes.interpreter(name), statement)
            if number > 0:
                runs[name].append(run)
    cpu = {
        name: statistics.median(run.cpu for run in each) for name, each in runs.items()
    }
    memory = {
        name: statistics.median(run.memory for run in each)
        for name, each in runs.items()
    }
    return {name: each - cpu["nothing"] for name, each in cpu.items()}, memory


def python_dependencies() -> Figures:
    """How many distributions each needs directly."""
    project = ROOT / "generated" / "python" / "pyproject.toml"
    ours = tomllib.loads(project.read_text())["project"]["dependencies"]
    return {"headgate": float(len(ours))} | {
        name: _requirements(name) for name in ("openai", "anthropic")
    }


def _requirements(name: str) -> float:
    question = (
        "import importlib.metadata, json;"
        f"print(json.dumps(importlib.metadata.requires({name!r})))"
    )
    found = subprocess.run(
        [processes.interpreter(name), "-c", question],
        check=True,
        stdout=subprocess.PIPE,
    )
    return float(sum("extra ==" not in each for each in json.loads(found.stdout)))


def typescript_decode(rounds: int) -> Figures:
    """CPU in µs a streamed event, the body in memory."""
    folder = _javascript()
    entries = {
        "openai": "openai",
        "headgate-chat": str(_bundled(CHAT / "typescript" / "src", "chat.mjs")),
        "anthropic": "@anthropic-ai/sdk",
        "headgate-messages": str(_bundled(_our_source(), "headgate.mjs")),
    }
    script = folder / "decode.mjs"
    script.write_bytes((HERE / "typescript" / "decode.mjs").read_bytes())
    with tempfile.TemporaryDirectory() as bodies:
        probes = {
            name: _node_probe(script, name, entry, _body(Path(bodies), name))
            for name, entry in entries.items()
        }
        return processes.in_turn(probes, rounds)


def _node_probe(
    script: Path, name: str, entry: str, body: Path
) -> Callable[[], list[float]]:
    command = (processes.program("node"), script, name, entry, body, str(EVENTS))
    return lambda: processes.probe(command, cwd=script.parent)


def _body(folder: Path, name: str) -> Path:
    chat = name in ("openai", "headgate-chat")
    path = folder / ("chat.sse" if chat else "message.sse")
    path.write_bytes(b"".join(chat_frames() if chat else message_frames()))
    return path


def _javascript() -> Path:
    return install(HERE / "peers" / "javascript" / "package.json")


def _our_source() -> Path:
    return ROOT / "generated" / "typescript" / "src"


def _bundled(source: Path, name: str) -> Path:
    target = _javascript() / name
    _esbuild(source / "index.ts", "--platform=neutral", f"--outfile={target}")
    return target


def _esbuild(*arguments: str | Path) -> None:
    folder = _javascript()
    esbuild = folder / "node_modules" / ".bin" / "esbuild"
    subprocess.run(
        [esbuild, *arguments, "--bundle", "--format=esm", "--log-level=error"],
        check=True,
        cwd=folder,
    )


def typescript_bundles() -> Figures:
    """KB, minified and compressed, of a program that only makes a client."""
    folder = _javascript()
    sizes: Figures = {}
    for name, line in ENTRIES.items():
        entry = folder / f"entry-{name}.ts"
        target = folder / f"entry-{name}.min.js"
        # A relative path, so that no machine's folders are in what is measured.
        source = os.path.relpath(_our_source(), folder)
        entry.write_text(
            line.replace("{sdk}", source)
            + ";\nglobalThis.client = new Client({ apiKey: 'none' });\n"
        )
        _esbuild(entry, "--minify", "--platform=browser", f"--outfile={target}")
        sizes[name] = len(gzip.compress(target.read_bytes(), 9)) / 1000
    return sizes


def typescript_dependencies() -> Figures:
    """How many packages each needs at run time."""
    modules = _javascript() / "node_modules"
    manifests = {
        "headgate": ROOT / "generated" / "typescript" / "package.json",
        "openai": modules / "openai" / "package.json",
        "anthropic": modules / "@anthropic-ai" / "sdk" / "package.json",
    }
    return {
        name: len(json.loads(path.read_text()).get("dependencies", {}))
        for name, path in manifests.items()
    }


def rust_decode() -> Figures:
    """CPU in µs a streamed event, the body in memory."""
    manifest = HERE / "rust" / "Cargo.toml"
    with tempfile.TemporaryDirectory() as folder:
        bodies = [_body(Path(folder), name) for name in ("openai", "anthropic")]
        return processes.cargo_probe(manifest, *bodies, str(EVENTS))
