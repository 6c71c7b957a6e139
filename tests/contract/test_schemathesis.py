"""Schemathesis over every operation, with all its checks and in all its phases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.schemathesis_run import PHASES, SERVICE, Report, run_schemathesis
from tests.gateway.client import Client, bundle, message
from tests.gateway.proxy_bench import LOOPBACK
from tests.gateway.rest_upstream import running_rest_upstream
from tests.gateway_process import Gateway, running_gateway

ASKING_AGENT = "contract-asks"
OPERATIONS = {
    f"{method.upper()} {path}"
    for path, item in bundle()["paths"].items()
    for method in item
}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that schemathesis may fill as it likes."""
    folder = tmp_path_factory.mktemp("target")
    with (
        running_rest_upstream() as upstream,
        running_gateway(folder, LOOPBACK) as gateway,
    ):
        upstream.answers(200, b"{}", Content_Type="application/json")
        client = Client(gateway)
        params = {"order": "asc", "limit": 1}
        [first] = client.admin.get("/v1/admin/projects", params=params).json()["data"]
        service = {"name": SERVICE, "base_url": upstream.url, "project_id": first["id"]}
        client.admin.post("/v1/admin/services", json=service)
        client.admin.post("/v1/admin/policies", json=_asking(first["id"]))
        asking = {"X-Agent-Name": ASKING_AGENT}
        for _ in range(2):
            client.http.post("/v1/messages", json=message(), headers=asking)
        client.http.get("/v1/models", headers={"X-Session-ID": "contract"})
        client.close()
        yield gateway


def _asking(project: str) -> dict[str, object]:
    """A policy that lets the requests of one agent wait for a person."""
    named = {"field": "agent.name", "op": "eq", "value": ASKING_AGENT}
    return {
        "name": "ask first",
        "project_id": project,
        "mode": "enforce",
        "phase": "pre",
        "rules": [
            {
                "when": {"type": "compare", **named},
                "then": [{"type": "require_approval"}],
            }
        ],
    }


@pytest.fixture(scope="module")
def report(target: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """One run over the whole specification."""
    folder = tmp_path_factory.mktemp("schemathesis")
    return run_schemathesis(target, folder, "--max-examples", "30", document=bundle())


def test_the_gateway_keeps_its_specification(report: Report):
    """No check fails, and nothing is warned of."""
    assert report.exit_status == 0, report.output
    assert "warning" not in report.output.lower()


@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_ran_to_its_end(report: Report, phase: str):
    """A phase that was left out would prove nothing."""
    assert report.phases[phase] == "success", report.output
    assert report.operations[phase]


@pytest.mark.parametrize("phase", ["coverage", "fuzzing"])
def test_every_operation_was_called(report: Report, phase: str):
    """Both phases that generate requests reach every operation."""
    assert OPERATIONS - report.operations[phase] == set()


def test_a_planted_fault_is_found(target: Gateway, tmp_path: Path):
    """Against a document that promises more than the gateway keeps, the run fails."""
    document = bundle()
    document["components"]["schemas"]["Readiness"]["required"].append("colour")

    found = run_schemathesis(
        target,
        tmp_path,
        *("--include-operation-id", "health.ready", "--max-examples", "1"),
        document=document,
    )

    assert found.exit_status == 1
    assert "colour" in found.output
