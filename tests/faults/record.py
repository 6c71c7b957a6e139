"""Record the fault server's streams from the reference gateway's scripted model.

Run as `python -m tests.faults.record`. Ids, times and durations, which are new in
each recording, are replaced by fixed ones, so that a new recording differs from the
old one only where the gateway's streams do.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from tests.gateway_process import Gateway, running_gateway

FOLDER = Path(__file__).parents[2] / "generator" / "headgate" / "faults" / "recordings"

HEAVY = (
    "ASCII, Ça va, ñandú, Ελληνικά, кириллица, עברית, العربية, हिन्दी, ไทย, "
    "漢字かな交じり, 한국어, "
    "\U0001f30a\U0001f469\u200d\U0001f680\U0001f3f3\ufe0f\u200d\U0001f308, "
    "e\u0301 a\u030a, \u2028 \u2029 \u0085 \u000b \ufeff \ufffd \U0010ffff."
)

SCRIPTS: dict[str, Any] = {
    "text": {
        "turns": [
            {
                "thinking": "A greeting wants a greeting.",
                "text": "The sea is calm tonight. A second sentence follows it.",
                "chunk": 7,
            }
        ]
    },
    "tools": "research",
    "utf8": {"turns": [{"thinking": HEAVY[::-1], "text": HEAVY, "chunk": 3}]},
    "error": {
        "turns": [{"text": "The answer begins well and", "chunk": 4}],
        "faults": {"error_after": 7},
    },
    # The 10,000 events are made of this one by repeating its middle.
    "long": {"turns": [{"text": "tick tick tick ", "chunk": 5}]},
}

_ID = re.compile(r"\b(run|req|msg|toolu|proj|sess)_[0-9A-HJKMNP-TV-Z]{26}\b")
_TIME = re.compile(r'"\d{4}-\d\d-\d\dT[0-9:.]+Z"')
_DURATION = re.compile(r'"(duration_ms|elapsed_ms|latency_ms)":\d+(\.\d+)?')


def recorded(gateway: Gateway, path: str, body: dict[str, Any]) -> str:
    """Give the whole of a stream."""
    headers = {"Authorization": f"Bearer {gateway.api_key}"}
    answer = httpx2.post(gateway.url + path, json=body, headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.text


def steadied(text: str) -> str:
    """Give the recording with its ids numbered and its times fixed."""
    seen: dict[str, str] = {}

    def numbered(match: re.Match[str]) -> str:
        number = len(seen)
        name = f"{match[1]}_01JD2M5R9V3K7W8X4Y6Z0A1B{number:02}"
        return seen.setdefault(match[0], name)

    text = _TIME.sub('"2026-11-21T10:00:00Z"', _ID.sub(numbered, text))
    return _DURATION.sub(r'"\1":1', text)


def record(gateway: Gateway, write: Callable[[str, str], None]) -> None:
    """Play each script as a message and as a run."""
    for name, script in SCRIPTS.items():
        message: dict[str, Any] = {
            "model": "mock/script",
            "messages": [{"role": "user", "content": "Say something."}],
            "max_tokens": 4000,
            "metadata": {"script": script},
        }
        streamed = {**message, "stream": True}
        write(f"message-{name}", steadied(recorded(gateway, "/v1/messages", streamed)))
        run = {"request": message}
        write(f"run-{name}", steadied(recorded(gateway, "/v1/runs:stream", run)))


def main() -> None:
    """Write all recordings."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_gateway(Path(folder)) as gateway,
    ):
        record(
            gateway,
            lambda name, text: (
                (FOLDER / f"{name}.sse").write_bytes(text.encode()) and None
            ),
        )


if __name__ == "__main__":
    main()
