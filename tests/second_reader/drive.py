"""Drives every JSON operation with a client that another generator made.

Runs in that generator's own environment, with the client on the path, as
`drive.py URL GATEWAY_KEY ADMIN_KEY`. Prints a JSON list: for each call the operation,
the status, the type that the client decoded the answer as, and whether encoding that
object again gives the answer back.
"""

import json
import sys
from datetime import datetime
from importlib import import_module
from typing import Any

from client import AuthenticatedClient, Client

ECHO = {
    "model": "mock/echo",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello, second reader."}],
}
REPORT: list[dict[str, Any]] = []


def call(
    client: AuthenticatedClient | Client,
    operation: str,
    *arguments: Any,
    body: tuple[str, dict[str, Any]] | None = None,
    **options: Any,
) -> Any:
    """Call one operation, note what came, and give what was decoded."""
    *resource, method = operation.split(".")
    tag = "_".join(resource)
    module = import_module(f"client.api.{tag}.{tag}_{method}")
    if body is not None:
        kind, content = body
        options["body"] = getattr(import_module("client.models"), kind).from_dict(
            content
        )
    response = module.sync_detailed(*arguments, client=client, **options)
    REPORT.append(
        {
            "operation": operation,
            "status": int(response.status_code),
            "type": type(response.parsed).__name__,
            "faithful": is_faithful(response.parsed, response.content),
        }
    )
    return response.parsed


def is_faithful(parsed: Any, content: bytes) -> bool:
    """Whether the object says what the bytes said, spellings of times aside."""
    if not content:
        return parsed is None
    if isinstance(parsed, str):
        return parsed == content.decode()
    encoded = parsed.to_dict() if hasattr(parsed, "to_dict") else parsed
    return bool(plain(encoded) == plain(json.loads(content)))


def plain(value: Any) -> Any:
    """A value in which each time is one object, however it was written."""
    match value:
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case str() if value[4:5] == "-" and "T" in value:
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                return value
        case _:
            return value


def drive_health(client: Client) -> None:
    call(client, "health.live")
    call(client, "health.ready")
    call(client, "health.spec")
    call(client, "health.event_spec")


def drive_models(client: AuthenticatedClient) -> None:
    call(client, "models.list")
    call(client, "models.get", "mock/echo")
    call(client, "models.get", "no/such-model")
    wanted = {"use_case": "chat", "candidates": ["mock/echo"]}
    call(client, "models.recommend", body=("ModelRecommendRequest", wanted))
    asked = {"model": "mock/embed", "input": ["one", "two"], "dimensions": 4}
    call(client, "embeddings.create", body=("EmbeddingRequest", asked))
    texts = {"model": "mock/echo", "texts": ["one", "two"]}
    call(client, "tokens.count", body=("TokenCountRequest", texts))
    tokens = {"model": "mock/echo", "input_tokens": 1, "output_tokens": 1}
    call(client, "tokens.cost", body=("TokenCostRequest", tokens))
    call(client, "protocols.list")
    call(client, "protocols.get", "openai")


def drive_messages(client: AuthenticatedClient) -> None:
    call(client, "messages.create", body=("MessageRequest", ECHO))
    count = {key: ECHO[key] for key in ("model", "messages")}
    call(client, "messages.count_tokens", body=("CountTokensRequest", count))
    unknown = {**ECHO, "model": "no/such-model"}
    call(client, "messages.create", body=("MessageRequest", unknown))


def drive_chat(client: AuthenticatedClient) -> None:
    asked = {**ECHO_RUN, "n": 2}
    call(client, "chat.completions.create", body=("ChatCompletionRequest", asked))


def drive_runs(client: AuthenticatedClient) -> None:
    scripted = {
        "model": "mock/script",
        "messages": ECHO["messages"],
        "metadata": {"script": "research"},
    }
    done = call(
        client,
        "runs.create",
        body=(
            "RunRequest",
            {"request": scripted, "server_tools": ["web_search", "web_fetch"]},
        ),
    )
    queued = call(
        client,
        "runs.create",
        body=("RunRequest", {"request": ECHO_RUN, "background": True}),
    )
    call(client, "runs.get", done.run.id)
    call(client, "runs.list")
    call(client, "runs.cancel", queued.run.id)
    call(client, "runs.get", "run_00000000000000000000000000")


def drive_workspaces(client: AuthenticatedClient) -> None:
    wanted = {"client_id": "second-reader", "mode": "shadow"}
    made = call(client, "workspaces.create", body=("WorkspaceCreateRequest", wanted))
    name = made.workspace.id
    said = ("SendMessageRequest", {"content": "Hello"})
    sent = call(client, "workspaces.send_message", name, body=said)
    decided = ("DraftDecisionRequest", {"decision": "approved"})
    draft = sent.approval_id
    call(client, "workspaces.decide_draft", name, draft, body=decided)
    call(client, "workspaces.get_messages", name)
    call(client, "workspaces.get_by_client_id", "second-reader")
    call(client, "workspaces.get", name)
    call(client, "workspaces.list")
    change = ("WorkspaceUpdateRequest", {"mode": "takeover"})
    call(client, "workspaces.update", name, body=change)
    typed = ("TypingPreviewRequest", {"text": "Hel"})
    call(client, "workspaces.send_typing_preview", name, body=typed)
    ended = ("EndConversationRequest", {})
    call(client, "workspaces.end_conversation", name, body=ended)


def drive_signals(client: AuthenticatedClient) -> None:
    call(client, "usage.get")
    call(client, "resilience.get")
    call(client, "health.upstreams")


def drive_spending(client: AuthenticatedClient, key: str) -> None:
    call(client, "admin.keys.usage", key)
    daily = import_module("client.models").SpendPeriod("daily")
    cap = ("SpendCapRequest", {"limit_usd": "2.50"})
    call(client, "admin.keys.spend_caps.set", key, daily, body=cap)
    call(client, "admin.keys.spend_caps.get", key, daily)
    call(client, "admin.keys.spend_caps.list", key)
    call(client, "admin.keys.spend_caps.delete", key, daily)
    call(client, "admin.usage.get", group_by="tag:team")


ECHO_RUN = {key: ECHO[key] for key in ("model", "messages")}


def drive_admin(client: AuthenticatedClient) -> None:
    project = call(
        client,
        "admin.projects.create",
        body=("ProjectCreateRequest", {"name": "Second reader"}),
    )
    call(client, "admin.projects.get", project.id)
    call(client, "admin.projects.list")
    change = {"name": "The second reader"}
    call(
        client,
        "admin.projects.update",
        project.id,
        body=("ProjectUpdateRequest", change),
    )
    call(client, "admin.whoami")
    call(client, "admin.cache.stats")
    call(client, "admin.cache.flush", body=("CacheFlushRequest", {}))
    drive_keys(client, project.id)
    drive_credentials(client, project.id)
    drive_services(client, project.id)
    drive_policies(client, project.id)
    drive_webhooks(client, project.id)
    call(client, "admin.projects.purge", project.id)
    call(client, "admin.projects.delete", project.id, force=True)


def drive_protocols(client: AuthenticatedClient) -> None:
    boathouse = {
        "name": "Boathouse",
        "base_url": "http://127.0.0.1:11434/v1",
        "dialect": "openai-chat",
        "framing": "json_lines",
    }
    body = ("ProtocolManifestInput", boathouse)
    call(client, "admin.protocols.put", "boathouse", body=body)
    call(client, "admin.protocols.delete", "boathouse")
    call(client, "admin.protocols.validate", body=("ProtocolDraft", {}))


def drive_keys(client: AuthenticatedClient, project: str) -> None:
    wanted = {"name": "reader", "project_id": project}
    created = call(client, "admin.keys.create", body=("KeyCreateRequest", wanted))
    key = created.key.id if hasattr(created, "key") else created.id
    call(client, "admin.keys.get", key)
    call(client, "admin.keys.list")
    change = {"name": "the reader"}
    call(client, "admin.keys.update", key, body=("KeyUpdateRequest", change))
    drive_spending(client, key)
    call(client, "admin.keys.rotate", key)
    call(client, "admin.keys.revoke", key)
    call(client, "admin.keys.delete", key)


def drive_credentials(client: AuthenticatedClient, project: str) -> None:
    wanted = {"name": "reader", "project_id": project, "secret": "a-secret"}
    change = {"host": "api.example.com"}
    rotation = {"secret": "another"}
    drive_kept(client, "credentials", wanted, update=change, rotate=rotation)


def drive_services(client: AuthenticatedClient, project: str) -> None:
    url = "https://api.example.com"
    wanted = {"name": "reader", "project_id": project, "base_url": url}
    drive_kept(client, "services", wanted, update={"allowed_methods": ["GET"]})


def drive_kept(
    client: AuthenticatedClient,
    resource: str,
    wanted: dict[str, Any],
    **changes: dict[str, Any],
) -> None:
    """Make one of what a resource keeps, read it, change it and delete it."""
    kind = resource.removesuffix("s").capitalize()
    body = (f"{kind}CreateRequest", wanted)
    made = call(client, f"admin.{resource}.create", body=body)
    call(client, f"admin.{resource}.get", made.id)
    call(client, f"admin.{resource}.list")
    for method, change in changes.items():
        body = (f"{kind}{method.capitalize()}Request", change)
        call(client, f"admin.{resource}.{method}", made.id, body=body)
    call(client, f"admin.{resource}.delete", made.id)


def drive_webhooks(client: AuthenticatedClient, project: str) -> None:
    wanted = {"project_id": project, "url": "https://hooks.example.com/reader"}
    made = call(client, "admin.webhooks.create", body=("WebhookCreateRequest", wanted))
    call(client, "admin.webhooks.get", made.id)
    call(client, "admin.webhooks.list")
    change = {"is_active": False}
    call(
        client, "admin.webhooks.update", made.id, body=("WebhookUpdateRequest", change)
    )
    call(client, "admin.webhooks.rotate", made.id, body=("WebhookRotateRequest", {}))
    trial = call(client, "admin.webhooks.test", made.id)
    call(client, "admin.webhooks.deliveries", made.id)
    call(client, "admin.webhooks.redeliver", made.id, trial.id)
    call(client, "admin.webhooks.delete", made.id)


def drive_policies(client: AuthenticatedClient, project: str) -> None:
    rules = [
        {"when": {"type": "always"}, "then": [{"type": "throttle", "delay_ms": 1}]}
    ]
    wanted = {"name": "reader", "mode": "shadow", "phase": "pre", "rules": rules}
    made = call(
        client,
        "admin.policies.create",
        body=("PolicyCreateRequest", {**wanted, "project_id": project}),
    )
    call(client, "admin.policies.get", made.id)
    call(client, "admin.policies.list")
    call(
        client,
        "admin.policies.replace",
        made.id,
        body=("PolicyReplaceRequest", wanted),
    )
    change = {"mode": "enforce"}
    call(client, "admin.policies.update", made.id, body=("PolicyUpdateRequest", change))
    call(client, "admin.policies.versions", made.id)
    sample = {"project_id": project, "request": {"operation": "messages.create"}}
    call(client, "admin.policies.evaluate", body=("PolicyEvaluateRequest", sample))
    call(client, "admin.policies.delete", made.id)


def drive_approvals(gateway: AuthenticatedClient, admin: AuthenticatedClient) -> None:
    unknown = "appr_00000000000000000000000000"
    call(gateway, "approvals.get", unknown)
    call(gateway, "approvals.cancel", unknown)
    call(admin, "admin.approvals.list")
    decision = {"decision": "approved"}
    call(
        admin,
        "admin.approvals.decide",
        unknown,
        body=("ApprovalDecisionRequest", decision),
    )


def drive_audit(client: AuthenticatedClient) -> None:
    call(client, "admin.audit_logs.list")
    call(client, "admin.audit_logs.get", "aud_00000000000000000000000000")
    call(client, "admin.sessions.list")
    call(client, "admin.sessions.get", "sess_00000000000000000000000000")


def main(url: str, api_key: str, admin_key: str) -> None:
    gateway = AuthenticatedClient(base_url=url, token=api_key)
    admin = AuthenticatedClient(
        base_url=url, token=admin_key, prefix="", auth_header_name="X-Admin-Key"
    )
    drive_health(Client(base_url=url))
    drive_models(gateway)
    drive_messages(gateway)
    drive_chat(gateway)
    drive_runs(gateway)
    drive_workspaces(gateway)
    drive_signals(gateway)
    call(gateway, "services.list")
    drive_admin(admin)
    drive_approvals(gateway, admin)
    drive_audit(admin)
    drive_protocols(admin)
    call(AuthenticatedClient(base_url=url, token="wrong"), "models.list")
    json.dump(REPORT, sys.stdout, indent=2)


if __name__ == "__main__":
    main(*sys.argv[1:])
