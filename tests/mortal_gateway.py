"""A gateway that tests kill and start again, on the same port and the same store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.gateway_process import ADMIN_KEY, API_KEY


class MortalGateway:
    """One gateway after the other, with `settings` as environment variables."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        inherited = {n: t for n, t in os.environ.items() if "HEADGATE_" not in n}
        self._log = folder / "gateway.log"
        self._environment = {
            **inherited,
            "HEADGATE_GATEWAY_DATABASE_URL": f"sqlite:///{folder / 'mortal.sqlite3'}",
            "HEADGATE_GATEWAY_API_KEY": API_KEY,
            "HEADGATE_GATEWAY_ADMIN_KEY": ADMIN_KEY,
            "HEADGATE_GATEWAY_LEASE": "1",
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        """Return when it listens."""
        port = self.url.rsplit(":", 1)[-1] if self.url else "0"
        command = [sys.executable, "-m", "headgate_gateway", "serve", "--port", port]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, stdout=subprocess.PIPE, stderr=log
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._log.read_text()
        self.url = json.loads(line)["url"]

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.communicate()
