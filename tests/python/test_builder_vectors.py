"""Bodies that are put together step by step come to what the shared vectors state."""

from __future__ import annotations

from typing import Any

import pytest

from headgate_sdk import Headgate
from tests.python.raw_server import STREAM_HEAD, answer, raw_server
from tests.python.samples import COMPLETION
from tests.python.shared_vectors import Case, check_keys, read_cases
from tests.python.twins import TWINS, Twin

CASES = read_cases("builders")


def taken(steps: Any, given: list[list[Any]]) -> Any:
    """What a builder is after further steps."""
    for name, *arguments in given:
        steps = getattr(steps, name)(*arguments)
    return steps


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_steps(case: Case) -> None:
    """The request is the one stated, and so it stays whatever is taken from it."""
    vector = case.vector
    check_keys(case.shared, "class", "about")
    check_keys(vector, "name", "note", "arguments", "steps", "request", "branches")
    with Headgate(base_url="http://127.0.0.1:1", api_key="none") as client:
        builder = client.chat.completions.builder(*vector["arguments"])
    start = taken(builder, vector["steps"])

    assert start.request() == vector["request"]
    for branch in vector.get("branches", []):
        check_keys(branch, "steps", "request")
        assert taken(start, branch["steps"]).request() == branch["request"]
        assert start.request() == vector["request"]


@pytest.mark.parametrize("twin", TWINS, ids=repr)
def test_steps_are_sent(twin: Twin) -> None:
    """A call sends the request that the steps come to, a stream asks to be one."""
    vector = next(case.vector for case in CASES if case.vector["name"] == "every-turn")

    def steps(client: Any) -> Any:
        return taken(client.chat.completions.builder("m"), vector["steps"])

    stream = [STREAM_HEAD, b"data: [DONE]\n\n"]
    with raw_server([answer(200, COMPLETION)], stream) as server:
        completion = twin.call(server.url, lambda c: steps(c).execute())
        reading = twin.read(server.url, lambda c: steps(c).stream())

    assert completion.choices[0].message.content == "Hi."
    assert reading.error is None
    assert server.requests[0].json == vector["request"]
    assert server.requests[1].json == {**vector["request"], "stream": True}


def measured(**options: Any) -> Any:
    """A call of a builder that says what it took."""
    return lambda client: client.chat.completions.builder("m").execute_with_stats(
        options=options
    )


@pytest.mark.parametrize("twin", TWINS, ids=repr)
@pytest.mark.parametrize("failures", [0, 1])
def test_a_call_says_what_it_took(twin: Twin, failures: int) -> None:
    """How long it was until its whole answer, and how many attempts there were."""
    success = [0.02, answer(200, COMPLETION, x_request_id="req_2")]
    with raw_server(*[[answer(503)]] * failures, success) as server:
        completion, stats = twin.call(server.url, measured())

    assert completion.choices[0].message.content == "Hi."
    assert (stats.attempts, stats.status) == (failures + 1, 200)
    assert stats.request_id == "req_2"
    assert 0.02 <= stats.duration < 60


@pytest.mark.parametrize("twin", TWINS, ids=repr)
def test_questions_after_an_answer_are_no_attempts(twin: Twin) -> None:
    """A call that waits says what the stored answer is, and counts its own attempts."""
    pending = {"object": "approval.pending", "approval_id": "a", "status": "pending"}
    marks = {"x_request_id": "req_1", "x_headgate_approval": "a"}
    headers = {"X-Request-ID": "req_2"}
    kept = {"status_code": 201, "headers": headers, "body": COMPLETION}
    approval = {"id": "a", "status": "approved", "response": kept}
    scripts = [[answer(503)], [answer(202, pending, **marks)], [answer(200, approval)]]
    with raw_server(*scripts) as server:
        _, stats = twin.call(server.url, measured(wait_for_approval=True))

    assert (stats.attempts, stats.status, stats.request_id) == (2, 201, "req_2")
