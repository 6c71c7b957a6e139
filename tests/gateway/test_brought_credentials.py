"""A request that waits keeps the credential that its caller brought, and no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
import sqlalchemy as sa

from headgate_gateway.approvals.desk import ApprovalDesk
from headgate_gateway.approvals.request import PutAside
from headgate_gateway.gateway import Gateway, open_gateway
from headgate_gateway.policies.policy import Policy
from headgate_gateway.policies.verdict import Wanted
from headgate_gateway.principals import Principal
from headgate_gateway.settings import Settings
from tests.gateway.client import Client, message
from tests.gateway.conftest import store_settings
from tests.gateway.proxy_bench import LOOPBACK, ProxyBench
from tests.gateway.rest_upstream import running_rest_upstream
from tests.gateway.test_approvals import (
    CHARGE,
    approved_while_away,
    decide,
    require_approval,
)
from tests.gateway_process import running_gateway

OWN = {"X-Upstream-Authorization": "Bearer of-the-caller"}


@pytest.mark.parametrize(
    ("path", "body", "brought"),
    [
        (CHARGE, {}, OWN),
        (CHARGE, {}, {"X-Real-Authorization": "Bearer of-the-caller"}),
        ("/v1/messages", message(), {"X-Provider-Key-OpenAI": "sk-of-the-caller"}),
    ],
)
def test_a_credential_is_gone_with_its_process(
    tmp_path: Path, path: str, body: Any, brought: dict[str, str]
):
    """Nothing is performed with the stored one instead, and the caller is told."""
    upstream, asked, approval = approved_while_away(tmp_path, path, body, **brought)

    response = approval["response"]
    assert upstream.asked == []
    assert (approval["status"], response["status_code"]) == ("approved", 500)
    assert response["body"]["error"]["code"] == "credential_missing"
    assert response["body"]["error"]["request_id"] == asked["request_id"]


def test_another_process_decides(store: str, tmp_path: Path):
    """The one that holds the credential performs the request."""
    settings = {
        **LOOPBACK,
        "HEADGATE_GATEWAY_DATABASE_URL": f"sqlite:///{tmp_path / 'shared.sqlite3'}",
        "HEADGATE_GATEWAY_LEASE": "2",
        **store_settings(store),
    }
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with (
        running_rest_upstream() as upstream,
        running_gateway(tmp_path / "one", settings) as first,
        running_gateway(tmp_path / "two", settings) as second,
    ):
        upstream.answers(201, b"{}")
        proxy, there = ProxyBench(Client(first), upstream, tmp_path), Client(second)
        project = proxy.project()
        proxy.service(project, credential_id=proxy.credential(project))
        require_approval(proxy.client, project)
        caller = proxy.caller(project)
        pending = caller.http.post(CHARGE, json={}, headers=OWN).json()
        decide(there, pending["approval_id"], "approved")
        approval = caller.http.get(pending["poll_url"], params={"wait": 20}).json()
        proxy.client.close()
        there.close()

    assert approval["response"]["status_code"] == 201
    assert [asked.headers["authorization"] for asked in upstream.asked] == [
        "Bearer of-the-caller"
    ]


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    opened = await open_gateway(
        Settings(database_url=f"sqlite:///{tmp_path / 'gateway.sqlite3'}")
    )
    yield opened
    await opened.database.close()


async def asked(desk: ApprovalDesk, *, timeout_s: int = 600) -> sa.RowMapping:
    """An approval of a request that brought a credential."""
    request = PutAside(
        method="POST",
        path=CHARGE,
        query=b"",
        headers={},
        body=b"{}",
        secret_headers={"x-upstream-authorization": f"Bearer {uuid4()}"},
    )
    policy = cast("Policy", SimpleNamespace(id="pol_1", name="all"))
    row, _ = await desk.ask(
        request,
        Wanted(policy, timeout_s, "deny"),
        content=request.body,
        caller=Principal("key", "proj_1"),
        operation="proxy.services.post",
        request_id="req_1",
        agent_name=None,
    )
    return row


@pytest.mark.parametrize("status", ["rejected", "cancelled"])
async def test_a_credential_is_forgotten_with_its_request(
    gateway: Gateway, status: str
):
    """At once where the decision is taken here."""
    desk = gateway.approvals
    row, other = await asked(desk), await asked(desk)
    before = desk.holds(row)
    await gateway.approval_store.decide(row["id"], status=status)
    await desk.decided(row["id"])

    assert (before, desk.holds(row), desk.holds(other)) == (True, False, True)


async def test_a_credential_is_forgotten_when_its_time_is_over(gateway: Gateway):
    """And when another process took the decision: soon."""
    desk = gateway.approvals
    late, elsewhere = await asked(desk, timeout_s=0), await asked(desk)
    waiting = await asked(desk)
    await gateway.approval_store.decide(elsewhere["id"], status="rejected")
    await desk.go_on()

    assert [desk.holds(row) for row in (late, elsewhere, waiting)] == [
        False,
        False,
        True,
    ]
