"""The programs of docs/quick-starts.md run as they are printed there."""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from headgate_gateway.providers.manifest import load_manifests
from tests.corpus import ROOT
from tests.examples.programs import Workshop
from tests.gateway.provider_streams import ANTHROPIC, GEMINI, OPENAI_CHAT, WHOLE
from tests.gateway_process import Gateway, running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (ROOT / "docs" / "quick-starts.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCES = {"python": "python", "js": "typescript", "rust": "rust"}
ALL = list(FENCES.values())
DIALECTS: dict[str, tuple[str, list[Any]]] = {
    "/chat/completions": ("openai-chat", OPENAI_CHAT),
    "/messages": ("anthropic-messages", ANTHROPIC),
    "enerateContent": ("gemini", GEMINI),
}
KEYS = {"openai": "sk-openai", "anthropic": "sk-anthropic", "gemini": "sk-gemini"}


def blocks(title: str) -> dict[str, list[str]]:
    """The programs of a section of the page, by language."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    [text] = [each for each in section if each.startswith(title)]
    found: dict[str, list[str]] = defaultdict(list)
    for fence, program in BLOCK.findall(text):
        found[FENCES[fence]].append(program)
    return found


MODELS = blocks("Every model")
SERVICES = blocks("Any REST API")
WORKSPACES = blocks("A conversation")
RUNS = blocks("A message")


class Handler(BaseHTTPRequestHandler):
    """Answers as three providers and a payment service do, each by its paths."""

    protocol_version = "HTTP/1.1"
    server: Outside

    def do_GET(self) -> None:
        """List the customers."""
        self._answers({"data": ["cus_1"]})

    def do_POST(self) -> None:
        """Be the provider whose path it is, or take a charge."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for ending, (dialect, frames) in DIALECTS.items():
            if ending in self.path:
                streamed = body.get("stream") or "stream" in self.path
                self._speaks(dialect, frames if streamed else None)
                return
        self.server.charged.append(body["amount"])
        self._answers({"id": "ch_1", "amount": body["amount"]})

    def _speaks(self, dialect: str, frames: list[Any] | None) -> None:
        if frames is None:
            self._answers(WHOLE[dialect])
            return
        written = (
            f"data: {each if isinstance(each, str) else json.dumps(each)}\n\n"
            for each in frames
        )
        self._sends("text/event-stream", "".join(written))

    def _answers(self, body: object) -> None:
        self._sends("application/json", json.dumps(body))

    def _sends(self, kind: str, text: str) -> None:
        credential = self.headers["Authorization"] or self.headers["X-Api-Key"]
        credential = credential or self.headers["X-Goog-Api-Key"]
        self.server.credentials.add(credential.removeprefix("Bearer "))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Outside(ThreadingHTTPServer):
    """Everything that the gateway calls, on a free port of loopback."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.credentials: set[str] = set()
        self.charged: list[int] = []


@dataclass
class World:
    """A gateway with what it calls, and where programs are run."""

    gateway: Gateway
    outside: Outside
    workshop: Workshop
    numbers: Iterator[int] = field(default_factory=count)

    def built(self, language: str, program: str) -> list[str]:
        """Give the command that runs a program of the page."""
        name = f"quick-start-{next(self.numbers)}"
        return self.workshop.built(language, name, program)

    def run(self, command: list[str], **variables: str) -> list[str]:
        """Run a program with both keys; gives its lines."""
        variables = {"HEADGATE_ADMIN_KEY": self.gateway.admin_key, **variables}
        return self.workshop.run(command, self.gateway, **variables)

    def lines(self, language: str, program: str) -> list[str]:
        """Give the lines of a program of the page."""
        return self.run(self.built(language, program))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start everything."""
    with Outside() as outside:
        thread = threading.Thread(target=outside.serve_forever)
        thread.start()
        providers = [each.id for each in load_manifests({})]
        settings = {
            "PROVIDER_URLS": " ".join(f"{each}={outside.url}" for each in providers),
            "PROVIDER_KEYS": " ".join(f"{name}={key}" for name, key in KEYS.items()),
            "PRIVATE_NETWORKS": "127.0.0.0/8",
        }
        settings = {f"HEADGATE_GATEWAY_{name}": text for name, text in settings.items()}
        folder = tmp_path_factory.mktemp("gateway")
        with running_gateway(folder, settings) as gateway:
            workshop = Workshop(tmp_path_factory.mktemp("workshop"))
            yield World(gateway, outside, workshop)
        outside.shutdown()
        thread.join()


@pytest.mark.parametrize("language", ["python", "typescript"])
def test_every_model_by_openais_own_client(language: str, world: World) -> None:
    """Each provider is asked with its own key, and answers in OpenAI's form."""
    world.outside.credentials.clear()
    [program] = MODELS[language]
    lines = world.lines(language, program)

    models = ["gpt-4o", "claude-3-5-sonnet-20241022", "gemini-2.0-flash"]
    assert lines == [*(f"{model} says Looking." for model in models), "Looking."]
    assert world.outside.credentials == set(KEYS.values())


@contextmanager
def person(world: World, program: str) -> Iterator[list[str]]:
    """Somebody who looks again and again at what waits; gives what was agreed to."""
    over, agreed = threading.Event(), list[str]()
    command = world.built("python", program)

    def look() -> None:
        while not over.is_set():
            agreed.extend(world.run(command))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield agreed
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def agent_key(world: World) -> str:
    """What the operator's program prints, with the service on loopback."""
    operator = SERVICES["python"][0]
    assert operator.count("https://api.stripe.com") == 1
    operator = operator.replace("https://api.stripe.com", world.outside.url)
    [key] = world.lines("python", operator)
    return key


@pytest.mark.parametrize("language", ALL)
def test_a_service_behind_policies_and_people(
    language: str, world: World, agent_key: str
) -> None:
    """The agent is answered, the charge made once, when somebody has agreed to it."""
    world.outside.credentials.clear()
    world.outside.charged.clear()
    agent, reviewer = SERVICES[language][-1], SERVICES["python"][-1]
    if language == "python":
        agent = SERVICES["python"][1]
    command = world.built(language, agent)
    with person(world, reviewer) as agreed:
        lines = world.run(command, HEADGATE_API_KEY=agent_key)

    customers, charged = (line.partition(": ") for line in lines)
    assert (customers[0], charged[0]) == ("customers", "charged")
    assert "cus_1" in customers[2]
    assert "ch_1" in charged[2]
    assert agreed == ["agreed to /v1/proxy/services/stripe/v1/charges"]
    assert world.outside.charged == [50_000]
    assert world.outside.credentials == {"sk_live_51H"}


@pytest.mark.parametrize("language", ALL)
def test_a_conversation_is_kept(language: str, world: World) -> None:
    """The model answers with the context it was given; who comes back finds it all."""
    [program] = WORKSPACES[language]
    *answers, last = world.lines(language, program)

    assert [line.partition(":")[0] for line in answers] == ["Agent"]
    assert "What's the status?" in answers[0]
    assert last.lower() == "true 4 messages"


@pytest.mark.parametrize("language", ALL)
def test_a_message_and_a_run(language: str, world: World) -> None:
    """Text comes whole, and the run uses its tools to the end."""
    [program] = RUNS[language]
    text, *used, reason = world.lines(language, program)

    assert text == "How do event streams resume?"
    assert used
    assert {line.partition(" ")[0] for line in used} == {"uses"}
    assert reason == "end_turn"
