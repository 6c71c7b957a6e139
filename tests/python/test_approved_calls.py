"""Calls that wait for a person through a real gateway, each made once or never."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from headgate_sdk import (
    ApprovalPendingError,
    ApprovalRejectedError,
    ApprovalTimeoutError,
)
from tests.gateway.conftest import store_settings
from tests.gateway.proxy_bench import ProxyBench, running_bench
from tests.gateway.test_approvals import CHARGE, decide, require_approval
from tests.python.twins import TWINS, Twin


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyBench]:
    folder = tmp_path_factory.mktemp("approved_calls")
    with running_bench(folder, store_settings("sqlite")) as running:
        yield running


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


def key_of(proxy: ProxyBench, **fields: object) -> tuple[str, str]:
    """A key whose every request waits for a person, and its project."""
    proxy.upstream.asked.clear()
    proxy.upstream.answers(201, b'{"id": "ch_1"}', Content_Type="application/json")
    project = proxy.project()
    proxy.service(project)
    require_approval(proxy.client, project, **fields)
    secret: str = proxy.client.new_key(project)["secret"]
    return secret, project


@contextmanager
def person(proxy: ProxyBench, project: str, decision: str) -> Iterator[None]:
    """Somebody who decides about a project's request as soon as it waits."""

    def look() -> None:
        asked = {"status": "pending", "project_id": project}
        waiting: list[Any] = []
        while not waiting and not stopping.wait(0.02):
            answer = proxy.client.admin.get("/v1/admin/approvals", params=asked)
            waiting = answer.json()["data"]
        for each in waiting:
            decide(proxy.client, each["id"], decision, reason="as agreed")

    stopping = threading.Event()
    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def charge(seconds: float) -> Callable[[Any], Any]:
    given = {"wait_for_approval": seconds}
    return lambda c: c.post(CHARGE, json={"amount": 10}, options=given)


def test_without_the_option_it_is_raised(proxy: ProxyBench, twin: Twin) -> None:
    """The approval's id is in the error, and the upstream is not called."""
    key, _ = key_of(proxy)
    with pytest.raises(ApprovalPendingError) as caught:
        twin.call(
            proxy.client.gateway.url,
            lambda c: c.post(CHARGE, json={"amount": 10}),
            api_key=key,
        )

    assert str(caught.value.approval_id) in str(caught.value.poll_url)
    assert proxy.upstream.asked == []


def test_an_approved_call_gives_the_upstreams_answer(
    proxy: ProxyBench, twin: Twin
) -> None:
    """The upstream is called exactly once."""
    key, project = key_of(proxy)
    with person(proxy, project, "approved"):
        answer = twin.call(proxy.client.gateway.url, charge(20), api_key=key)

    assert (answer.status_code, answer.json()) == (201, {"id": "ch_1"})
    assert answer.headers["content-type"] == "application/json"
    assert len(proxy.upstream.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\xff\x00\x80\x89PNG", id="binary"),
        pytest.param(gzip.compress(b"packed"), id="packed"),
        pytest.param("Grüße\r\n".encode(), id="text"),
        pytest.param(b'"a text of JSON"', id="a text of JSON"),
        pytest.param(b"1.0", id="a number of JSON"),
        pytest.param(b"null", id="null"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_approved_comes_as_it_was_sent(
    proxy: ProxyBench, twin: Twin, body: bytes
) -> None:
    """Byte for byte, also where the approval is asked for the answer."""
    key, project = key_of(proxy)
    proxy.upstream.answers(200, body, Content_Type="application/octet-stream")
    given = {"wait_for_approval": 20, "headers": {"Prefer": "wait=0"}}
    with person(proxy, project, "approved"):
        answer = twin.call(
            proxy.client.gateway.url,
            lambda c: c.post(CHARGE, json={}, options=given),
            api_key=key,
        )

    assert answer.content == body
    assert proxy.upstream.asked[0].headers["accept-encoding"] == "identity"


def test_a_rejected_call_is_raised(proxy: ProxyBench, twin: Twin) -> None:
    """With the reason, and the upstream is not called."""
    key, project = key_of(proxy)
    with (
        person(proxy, project, "rejected"),
        pytest.raises(ApprovalRejectedError) as caught,
    ):
        twin.call(proxy.client.gateway.url, charge(20), api_key=key)

    assert caught.value.details["reason"] == "as agreed"
    assert proxy.upstream.asked == []


def test_nobody_agrees_in_time(proxy: ProxyBench, twin: Twin) -> None:
    """The approval's time is over, or the caller's: the same error."""
    key, _ = key_of(proxy, timeout_s=1)
    with pytest.raises(ApprovalTimeoutError) as caught:
        twin.call(proxy.client.gateway.url, charge(20), api_key=key)
    with pytest.raises(ApprovalTimeoutError) as late:
        twin.call(proxy.client.gateway.url, charge(0.2), api_key=key)

    assert [caught.value.code, late.value.code] == ["approval_timeout"] * 2
    assert proxy.upstream.asked == []
