"""What a schema cannot say, and schemathesis would take for a fault."""

import itertools
import json
import os
import re
import urllib.request
from functools import cache
from typing import Any

import schemathesis

_KEY = re.compile(r"[\x21-\x7E]{1,255}")
_numbers = itertools.count()
NOWHERE = "http://127.0.0.1:9/hook"
"""An address of this machine where nobody listens."""
_PREFIXES = {"credential_id": "cred", "key_id": "key", "policy_id": "pol"}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Keep cases apart, and their parameters in agreement."""
    give_an_idempotency_key_of_its_own(case)
    name_nothing_by_null(case)
    match case.operation.definition.raw.get("operationId"):
        case "runs.events":
            let_cursors_agree(case)
        case "workspaces.events":
            let_cursors_agree(case)
            begin_at_an_event_that_is_there(case)
            read_what_there_is(case)
        case "admin.audit_logs.stream":
            read_what_there_is(case)
        case "workspaces.decide_draft":
            decide_about_a_draft_of_its_own(case)
        case "admin.projects.delete" | "admin.projects.purge":
            delete_without_collateral(case)
        case "admin.sessions.get":
            read_a_session_that_is_there(case)
        case "admin.policies.create" | "admin.policies.replace":
            let_rules_compile(case)
        case "admin.keys.revoke" | "admin.keys.rotate":
            act_on_a_key_that_is_there(case)
        case "approvals.get" | "admin.approvals.decide" | "approvals.cancel" as name:
            act_on_an_approval_that_is_there(case, int(name == "approvals.cancel"))
        case "admin.webhooks.redeliver":
            send_again_what_was_sent(case)
        case str(operation) if operation.startswith("proxy.services."):
            call_a_service_that_is_there(case)


def give_an_idempotency_key_of_its_own(case: Any) -> None:
    """A key drawn twice would answer with what an earlier case made, and deleted."""
    headers = case.headers or {}
    if _KEY.fullmatch(str(headers.get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] = f"case-{next(_numbers)}"


def name_nothing_by_null(case: Any) -> None:
    """A link from a field that is null leads to an id that nothing has."""
    for name, value in (case.path_parameters or {}).items():
        if str(value) == "None" and name in _PREFIXES:
            case.path_parameters[name] = f"{_PREFIXES[name]}_{'0' * 26}"


def let_cursors_agree(case: Any) -> None:
    """Two cursors that name different events are refused, each for itself is valid."""
    query = case.query or {}
    header = str((case.headers or {}).get("Last-Event-ID", ""))
    if header.isdecimal() and str(query.get("starting_after", "")).isdecimal():
        case.query["starting_after"] = int(header)


def begin_at_an_event_that_is_there(case: Any) -> None:
    """A cursor beyond the newest event is refused, and there is one event at least."""
    if case.meta.generation.mode.is_positive:
        for holder, name in (
            (case.query, "starting_after"),
            (case.headers, "Last-Event-ID"),
        ):
            if str((holder or {}).get(name, "")).isdecimal():
                number = min(int(holder[name]), 1)
                holder[name] = number if name == "starting_after" else str(number)


def read_what_there_is(case: Any) -> None:
    """A conversation or a log that nobody ends would be followed for ever."""
    if str((case.query or {}).get("follow", "true")).lower() == "true":
        case.query = {**(case.query or {}), "follow": "false"}


def decide_about_a_draft_of_its_own(case: Any) -> None:
    """A draft is decided about once, so each decision gets a new one."""
    if case.meta.generation.mode.is_positive:
        made = posted(
            "/v1/workspaces",
            {"mode": "shadow", "initial_message": "Hello?"},
            {"Authorization": f"Bearer {os.environ['CONTRACT_API_KEY']}"},
        )
        case.path_parameters["workspace_id"] = made["workspace"]["id"]
        case.path_parameters["approval_id"] = made["approval_id"]


def delete_without_collateral(case: Any) -> None:
    """Give each deletion and each purge a project of its own.

    The known projects hold keys and runs, which refuse a deletion, and vanish with a
    forced one; in a scenario that is a key of the scenario's own. A purge would take
    from other cases what they are about to read.
    """
    if case.meta.phase.name.value == "stateful":
        if str((case.query or {}).get("force", "")).lower() == "true":
            case.query["force"] = "false"
    elif case.meta.generation.mode.is_positive:
        case.path_parameters["project_id"] = new_project()


def call_a_service_that_is_there(case: Any) -> None:
    """Services that are made of the schema lead nowhere; one leads to an upstream."""
    if is_drawn(case):
        case.path_parameters["service"] = os.environ["CONTRACT_SERVICE"]


def read_a_session_that_is_there(case: Any) -> None:
    """Nothing creates sessions but requests with a header that is not declared."""
    if is_drawn(case):
        case.path_parameters["session_id"] = known_session()


@cache
def known_session() -> str:
    """The id of the session that the tests began."""
    return listed("sessions")[0]


def listed(resource: str) -> list[str]:
    """The ids of the oldest things of a kind that there are."""
    request = urllib.request.Request(
        f"{os.environ['CONTRACT_URL']}/v1/admin/{resource}?order=asc&limit=2",
        headers={"X-Admin-Key": os.environ["CONTRACT_ADMIN_KEY"]},
    )
    with urllib.request.urlopen(request) as answer:
        return [each["id"] for each in json.load(answer)["data"]]


def let_rules_compile(case: Any) -> None:
    """Patterns and schemas that are none are refused, which no schema can say."""
    if case.meta.generation.mode.is_positive and isinstance(case.body, dict):
        case.body = compiling(case.body)


def compiling(value: Any) -> Any:
    """The value with a pattern and a schema that are good wherever one stands."""
    if isinstance(value, list):
        return [compiling(item) for item in value]
    if not isinstance(value, dict):
        return value
    good = {"pattern": "x", "custom_pattern": "x", "schema": {}}
    return {
        key: good[key] if key in good else compiling(item)
        for key, item in value.items()
    }


def act_on_a_key_that_is_there(case: Any) -> None:
    """Known keys may have been deleted by an earlier case."""
    if is_drawn(case):
        body = {"name": "to be changed", "project_id": new_project()}
        case.path_parameters["key_id"] = created("keys", body)


def act_on_an_approval_that_is_there(case: Any, place: int) -> None:
    """Nothing declares what makes approvals: policies do, of any request."""
    if is_drawn(case):
        case.path_parameters["approval_id"] = known_approval(place)
    if "wait" in (case.query or {}) and str(case.query["wait"]).isdecimal():
        # Nobody decides while a test waits.
        case.query["wait"] = min(int(case.query["wait"]), 1)


@cache
def known_approval(place: int) -> str:
    """The id of an approval that a request before the tests waits for."""
    return listed("approvals")[place]


def send_again_what_was_sent(case: Any) -> None:
    """Whether there is a delivery when a scenario comes by is a matter of time."""
    if is_drawn(case):
        headers = {"X-Admin-Key": os.environ["CONTRACT_ADMIN_KEY"]}
        body = {"project_id": new_project(), "url": NOWHERE}
        webhook = created("webhooks", body)
        trial = posted(f"/v1/admin/webhooks/{webhook}/test", None, headers)
        case.path_parameters |= {"webhook_id": webhook, "delivery_id": trial["id"]}


def is_drawn(case: Any) -> bool:
    """Whether the case is a valid one that is neither an example nor a scenario's."""
    drawn = case.meta.phase.name.value in {"coverage", "fuzzing"}
    return drawn and bool(case.meta.generation.mode.is_positive)


def new_project() -> str:
    """The id of a project made just now."""
    return created("projects", {"name": f"to be deleted {next(_numbers)}"})


def created(resource: str, body: dict[str, Any]) -> str:
    """The id of something that the operator made just now."""
    headers = {"X-Admin-Key": os.environ["CONTRACT_ADMIN_KEY"]}
    made: str = posted(f"/v1/admin/{resource}", body, headers)["id"]
    return made


def posted(path: str, body: object, headers: dict[str, str]) -> Any:
    """What the gateway answers to a request of our own."""
    request = urllib.request.Request(
        f"{os.environ['CONTRACT_URL']}{path}",
        data=b"" if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
