"""The support bot and the white-label API do what they say, against a real gateway."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest
import uvicorn

from tests.corpus import ROOT
from tests.gateway_process import Gateway, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = ROOT / "examples" / "python"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Start the gateway that the programs talk to."""
    with running_gateway(tmp_path_factory.mktemp("gateway")) as running:
        yield running


def told(gateway: Gateway, name: str, *lines: str) -> list[str]:
    """Say something to the support bot and give what it prints."""
    environment = os.environ | {
        "HEADGATE_BASE_URL": gateway.url,
        "HEADGATE_API_KEY": gateway.api_key,
    }
    done = subprocess.run(
        [sys.executable, PROGRAMS / "support_bot.py", name],
        check=False,
        env=environment,
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_support_bot_goes_on_where_it_was_left(gateway: Gateway) -> None:
    """Who comes back sees what was said; who said goodbye begins anew."""
    first = told(gateway, "ann", "It leaks.")
    second = told(gateway, "ann", "Thanks.", "bye")
    third = told(gateway, "ann")

    assert [line.partition(":")[0] for line in first] == ["ai"]
    assert "It leaks." in first[0]
    assert second[:2] == ["user: It leaks.", *first]
    assert "Thanks." in second[2]
    assert third == []


@contextmanager
def served(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the white-label API on loopback; gives its address."""
    monkeypatch.setenv("HEADGATE_BASE_URL", gateway.url)
    monkeypatch.setenv("HEADGATE_API_KEY", gateway.api_key)
    path = PROGRAMS / "white_label.py"
    spec = importlib.util.spec_from_file_location("white_label", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "white_label", module)
    spec.loader.exec_module(module)
    server = uvicorn.Server(uvicorn.Config(module.app, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_the_white_label_api_answers_in_its_own_name(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its users get the gateway's answers, whole and in pieces, from its own paths."""
    question = {"text": "Which kettle?", "session": "s-1"}
    with served(gateway, monkeypatch) as url, httpx2.Client() as http:
        whole = http.post(f"{url}/ask", json=question).json()
        pieces = http.post(f"{url}/ask/stream", json=question).text
        described = http.get(f"{url}/openapi.json").json()

    message = whole["choices"][0]["message"]
    assert message["role"] == "assistant"
    assert "Which kettle?" in message["content"]
    assert pieces == message["content"]
    assert {"/ask", "/ask/stream"} == described["paths"].keys()
    assert "ChatCompletion" in described["components"]["schemas"]
