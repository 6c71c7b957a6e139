"""`wait_for_approval` gives what a person decided, through a real gateway."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from headgate_sdk import (
    ApprovalPendingError,
    ApprovalTimeoutError,
    AsyncHeadgate,
    Headgate,
    NotFoundError,
)
from tests.gateway.proxy_bench import ProxyBench
from tests.gateway.test_approvals import CHARGE, decide, require_approval


@pytest.fixture
def key(calling: ProxyBench) -> str:
    """A key whose every request waits for a person."""
    calling.fresh(b'{"id": "ch_1"}', status=201)
    project = calling.project()
    calling.service(project)
    require_approval(calling.client, project)
    secret: str = calling.client.new_key(project)["secret"]
    return secret


def asked(sdk: Headgate) -> str:
    """The approval that a request waits for, as the error of a call tells it."""
    with pytest.raises(ApprovalPendingError) as caught:
        sdk.post(CHARGE, json={"amount": 10})
    assert caught.value.approval_id is not None
    return caught.value.approval_id


@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_it_ends_with_the_decision(
    calling: ProxyBench, key: str, decision: str
) -> None:
    """The upstream's answer comes with an approval, a reason with a rejection."""
    with (
        Headgate(base_url=calling.client.gateway.url, api_key=key) as sdk,
        ThreadPoolExecutor() as pool,
    ):
        approval_id = asked(sdk)
        waiting = pool.submit(sdk.wait_for_approval, approval_id, timeout=60)
        decide(calling.client, approval_id, decision, reason="as agreed")
        approval = waiting.result()

    assert (approval.status, approval.reason) == (decision, "as agreed")
    assert approval.approved == (decision == "approved")
    assert (approval.response is None) == (decision == "rejected")


def test_it_is_awaited_too(calling: ProxyBench, key: str) -> None:
    """Without blocking, with the same end."""
    url = calling.client.gateway.url

    async def run(approval_id: str) -> str:
        async with AsyncHeadgate(base_url=url, api_key=key) as client:
            approval = await client.wait_for_approval(approval_id, timeout=60)
            return approval.status

    with Headgate(base_url=url, api_key=key) as sdk:
        approval_id = asked(sdk)
    decide(calling.client, approval_id, "approved")

    assert asyncio.run(run(approval_id)) == "approved"


def test_nobody_decides(calling: ProxyBench, key: str) -> None:
    """That is an error which says so; the request is still there to decide."""
    with Headgate(base_url=calling.client.gateway.url, api_key=key) as sdk:
        approval_id = asked(sdk)
        with pytest.raises(ApprovalTimeoutError) as caught:
            sdk.wait_for_approval(approval_id, timeout=0.5)
        status = sdk.approvals.get(approval_id).status

    error = caught.value
    assert (error.approval_id, error.timeout) == (approval_id, 0.5)
    assert status == "pending"


def test_it_is_found_by_its_request_too(calling: ProxyBench, key: str) -> None:
    """The id of the answer that told to wait will do, for its caller alone."""
    url = calling.client.gateway.url
    with Headgate(base_url=url, api_key=key) as sdk:
        with pytest.raises(ApprovalPendingError) as caught:
            sdk.post(CHARGE, json={"amount": 10})
        pending = caught.value
        assert pending.approval_id is not None
        assert pending.request_id is not None
        decide(calling.client, pending.approval_id, "approved")
        approval = sdk.wait_for_approval(pending.request_id, timeout=60)
    stranger = calling.client.new_key(calling.project())["secret"]
    with (
        Headgate(base_url=url, api_key=stranger) as other,
        pytest.raises(NotFoundError),
    ):
        other.wait_for_approval(pending.request_id, timeout=60)

    assert (approval.id, approval.approved) == (pending.approval_id, True)
