"""A caller whose project has policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.gateway.client import Client, message
from tests.gateway.proxy_bench import ProxyBench

ALWAYS = {"type": "always"}
DENY = {"type": "deny", "message": "Not here."}
CHAT = {"model": "mock/echo", "messages": message()["messages"]}
SERVICE = "/v1/proxy/services/echo/x"


def compare(field: str, op: str, value: object) -> dict[str, Any]:
    return {"type": "compare", "field": field, "op": op, "value": value}


def new_policy(
    client: Client,
    project: str,
    *then: dict[str, Any],
    when: dict[str, Any] = ALWAYS,
    **fields: object,
) -> dict[str, Any]:
    """A policy of one rule."""
    body = {
        "name": f"policy {uuid4()}",
        "project_id": project,
        "mode": "enforce",
        "phase": "pre",
        "rules": [{"when": when, "then": list(then)}],
        **fields,
    }
    answer = client.admin.post("/v1/admin/policies", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@dataclass
class PolicyBench:
    """A caller of a project with a service, and the project's policies."""

    proxy: ProxyBench
    project: str
    key: dict[str, Any]
    caller: Client

    @classmethod
    def of(cls, proxy: ProxyBench) -> PolicyBench:
        """A new project with a service and a caller."""
        proxy.upstream.asked.clear()
        proxy.upstream.answers(200, b'{"mail": "ada@example.com"}')
        project = proxy.project()
        proxy.service(project)
        key = proxy.client.new_key(project)
        return cls(proxy, project, key, proxy.client.with_key(key["secret"]))

    def policy(self, *then: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A policy of the project, of one rule."""
        return new_policy(self.proxy.client, self.project, *then, **fields)

    def says(self, text: str = "Hello", **fields: object) -> Any:
        """The answer of the echo."""
        body = {**message(**fields), "messages": [{"role": "user", "content": text}]}
        return self.caller.http.post("/v1/messages", json=body)
