"""A client that another generator made of the same document works on the gateway.

It reads the document independently of us: what it cannot call, or decodes as another
type, is wrong in the document or in the gateway.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from headgate.document import bundle, load_document
from tests.gateway_process import Gateway

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv-second-reader" / "bin"
DRIVER = Path(__file__).with_name("drive.py")
STREAMS_ONLY = {
    "runs.stream",
    "runs.events",
    "workspaces.events",
    "admin.audit_logs.stream",
}
ANY_CONTENT = "/v1/proxy/"
"""What is answered there is an upstream's, of any media type, which it leaves out."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    whole = bundle(load_document(ROOT / "spec" / "openapi.yaml"), "3.1")
    paths = whole["paths"].items()
    ours = {path: item for path, item in paths if not path.startswith(ANY_CONTENT)}
    return {**whole, "paths": ours}


@pytest.fixture(scope="module")
def client(
    document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The folder of the other generator's client, and what it said while at it."""
    folder = tmp_path_factory.mktemp("second_reader")
    (folder / "openapi.json").write_text(json.dumps(document), "utf-8")
    done = subprocess.run(
        [
            *(ENVIRONMENT / "openapi-python-client", "generate", "--meta", "none"),
            *("--path", "openapi.json", "--output-path", "client"),
        ],
        cwd=folder,
        env={**os.environ, "PATH": f"{ENVIRONMENT}:{os.environ['PATH']}"},
        check=True,
        capture_output=True,
        text=True,
    )
    return folder, done.stdout + done.stderr


@pytest.fixture(scope="module")
def report(client: tuple[Path, str], gateway: Gateway) -> list[dict[str, Any]]:
    folder, _ = client
    done = subprocess.run(
        [
            *(ENVIRONMENT / "python", DRIVER),
            *(gateway.url, gateway.api_key, gateway.admin_key),
        ],
        env={**os.environ, "PYTHONPATH": str(folder)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    decoded: list[dict[str, Any]] = json.loads(done.stdout)
    return decoded


def test_document_is_read_without_a_warning(client: tuple[Path, str]) -> None:
    """The other generator leaves out no schema and no operation."""
    _, said = client

    assert said.strip() == "Generating client"


def test_every_call_is_answered_as_declared(report: list[dict[str, Any]]) -> None:
    """Each answer has the status and the type that the document gives it."""
    calls = [(call["operation"], call["status"], call["type"]) for call in report]

    assert calls == [
        ("health.live", 200, "str"),
        ("health.ready", 200, "Readiness"),
        ("health.spec", 200, "SpecDocument"),
        ("health.event_spec", 200, "EventSchemaDocument"),
        ("models.list", 200, "ModelList"),
        ("models.get", 200, "Model"),
        ("models.get", 404, "ErrorEnvelope"),
        ("models.recommend", 200, "ModelRecommendation"),
        ("embeddings.create", 200, "EmbeddingResponse"),
        ("tokens.count", 200, "TokenCount"),
        ("tokens.cost", 200, "CostEstimate"),
        ("protocols.list", 200, "ProtocolList"),
        ("protocols.get", 200, "ProtocolManifest"),
        ("messages.create", 200, "MessageResponse"),
        ("messages.count_tokens", 200, "TokenCount"),
        ("messages.create", 404, "ErrorEnvelope"),
        ("chat.completions.create", 200, "ChatCompletion"),
        ("runs.create", 200, "RunResultEnvelope"),
        ("runs.create", 200, "RunResultEnvelope"),
        ("runs.get", 200, "RunResultEnvelope"),
        ("runs.list", 200, "RunList"),
        ("runs.cancel", 200, "Run"),
        ("runs.get", 404, "ErrorEnvelope"),
        ("workspaces.create", 201, "WorkspaceWithMessages"),
        ("workspaces.send_message", 200, "SendMessageResponse"),
        ("workspaces.decide_draft", 200, "WorkspaceMessage"),
        ("workspaces.get_messages", 200, "WorkspaceMessageList"),
        ("workspaces.get_by_client_id", 200, "WorkspaceOfClient"),
        ("workspaces.get", 200, "Workspace"),
        ("workspaces.list", 200, "WorkspaceList"),
        ("workspaces.update", 200, "Workspace"),
        ("workspaces.send_typing_preview", 204, "NoneType"),
        ("workspaces.end_conversation", 200, "Workspace"),
        ("usage.get", 200, "UsageSummary"),
        ("resilience.get", 200, "SignalsSnapshot"),
        ("health.upstreams", 200, "UpstreamHealthList"),
        ("services.list", 200, "CallableServiceList"),
        ("admin.projects.create", 201, "Project"),
        ("admin.projects.get", 200, "Project"),
        ("admin.projects.list", 200, "ProjectList"),
        ("admin.projects.update", 200, "Project"),
        ("admin.whoami", 200, "AdminIdentity"),
        ("admin.cache.stats", 200, "CacheStats"),
        ("admin.cache.flush", 200, "CacheFlushed"),
        ("admin.keys.create", 201, "KeyCreated"),
        ("admin.keys.get", 200, "Key"),
        ("admin.keys.list", 200, "KeyList"),
        ("admin.keys.update", 200, "Key"),
        ("admin.keys.usage", 200, "UsageSummary"),
        ("admin.keys.spend_caps.set", 200, "SpendCap"),
        ("admin.keys.spend_caps.get", 200, "SpendCap"),
        ("admin.keys.spend_caps.list", 200, "SpendCapList"),
        ("admin.keys.spend_caps.delete", 204, "NoneType"),
        ("admin.usage.get", 200, "UsageSummary"),
        ("admin.keys.rotate", 200, "KeyCreated"),
        ("admin.keys.revoke", 200, "Key"),
        ("admin.keys.delete", 204, "NoneType"),
        ("admin.credentials.create", 201, "Credential"),
        ("admin.credentials.get", 200, "Credential"),
        ("admin.credentials.list", 200, "CredentialList"),
        ("admin.credentials.update", 200, "Credential"),
        ("admin.credentials.rotate", 200, "Credential"),
        ("admin.credentials.delete", 204, "NoneType"),
        ("admin.services.create", 201, "Service"),
        ("admin.services.get", 200, "Service"),
        ("admin.services.list", 200, "ServiceList"),
        ("admin.services.update", 200, "Service"),
        ("admin.services.delete", 204, "NoneType"),
        ("admin.policies.create", 201, "Policy"),
        ("admin.policies.get", 200, "Policy"),
        ("admin.policies.list", 200, "PolicyList"),
        ("admin.policies.replace", 200, "Policy"),
        ("admin.policies.update", 200, "Policy"),
        ("admin.policies.versions", 200, "PolicyVersionList"),
        ("admin.policies.evaluate", 200, "PolicyEvaluation"),
        ("admin.policies.delete", 204, "NoneType"),
        ("admin.webhooks.create", 201, "WebhookWithSecret"),
        ("admin.webhooks.get", 200, "Webhook"),
        ("admin.webhooks.list", 200, "WebhookList"),
        ("admin.webhooks.update", 200, "Webhook"),
        ("admin.webhooks.rotate", 200, "WebhookWithSecret"),
        ("admin.webhooks.test", 200, "WebhookDelivery"),
        ("admin.webhooks.deliveries", 200, "WebhookDeliveryList"),
        ("admin.webhooks.redeliver", 200, "WebhookDelivery"),
        ("admin.webhooks.delete", 204, "NoneType"),
        ("admin.projects.purge", 200, "ProjectPurge"),
        ("admin.projects.delete", 204, "NoneType"),
        ("approvals.get", 404, "ErrorEnvelope"),
        ("approvals.cancel", 404, "ErrorEnvelope"),
        ("admin.approvals.list", 200, "ApprovalList"),
        ("admin.approvals.decide", 404, "ErrorEnvelope"),
        ("admin.audit_logs.list", 200, "AuditLogList"),
        ("admin.audit_logs.get", 404, "ErrorEnvelope"),
        ("admin.sessions.list", 200, "SessionList"),
        ("admin.sessions.get", 404, "ErrorEnvelope"),
        ("admin.protocols.put", 200, "ProtocolManifest"),
        ("admin.protocols.delete", 204, "NoneType"),
        ("admin.protocols.validate", 200, "ProtocolVerdict"),
        ("models.list", 401, "ErrorEnvelope"),
    ]


def test_every_answer_is_read_in_full(report: list[dict[str, Any]]) -> None:
    """Encoding what was decoded gives back what came: no field was lost or changed."""
    unfaithful = [call["operation"] for call in report if not call["faithful"]]

    assert unfaithful == []


def test_every_json_operation_is_called(
    document: dict[str, Any], report: list[dict[str, Any]]
) -> None:
    """A new operation is driven too, unless it only streams."""
    declared = {
        operation["operationId"]
        for path in document["paths"].values()
        for method, operation in path.items()
        if method in {"get", "post", "put", "patch", "delete"}
    }

    assert {call["operation"] for call in report} == declared - STREAMS_ONLY
