"""The gateways that are measured, each started before the same provider."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from benchmarks.environments import ROOT, measured, programs
from benchmarks.gateway.streams import ask

HERE = Path(__file__).parent
_NGINX = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream provider {{
    server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 1000000;
  }}
  server {{
    listen 127.0.0.1:{port}; keepalive_requests 1000000;
    location / {{
      proxy_pass http://provider; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_buffering off;
    }}
  }}
}}
"""
_LITELLM = """\
model_list:
  - model_name: bench
    litellm_params:
      model: openai/gpt-4o-mini
      api_base: http://127.0.0.1:{upstream}/v1
      api_key: sk-bench
general_settings:
  master_key: sk-bench
"""


@dataclass(frozen=True)
class Running:
    """A gateway that answers; `start` is how long it took to do so, in seconds."""

    name: str
    url: str
    model: str
    headers: dict[str, str] = field(default_factory=dict)
    pid: int | None = None
    start: float = 0.0
    admin_key: str = ""
    """Opens our own gateway's administration."""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def provider() -> Iterator[Running]:
    """The provider itself, asked without a gateway."""
    command = [sys.executable, "-m", "benchmarks.gateway.upstream"]
    with _process(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        url = f"http://127.0.0.1:{port}/v1/chat/completions"
        yield Running("none", url, "gpt-4o-mini", pid=process.pid)


def port_of(running: Running) -> int:
    """The port that a gateway or the provider listens on."""
    return int(running.url.split(":")[2].split("/")[0])


@contextmanager
def nginx(upstream: int) -> Iterator[Running]:
    """A plain proxy, nginx: what the network alone costs."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        raise FileNotFoundError("nginx: apt-get install nginx")
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        config = Path(folder) / "nginx.conf"
        config.write_text(_NGINX.format(folder=folder, port=port, upstream=upstream))
        command = [program, "-p", folder, "-c", str(config)]
        url = f"http://127.0.0.1:{port}/v1/chat/completions"
        with _answering(Running("nginx", url, "gpt-4o-mini"), command) as running:
            yield running


@contextmanager
def headgate(upstream: int) -> Iterator[Running]:
    """Our gateway: a key, a store, a translation and a usage row for each request."""
    with headgates(upstream, count=1) as (first,):
        yield first


@contextmanager
def headgates(upstream: int, *, count: int) -> Iterator[list[Running]]:
    """So many processes of our gateway over one store, with a key that it keeps."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        environment = {
            "HEADGATE_GATEWAY_DATABASE_URL": f"sqlite:///{folder}/gateway.sqlite3",
            "HEADGATE_GATEWAY_LOG_LEVEL": "warning",
            "HEADGATE_GATEWAY_PROVIDER_URLS": f"openai=http://127.0.0.1:{upstream}/v1",
        }
        interpreter = programs(ROOT / "gateway" / "pyproject.toml") / "python"
        command = [str(interpreter), "-m", "headgate_gateway", "serve", "--port", "0"]
        keys: dict[str, str] = {}
        found: list[Running] = []
        for _ in range(count):
            started = time.perf_counter()
            process = stack.enter_context(
                _process(command, folder, environment, stdout=subprocess.PIPE)
            )
            assert process.stdout is not None
            # Only the first one tells the keys, which are made for a new store.
            keys |= json.loads(process.stdout.readline())
            wanted = Running(
                "Headgate",
                f"{keys['url']}/v1/chat/completions",
                "openai/gpt-4o-mini",
                {
                    "authorization": f"Bearer {keys['api_key']}",
                    "x-provider-key-openai": "sk-bench",
                },
                process.pid,
                admin_key=keys["admin_key"],
            )
            _wait_for(wanted, process)
            found.append(replace(wanted, start=time.perf_counter() - started))
        yield found


@contextmanager
def portkey(upstream: int) -> Iterator[Running]:
    """Portkey's gateway, told of the provider by headers."""
    port = free_port()
    folder = programs(HERE / "peers" / "portkey" / "package.json").parent
    server = folder / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    headers = {
        "authorization": "Bearer sk-bench",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://127.0.0.1:{upstream}/v1",
    }
    command = ["node", str(server), f"--port={port}", "--headless"]
    wanted = Running("Portkey 1.15.2", url, "gpt-4o-mini", headers)
    with _answering(wanted, command) as running:
        yield running


@contextmanager
def litellm(upstream: int) -> Iterator[Running]:
    """LiteLLM's proxy with one model."""
    folder = programs(HERE / "peers" / "litellm" / "requirements.txt")
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        config = Path(home) / "config.yaml"
        config.write_text(_LITELLM.format(upstream=upstream))
        command = [str(folder / "litellm"), "--config", str(config), "--host"]
        url = f"http://127.0.0.1:{port}/v1/chat/completions"
        headers = {"authorization": "Bearer sk-bench"}
        wanted = Running("LiteLLM 1.106.2", url, "bench", headers)
        environment = {"PATH": f"{folder}:{os.environ['PATH']}", "LITELLM_LOG": "ERROR"}
        with _answering(
            wanted, [*command, "127.0.0.1", "--port", str(port)], home, environment
        ) as running:
            yield running


@contextmanager
def _answering(
    wanted: Running,
    command: list[str],
    folder: str | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[Running]:
    """Start a gateway and wait for its first answer."""
    with ExitStack() as stack:
        started = time.perf_counter()
        process = stack.enter_context(_process(command, folder, environment))
        _wait_for(wanted, process)
        seconds = time.perf_counter() - started
        yield Running(
            wanted.name, wanted.url, wanted.model, wanted.headers, process.pid, seconds
        )


@contextmanager
def _process(
    command: list[str],
    folder: str | None = None,
    environment: dict[str, str] | None = None,
    stdout: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    paths = [ROOT, ROOT / "gateway", ROOT / "generator"]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env={
            **measured(),
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            **(environment or {}),
        },
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def _wait_for(wanted: Running, process: subprocess.Popen[bytes]) -> None:
    """Ask until there is an answer."""
    asked = Request(  # noqa: S310 - an address of ours on loopback
        wanted.url,
        data=ask(wanted.model),
        headers={"content-type": "application/json", **wanted.headers},
    )
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{wanted.name} ended with {process.returncode}")
        try:
            with urlopen(asked, timeout=10) as answer:  # noqa: S310 - as above
                json.loads(answer.read())
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise TimeoutError(f"{wanted.name} does not answer")
