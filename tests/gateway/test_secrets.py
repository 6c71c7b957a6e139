"""No secret appears where it has no business: planted in many places, found in none."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest

from headgate_gateway.logs import redact
from tests.gateway.client import Client, message, run
from tests.gateway_process import running_gateway

CANARY = "canary-7f3a9c"


def test_planted_secrets_are_found_nowhere(
    tmp_path: Path, own_settings: dict[str, str]
):
    """Not in the log, not in the database, not in errors, not in the documents."""
    folder = tmp_path / "gateway"
    folder.mkdir()
    settings = {**own_settings, "HEADGATE_GATEWAY_LOG_LEVEL": "debug"}
    with running_gateway(folder, settings) as gateway:
        client = Client(gateway)
        key = client.new_key(client.new_project("secret"))
        replayed = {"Idempotency-Key": "twice"}
        body = {"name": "sealed", "project_id": key["project_id"]}
        sealed = client.admin.post("/v1/admin/keys", json=body, headers=replayed).json()
        headers = {
            "X-Provider-Key-Anthropic": f"{CANARY}-provider",
            "Cookie": f"session={CANARY}-cookie",
            "Proxy-Authorization": f"Basic {CANARY}-proxy",
            "X-Upstream-Authorization": f"{CANARY}-upstream",
            "X-Real-Authorization": f"{CANARY}-real",
        }
        texts = [
            client.with_key(f"{CANARY}-bearer").http.get("/v1/models").text,
            client.http.get("/v1/models", headers={"X-API-Key": f"{CANARY}-api"}).text,
            client.http.get(
                "/v1/admin/keys", headers={"X-Admin-Key": f"{CANARY}-admin"}
            ).text,
            client.http.post("/v1/messages", json=message(), headers=headers).text,
            client.http.post("/v1/runs", json=run("tools"), headers=headers).text,
            client.http.post("/v1/messages", content=b"{", headers=headers).text,
            client.http.get("/openapi.json", headers=headers).text,
            client.http.get("/metrics", headers=headers).text,
            *[answer.text for answer in refused(client, key["project_id"])],
        ]
        client.with_key(key["secret"]).http.get("/v1/models")
        client.close()

    kept = b"".join(file.read_bytes() for file in folder.iterdir())
    secrets = [key["secret"], sealed["secret"], gateway.admin_key, gateway.api_key]
    for secret in [CANARY, *secrets]:
        assert secret.encode() not in kept
        assert not [text for text in texts if secret in text]


def refused(client: Client, project: str) -> list[httpx2.Response]:
    """The answers to secrets that are not of the form that they have to be."""
    credential = {"name": "c", "project_id": project}
    bodies = [
        {**credential, "secret": f"{CANARY}\n"},
        {**credential, "secret": [CANARY]},
        {**credential, "secret": f"{CANARY}{'x' * 20_000}"},
        {**credential, "secret": "s", "injection": f"{CANARY}"},
        [f"{CANARY}"],
    ]
    service = {"name": "s", "project_id": project}
    url = f"https://user:{CANARY}@example.com"
    answers = [
        *(
            client.http.post("/v1/messages", json=message(), headers=[header])
            for header in (
                (b"X-Provider-Key-OpenAI", f"{CANARY}ü".encode()),
                (b"X-Provider-Key-OpenAI", f"{CANARY}\tx".encode()),
                (b"Idempotency-Key", f"{CANARY}ü".encode()),
            )
        ),
        client.http.get(
            "/v1/proxy/upstream/x",
            headers={"X-Upstream-Authorization": f"Bearer {CANARY}\tx"},
        ),
        *(client.admin.post("/v1/admin/credentials", json=body) for body in bodies),
        client.admin.post("/v1/admin/services", json={**service, "base_url": url}),
        client.admin.post(
            "/v1/admin/webhooks", json={"project_id": project, "url": url}
        ),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)
    return answers


def test_the_log_is_json_with_what_one_needs(
    tmp_path: Path, own_settings: dict[str, str]
):
    """A line a request: id, operation, status, time, and whose it was."""
    folder = tmp_path / "gateway"
    folder.mkdir()
    with running_gateway(folder, own_settings) as gateway:
        client = Client(gateway)
        client.http.get("/v1/models", headers={"X-Request-ID": "find-me"})
        client.close()

    lines = [
        json.loads(line) for line in (folder / "gateway.log").read_text().splitlines()
    ]
    [line] = [line for line in lines if line.get("request_id") == "find-me"]
    assert line["operation"] == "models.list"
    assert line["status"] == 200
    assert line["duration_ms"] >= 0
    assert line["project_id"].startswith("proj_")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"authorization": "x"}, {"authorization": "[redacted]"}),
        ({"X-Admin-Key": "x"}, {"X-Admin-Key": "[redacted]"}),
        ({"X-Provider-Key-OpenAI": "x"}, {"X-Provider-Key-OpenAI": "[redacted]"}),
        ({"event": "used hg_v1_admin_abc here"}, {"event": "used [redacted] here"}),
        (
            {"a": [{"cookie": "x", "b": "Bearer abc.def"}]},
            {"a": [{"cookie": "[redacted]", "b": "[redacted]"}]},
        ),
        ({"key_id": "key_1", "n": 3}, {"key_id": "key_1", "n": 3}),
        (
            {"exc_value": "invalid input for query argument $2: 'Al: a@b.c' (str)\nX"},
            {"exc_value": "invalid input for query argument $2\nX"},
        ),
    ],
)
def test_redaction_goes_by_name_and_by_look(
    event: dict[str, object], expected: dict[str, object]
):
    """Values under telling names go, and what looks like a secret goes anywhere."""
    assert redact(None, "info", event) == expected


def test_metrics_count_requests(client: Client):
    """/metrics is in Prometheus' format and moves with the requests."""
    client.http.get("/healthz")
    before = counted(client)
    client.http.get("/healthz")

    assert counted(client) == before + 1


def counted(client: Client) -> float:
    text = client.http.get("/metrics").text
    start = 'headgate_requests_total{operation="health.live",status="200"} '
    [line] = [line for line in text.splitlines() if line.startswith(start)]
    return float(line.removeprefix(start))
