"""What a schema cannot say, and schemathesis would take for a fault."""

import itertools
import re
from typing import Any

import schemathesis

_KEY = re.compile(r"[\x21-\x7E]{1,255}")
_numbers = itertools.count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Keep cases apart, and their parameters in agreement."""
    give_an_idempotency_key_of_its_own(case)
    let_cursors_agree(case)
    leave_the_content_of_projects(case)


def give_an_idempotency_key_of_its_own(case: Any) -> None:
    """A key drawn twice would answer with what an earlier case made, and deleted."""
    headers = case.headers or {}
    if _KEY.fullmatch(str(headers.get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] = f"case-{next(_numbers)}"


def let_cursors_agree(case: Any) -> None:
    """Two cursors that name different events are refused, each for itself is valid."""
    if case.operation.definition.raw.get("operationId") == "runs.events":
        query = case.query or {}
        header = str((case.headers or {}).get("Last-Event-ID", ""))
        if header.isdecimal() and str(query.get("starting_after", "")).isdecimal():
            case.query["starting_after"] = int(header)


def leave_the_content_of_projects(case: Any) -> None:
    """Deleting a project with its keys makes keys vanish that a scenario just made."""
    if case.operation.definition.raw.get("operationId") == "admin.projects.delete":
        if str((case.query or {}).get("force", "")).lower() == "true":
            case.query["force"] = False
