"""Answers that are not there yet: that `x-pending` and the error's class fit."""

from __future__ import annotations

from headgate.document.checks.findings import Findings, Part
from headgate.document.json_values import Tokens

_SELECTORS = ("status", "type", "code")


def check_pending(findings: Findings) -> None:
    """Check every response that is pending, and the class that stands for them."""
    classes = [
        entry
        for entry in findings.root.object("x-errors").items("classes")
        if entry.value.get("pending") is True
    ]
    for entry in classes[1:]:
        message = "one class stands for all pending answers, and there is one already"
        findings.error("impossible-pending", message, (*entry.tokens, "pending"))
    for entry in classes:
        for key in _SELECTORS:
            if key in entry.value:
                message = f"a pending answer is no failure and has no {key!r}"
                findings.error("impossible-pending", message, (*entry.tokens, key))
    for schema in _bodies(findings):
        properties = findings.properties(schema)
        for name in classes[0].object("details").value if classes else ():
            if properties is None or name not in properties:
                findings.error(
                    "impossible-pending",
                    f"a pending answer has no property {name!r}",
                    (*classes[0].tokens, "details", name),
                    f"it has: {', '.join(properties)}" if properties else "",
                )


def _bodies(findings: Findings) -> list[Part]:
    """Give the schema of each pending body once; report what cannot be pending."""
    found: dict[Tokens, Part] = {}
    for operation in findings.operations:
        for status, given in operation.part.members("responses"):
            response = findings.resolve(given)
            if response.value.get("x-pending") is not True:
                continue
            if len(status) != 3 or not status.isdecimal() or status[0] != "2":
                message = f"only a success of one status can be pending, not {status!r}"
                findings.error("impossible-pending", message, given.tokens)
                continue
            schema = response.object("content", "application/json", "schema")
            found[schema.tokens] = schema
    return list(found.values())
