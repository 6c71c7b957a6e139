"""A plain HTTP client for the gateway's tests, and streams held against their order."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from headgate.contract import Frame, SseDecoder, Stream, check_frames, streams_of
from tests.gateway_process import Gateway

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = ROOT / "gateway" / "headgate_gateway" / "spec" / "openapi.json"


def bundle() -> dict[str, Any]:
    """The specification that the gateway serves."""
    return json.loads(SPECIFICATION.read_text(encoding="utf-8"))


STREAMS: dict[str, Stream] = streams_of(bundle())


@dataclass
class Recording:
    """What came of one streaming request."""

    status: int
    headers: httpx2.Headers
    frames: list[Frame]
    complete: bool
    """Whether the body came to its own end."""

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events without pings."""
        events = [json.loads(frame.data) for frame in self.frames]
        return [event for event in events if event["type"] != "ping"]

    @property
    def types(self) -> list[str]:
        """The types of the events."""
        return [event["type"] for event in self.events]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of one type."""
        return [event for event in self.events if event["type"] == kind]


class Client:
    """Requests with a gateway key and, beside it, an admin key."""

    def __init__(self, gateway: Gateway, *, api_key: str | None = None) -> None:
        self.gateway = gateway
        key = gateway.api_key if api_key is None else api_key
        self.http = httpx2.Client(
            base_url=gateway.url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=30,
        )
        self.admin = httpx2.Client(
            base_url=gateway.url, headers={"X-Admin-Key": gateway.admin_key}, timeout=30
        )

        self._others: list[Client] = []

    def close(self) -> None:
        """Close this client and those made from it."""
        for other in self._others:
            other.close()
        self.http.close()
        self.admin.close()

    def with_key(self, secret: str) -> Client:
        """The same gateway with another key."""
        self._others.append(Client(self.gateway, api_key=secret))
        return self._others[-1]

    def new_project(self, name: str) -> str:
        """The id of a new project."""
        return self.admin.post("/v1/admin/projects", json={"name": name}).json()["id"]

    def new_key(self, project_id: str, **body: object) -> dict[str, Any]:
        """A key of a project, with its secret."""
        body = {"name": "a key", "project_id": project_id, **body}
        answer = self.admin.post("/v1/admin/keys", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def record(self, method: str, path: str, **request: Any) -> Recording:
        """A whole stream, however it ends."""
        decoder = SseDecoder()
        frames: list[Frame] = []
        complete = True
        with self.http.stream(method, path, **request) as answer:
            try:
                for chunk in answer.iter_bytes():
                    frames += decoder.feed(chunk)
            except httpx2.RemoteProtocolError:
                complete = False
        return Recording(answer.status_code, answer.headers, frames, complete)

    def open_streams(self) -> float:
        """How many event streams the gateway says it is sending."""
        lines = self.admin.get("/metrics").text.splitlines()
        [line] = [line for line in lines if line.startswith("headgate_open_streams ")]
        return float(line.split()[1])

    @contextmanager
    def frames(
        self, method: str, path: str, **request: Any
    ) -> Iterator[Iterator[Frame]]:
        """A stream read frame by frame; leaving the block leaves the stream."""
        decoder = SseDecoder()
        with self.http.stream(method, path, **request) as answer:
            assert answer.status_code == 200, answer.read()
            yield (
                frame for chunk in answer.iter_bytes() for frame in decoder.feed(chunk)
            )

    def stream_run(self, body: dict[str, Any], **headers: str) -> Recording:
        """A run's own stream."""
        return self.record("POST", "/v1/runs:stream", json=body, headers=headers)

    def follow(self, run_id: str, *, after: int = 0) -> Recording:
        """A run's events after one of them."""
        params = {"starting_after": after}
        return self.record("GET", f"/v1/runs/{run_id}/events", params=params)


def until(look: Callable[[], Any], enough: Callable[[Any], bool]) -> Any:
    """What is seen when it is enough, which it has to be within 20 seconds."""
    deadline = time.monotonic() + 20
    while not enough(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)
    return seen


def message(script: object = None, **fields: object) -> dict[str, Any]:
    """A message request, of the scripted model when there is a script."""
    body: dict[str, Any] = {
        "model": "mock/echo" if script is None else "mock/script",
        "messages": [{"role": "user", "content": "Hello out there."}],
        **fields,
    }
    if script is not None:
        body["metadata"] = {"script": script}
    return body


def run(script: object = None, **fields: object) -> dict[str, Any]:
    """A run request with both server tools."""
    return {
        "request": message(script),
        "server_tools": ["web_search", "web_fetch"],
        **fields,
    }


def breaches(
    name: str, recording: Recording, request: dict[str, Any] | None = None
) -> list[str]:
    """How a recorded stream breaks its declaration."""
    found = check_frames(STREAMS[name], recording.frames, request=request)
    return [str(violation) for violation in found]
