"""The lines of the table: which figure is held against which, and how far."""

from __future__ import annotations

from benchmarks.budgets import Kind, Line
from benchmarks.sdk import measure
from benchmarks.sdk.processes import Figures, server

OPENAI_PY = "openai 3.52.0"
ANTHROPIC_PY = "anthropic 2.11.0"
HTTPX = "httpx2 2.16.2"
OPENAI_JS = "openai 7.55.0"
ANTHROPIC_JS = "@anthropic-ai/sdk 1.11.0"
SERDE_JSON = "serde_json 1.0.154"
ASYNC_OPENAI = "async-openai 0.43.0, its types"

CHAT, MESSAGES = "headgate-chat", "headgate-messages"


def python_lines(rounds: int) -> list[Line]:
    """The promises of the Python SDK."""
    decode = measure.python_decode(rounds)
    with server() as port:
        loopback = measure.python_loopback(rounds, port)
        call = measure.python_request(rounds, port)
    openai, anthropic = (CHAT, "openai"), (MESSAGES, "anthropic")
    aiohttp = ("headgate-aiohttp", "openai")
    what = "Python, loopback over aiohttp"
    return [
        _line("Python, decode", decode, openai, "faster", 15, peer=OPENAI_PY),
        _line("Python, decode", decode, anthropic, "faster", 3.5, peer=ANTHROPIC_PY),
        _line("Python, loopback", loopback, openai, "faster", 7, peer=OPENAI_PY),
        _line(what, loopback, aiohttp, "faster", 18, peer=OPENAI_PY),
        _line("Python, one call", call, (CHAT, "bare"), "within", 1.3, peer=HTTPX),
        *_start_lines(rounds),
    ]


def _start_lines(rounds: int) -> list[Line]:
    cpu, memory = measure.python_start(rounds)
    needs = measure.python_dependencies()
    what = "Python, import and client"
    needed = "Python, direct dependencies"
    openai, anthropic = ("headgate", "openai"), ("headgate", "anthropic")
    return [
        _line(what, cpu, openai, "within", 0.35, peer=OPENAI_PY, unit="ms"),
        _line(what, cpu, anthropic, "within", 0.2, peer=ANTHROPIC_PY, unit="ms"),
        _line(
            "Python, memory of that",
            memory,
            openai,
            "below",
            30,
            peer=OPENAI_PY,
            unit="MiB",
        ),
        _line(needed, needs, openai, "below", 3, peer=OPENAI_PY, unit=""),
    ]


def typescript_lines(rounds: int) -> list[Line]:
    """The promises of the TypeScript SDK."""
    decode = measure.typescript_decode(rounds)
    size = measure.typescript_bundles()
    needs = measure.typescript_dependencies()
    what = "TypeScript, decode"
    whole, alone = "TypeScript, bundled client", "TypeScript, bundled models alone"
    needed = "TypeScript, dependencies"
    openai, anthropic = (CHAT, "openai"), (MESSAGES, "anthropic")
    client = ("headgate", "openai")
    return [
        _line(what, decode, openai, "faster", 2.5, peer=OPENAI_JS),
        _line(what, decode, anthropic, "faster", 1.4, peer=ANTHROPIC_JS),
        _line(whole, size, client, "below", 15, peer=OPENAI_JS, unit="KB"),
        _line(alone, size, ("models", "openai"), "below", 6, peer=OPENAI_JS, unit="KB"),
        _line(needed, needs, client, "below", 0, peer=OPENAI_JS, unit=""),
    ]


def rust_lines() -> list[Line]:
    """The promises of the Rust SDK."""
    decode = measure.rust_decode()
    what, chunks = "Rust, decode", "Rust, decode of chunks"
    messages = (MESSAGES, "serde_json-messages")
    chat, theirs = (CHAT, "serde_json-chat"), (CHAT, "async-openai")
    return [
        _line(what, decode, messages, "below", 0.5, peer=SERDE_JSON),
        _line(what, decode, messages, "within", 1.6, peer=SERDE_JSON),
        _line(chunks, decode, chat, "within", 1.6, peer=SERDE_JSON),
        _line(chunks, decode, theirs, "within", 1.6, peer=ASYNC_OPENAI),
    ]


def _line(
    what: str,
    figures: Figures,
    names: tuple[str, str],
    kind: Kind,
    bound: float,
    *,
    peer: str,
    unit: str = "µs",
) -> Line:
    """Hold the figure of the first name against that of the second."""
    ours, theirs = (figures[name] for name in names)
    return Line(what, unit, ours, kind, bound, peer, theirs)
