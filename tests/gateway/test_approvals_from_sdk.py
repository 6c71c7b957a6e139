"""`wait_for_approval` gives what a person decided, through a real gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from headgate_sdk import (
    APITimeoutError,
    ApprovalPendingError,
    AsyncHeadgate,
    Headgate,
)
from tests.gateway.conftest import store_settings
from tests.gateway.proxy_bench import ProxyBench, running_bench
from tests.gateway.test_approvals import CHARGE, decide, require_approval


@pytest.fixture(scope="module")
def proxy(store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyBench]:
    folder = tmp_path_factory.mktemp("approvals_from_sdk")
    with running_bench(folder, store_settings(store)) as running:
        yield running


@pytest.fixture
def key(proxy: ProxyBench) -> str:
    """A key whose every request waits for a person."""
    proxy.upstream.answers(201, b'{"id": "ch_1"}', Content_Type="application/json")
    project = proxy.project()
    proxy.service(project)
    require_approval(proxy.client, project)
    secret: str = proxy.client.new_key(project)["secret"]
    return secret


def asked(sdk: Headgate) -> str:
    """The approval that a request waits for, as the error of a call tells it."""
    with pytest.raises(ApprovalPendingError) as caught:
        sdk.post(CHARGE, json={"amount": 10})
    assert caught.value.approval_id is not None
    return caught.value.approval_id


@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_it_ends_with_the_decision(proxy: ProxyBench, key: str, decision: str) -> None:
    """The upstream's answer comes with an approval, a reason with a rejection."""
    with (
        Headgate(base_url=proxy.client.gateway.url, api_key=key) as sdk,
        ThreadPoolExecutor() as pool,
    ):
        approval_id = asked(sdk)
        waiting = pool.submit(sdk.wait_for_approval, approval_id, timeout=60)
        decide(proxy.client, approval_id, decision, reason="as agreed")
        approval = waiting.result()

    assert (approval.status, approval.reason) == (decision, "as agreed")
    assert (approval.response is None) == (decision == "rejected")


def test_it_is_awaited_too(proxy: ProxyBench, key: str) -> None:
    """Without blocking, with the same end."""
    url = proxy.client.gateway.url

    async def run(approval_id: str) -> str:
        async with AsyncHeadgate(base_url=url, api_key=key) as client:
            approval = await client.wait_for_approval(approval_id, timeout=60)
            return approval.status

    with Headgate(base_url=url, api_key=key) as sdk:
        approval_id = asked(sdk)
    decide(proxy.client, approval_id, "approved")

    assert asyncio.run(run(approval_id)) == "approved"


def test_nobody_decides(proxy: ProxyBench, key: str) -> None:
    """That is a timeout of the whole wait; the request is still there to decide."""
    with Headgate(base_url=proxy.client.gateway.url, api_key=key) as sdk:
        approval_id = asked(sdk)
        with pytest.raises(APITimeoutError) as caught:
            sdk.wait_for_approval(approval_id, timeout=0.5)
        status = sdk.approvals.get(approval_id).status

    assert (caught.value.phase, status) == ("total", "pending")
