"""A gateway in a process of its own, as its operator would start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headgate_gateway.providers.manifest import load_manifests

API_KEY = "hg_v1_a-gateway-key-of-the-tests"
ADMIN_KEY = "the-admin-key-of-the-tests"


@dataclass(frozen=True)
class Gateway:
    """Where a gateway listens, and the keys that it accepts."""

    url: str
    api_key: str
    admin_key: str


@contextmanager
def running_gateway(
    folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Gateway]:
    """Start a gateway on a free loopback port with its database in `folder`.

    `settings` are environment variables; whatever the caller's environment says of
    HEADGATE is not passed on.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HEADGATE_")
    }
    environment |= {
        "HEADGATE_GATEWAY_DATABASE_URL": f"sqlite:///{folder / 'gateway.sqlite3'}",
        "HEADGATE_GATEWAY_API_KEY": API_KEY,
        "HEADGATE_GATEWAY_ADMIN_KEY": ADMIN_KEY,
        "HEADGATE_GATEWAY_PROVIDER_URLS": _nowhere(),
        **(settings or {}),
    }
    command = [sys.executable, "-m", "headgate_gateway", "serve", "--port", "0"]
    log = folder / "gateway.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"the gateway did not start:\n{log.read_text()}")
            yield Gateway(json.loads(line)["url"], API_KEY, ADMIN_KEY)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _nowhere() -> str:
    """Every provider at a port of loopback where nobody listens: tests stay here."""
    manifests = load_manifests({})
    return " ".join(f"{each.id}=http://127.0.0.1:9" for each in manifests)
