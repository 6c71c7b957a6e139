"""A gateway with a service behind it, for the tests of proxied calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.gateway.client import Client
from tests.gateway.rest_upstream import RestUpstream, running_rest_upstream
from tests.gateway_process import running_gateway

LOOPBACK = {"HEADGATE_GATEWAY_PRIVATE_NETWORKS": "127.0.0.0/8"}


@dataclass
class ProxyBench:
    """A gateway that may call loopback, and an upstream there."""

    client: Client
    upstream: RestUpstream
    folder: Path

    def fresh(self, body: bytes, *, status: int = 200) -> None:
        """Let the upstream forget what it was asked, and answer with this JSON."""
        self.upstream.asked.clear()
        self.upstream.closed.clear()
        self.upstream.answers(status, body, Content_Type="application/json")

    def project(self) -> str:
        """The id of a project of the test's own."""
        return self.client.new_project(f"project {uuid4()}")

    def credential(self, project: str, **fields: object) -> str:
        """The id of a stored credential."""
        body = {"name": "c", "project_id": project, "secret": "sk-canary", **fields}
        answer = self.client.admin.post("/v1/admin/credentials", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def service(self, project: str, **fields: object) -> dict[str, Any]:
        """A service called `echo` at the upstream."""
        body = {
            "name": "echo",
            "project_id": project,
            "base_url": f"{self.upstream.url}/base",
            **fields,
        }
        answer = self.client.admin.post("/v1/admin/services", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def caller(self, project: str, **fields: object) -> Client:
        """A caller with a key of the project."""
        return self.client.with_key(self.client.new_key(project, **fields)["secret"])


@contextmanager
def running_bench(folder: Path, settings: Mapping[str, str]) -> Iterator[ProxyBench]:
    """Start both."""
    with (
        running_rest_upstream() as upstream,
        running_gateway(folder, {**LOOPBACK, **settings}) as gateway,
    ):
        client = Client(gateway)
        yield ProxyBench(client, upstream, folder)
        client.close()
