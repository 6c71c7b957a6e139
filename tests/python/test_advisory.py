"""A call whose failure does not matter fails in silence, unless it is strict."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from headgate_sdk import (
    APIConnectionError,
    APIError,
    CancelToken,
    ConfigurationError,
    Interceptor,
    RequestCancelledError,
)
from tests.python.raw_server import RESET, Script, answer, raw_server
from tests.python.samples import ERROR
from tests.python.twins import TWINS, Twin

FAILURES: dict[str, tuple[type[Exception], list[Script]]] = {
    "refused": (APIError, [[answer(404, {"error": ERROR})]]),
    "reset": (APIConnectionError, [[RESET]] * 3),
    "not there": (APIConnectionError, []),
}


@pytest.fixture(params=TWINS, ids=repr)
def twin(request: pytest.FixtureRequest) -> Twin:
    twin: Twin = request.param
    return twin


def preview(**options: Any):
    return lambda c: c.workspaces.send_typing_preview(
        "ws_1", text="Hel", options=options
    )


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_told_to_the_log_alone(
    twin: Twin, failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The call gives nothing, as it does when it works."""
    caplog.set_level(logging.INFO, logger="headgate_sdk")
    _, scripts = FAILURES[failure]
    with raw_server(*scripts) as server:
        found = twin.call(server.url, preview())

    assert found is None
    assert "/v1/workspaces/ws_1/typing" in caplog.records[-1].getMessage()


@pytest.mark.parametrize("failure", FAILURES)
def test_a_strict_call_raises(twin: Twin, failure: str) -> None:
    """Where the caller asks for it, the call is one like any other."""
    error, scripts = FAILURES[failure]
    with raw_server(*scripts) as server, pytest.raises(error):
        twin.call(server.url, preview(strict=True))


def test_what_the_caller_did_wrong_is_raised(twin: Twin) -> None:
    """No request can be made of such arguments."""
    with raw_server() as server, pytest.raises(ConfigurationError):
        twin.call(server.url, lambda c: c.workspaces.send_typing_preview("..", text=""))


def test_what_the_caller_cancels_is_raised(twin: Twin) -> None:
    """He knows of it, and waits for nothing else."""
    token = CancelToken()
    token.cancel("enough")
    with raw_server() as server, pytest.raises(RequestCancelledError):
        twin.call(server.url, preview(cancel=token))


def test_what_a_hook_raises_ends_the_call(twin: Twin) -> None:
    """It is no failure of the call."""

    class Forbidding(Interceptor):
        def before_request(self, attempt: object) -> None:
            raise PermissionError

    with raw_server() as server, pytest.raises(PermissionError):
        twin.call(server.url, preview(interceptors=[Forbidding()]))
