"""What the product says of answers that are not there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import literal, string
from headgate.plan.python.context import Context, name, string_tuple
from headgate.plan.python.layout import listed

if TYPE_CHECKING:
    from headgate.ir.surface import Blocking, Refusal, Wait
    from headgate.plan.python.imports import Imports

_RUNTIME = "._runtime.pending"


def pending_rule(context: Context, imports: Imports) -> Code | None:
    """Write the argument `pending` of the product, if the API has such answers."""
    error = context.api.errors.pending
    is_used = any(each.pending for each in context.api.operations)
    calls = context.api.surface.calls
    if error is None or not (is_used or (calls is not None and calls.pending)):
        return None
    message = " ".join(error.docs.text.split()) or "the answer is not there yet"
    items = [
        assembled("error={}", imports.use("._errors", context.errors[error.name])),
        assembled("message={}", string(message)),
    ]
    wait = context.api.surface.blocking
    if wait is not None and wait.blocking is not None:
        items.append(_blocking(wait, wait.blocking, context, imports))
    return _call("pending", "PendingRule", items, imports, 4)


def _blocking(
    wait: Wait, blocking: Blocking, context: Context, imports: Imports
) -> Code:
    operation = imports.use("._operations", context.operations[wait.operation])
    answer = blocking.answer
    places = [
        assembled("{}={}", name(key), string(value))
        for key, value in (
            ("at", answer.at),
            ("status", answer.status),
            ("headers", answer.headers),
            ("body", answer.body),
            ("encoding", answer.encoding),
        )
        if value is not None
    ]
    refusals = [
        assembled("{}: {}", string(value), _refusal(refusal, 16, context, imports))
        for value, refusal in blocking.refusals
    ]
    details = [
        assembled("({}, {})", string(detail), string(field))
        for detail, field in blocking.details
    ]
    items = [
        assembled("option={}", string(blocking.option)),
        assembled("operation={}", operation),
        assembled("parameter={}", string(wait.parameter)),
        assembled("query={}", string(wait.query)),
        assembled("most={}", literal(wait.most)),
        assembled("field={}", string(wait.field)),
        assembled("pending={}", string_tuple(wait.pending)),
        assembled("id={}", string(blocking.id)),
        _call("answer", "StoredAnswer", places, imports, 12),
        assembled("granted={}", string_tuple(blocking.granted)),
        listed(fixed("refusals={"), refusals, "}", indent=12, extra=1),
        assembled("late={}", _refusal(blocking.late, 12, context, imports)),
        _pairs(details),
    ]
    return _call("blocking", "Blocking", items, imports, 8)


def _pairs(details: list[Code]) -> Code:
    """Write the pairs of details; a tuple of one needs its comma."""
    if len(details) == 1:
        return assembled("details=({},)", details[0])
    return listed(fixed("details=("), details, ")", indent=12, extra=1)


def _refusal(refusal: Refusal, indent: int, context: Context, imports: Imports) -> Code:
    message = " ".join(refusal.message.split()) or "the answer was refused"
    items = [
        assembled("error={}", imports.use("._errors", context.errors[refusal.name])),
        assembled("message={}", string(message)),
    ]
    if refusal.status is not None:
        items.append(assembled("status={}", literal(refusal.status)))
    for key, value in (("type", refusal.type), ("code", refusal.code)):
        if value is not None:
            items.append(assembled("{}={}", name(key), string(value)))
    start = assembled("{}(", imports.use(_RUNTIME, "Refusal"))
    return listed(start, items, ")", indent=indent, extra=1)


def _call(
    key: str, kind: str, items: list[Code], imports: Imports, indent: int
) -> Code:
    start = assembled("{}={}(", name(key), imports.use(_RUNTIME, kind))
    return listed(start, items, ")", indent=indent, extra=1)
