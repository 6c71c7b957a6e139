"""The retry vectors are what the rules come to when they are read a second time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vectors.reference_retry import Question, decide
from tests.vectors.vector_files import Case, read_cases, read_documents

CALL_CLASS = "calls"
DECISIONS = read_cases("retry", but=(CALL_CLASS,))
CALLS = read_cases("retry", CALL_CLASS)


def question(case: Case) -> Question:
    vector = case.vector
    return Question(
        failure=vector["failure"],
        policy={**case.document["policy"], **vector.get("policy", {})},
        attempt=vector["attempt"],
        elapsed=vector["elapsed_s"],
        quota=vector["quota"],
        idempotency=vector["idempotency"],
        random=vector["random"],
        now=vector["now"],
        conflict_codes=tuple(case.document["conflict_codes"]),
    )


def outcome_failure(outcome: str) -> dict[str, Any]:
    """The failure that an outcome's name stands for."""
    if outcome.isdigit():
        return {"kind": "status", "status": int(outcome), "headers": {}}
    return {"kind": outcome}


class Client:
    """Makes calls by the reference's decisions, and keeps the quota."""

    def __init__(self, case: Case) -> None:
        self.policy = case.document["policy"]
        self.quota: int = self.policy["quota"]
        self.random: float = case.vector["random"]
        self.attempts: list[dict[str, Any]] = []

    def call(self, outcomes: list[str]) -> tuple[int, str]:
        """The retries that were made and the outcome that the call ended with."""
        wait, spent = 0.0, 0
        for attempt, outcome in enumerate(outcomes, 1):
            self.attempts.append({"wait_s": wait, "attempt": str(attempt)})
            if outcome == "200":
                self.quota = min(self.quota + max(spent, 1), self.policy["quota"])
                return attempt - 1, outcome
            decision = self.decision(attempt, outcome)
            if not decision["retry"]:
                return attempt - 1, outcome
            wait = decision["delay_s"]
            spent += self.quota - decision["quota_after"]
            self.quota = decision["quota_after"]
        raise AssertionError("the vector has too few outcomes")

    def decision(self, attempt: int, outcome: str) -> dict[str, Any]:
        """The decision after an attempt that failed."""
        return decide(
            Question(
                failure=outcome_failure(outcome),
                policy=self.policy,
                attempt=attempt,
                elapsed=0,
                quota=self.quota,
                idempotency="key",
                random=self.random,
                now=0,
                conflict_codes=(),
            )
        )


@pytest.mark.parametrize("case", DECISIONS, ids=lambda case: case.label)
def test_reference_decides_as_the_vector(case: Case) -> None:
    """Decision, delay, price and reason are those of the rules."""
    actual = decide(question(case))
    expected = case.vector["expect"]

    if "retry_after_s" not in expected:
        assert actual.pop("retry_after_s", 1e9) > 1e6
    assert expected == pytest.approx(actual, abs=1e-6)


@pytest.mark.parametrize("case", CALLS, ids=lambda case: case.label)
def test_reference_calls_as_the_vector(case: Case) -> None:
    """Whole calls make the attempts, end and cost what the vector says."""
    client = Client(case)
    total = 0
    for call in case.vector["calls"]:
        for _ in range(call.get("times", 1)):
            retries, ends = client.call(call["outcomes"])
            total += retries
            assert (call["retries"], call["ends"]) == (retries, ends)
            assert len(call["outcomes"]) == retries + 1
        assert call["quota_after"] == client.quota

    assert case.vector.get("total_retries", total) == total
    assert case.vector.get("attempts", client.attempts) == client.attempts


def test_defaults_are_the_same_in_every_file() -> None:
    """Each file states the same default policy."""
    policies = [body["policy"] for body in read_documents("retry").values()]

    assert [policies[0]] * len(policies) == policies
