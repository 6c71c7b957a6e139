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
WAITING = "WAITING"
"""The constant with how a call waits for what comes of it."""


def waiting_rule(context: Context, imports: Imports) -> Code | None:
    """Write that constant, if the API has such a wait."""
    wait = context.api.surface.blocking
    if wait is None or wait.blocking is None:
        return None
    return _blocking(wait, wait.blocking, context, imports)


def pending_rule(context: Context, imports: Imports) -> Code | None:
    """Write the argument `pending` of the product, if the API has such answers."""
    error = context.api.errors.pending
    if error is None or not _is_used(context):
        return None
    message = " ".join(error.docs.text.split()) or "the answer is not there yet"
    items = [
        assembled("error={}", imports.use("._errors", context.errors[error.name])),
        assembled("message={}", string(message)),
    ]
    if context.api.surface.blocking is not None:
        items.append(fixed("blocking=WAITING"))
    return _call("pending", "PendingRule", items, imports, 4)


def _is_used(context: Context) -> bool:
    """Say whether an answer of the API may come later."""
    calls = context.api.surface.calls
    is_passed = calls is not None and calls.pending is not None
    return is_passed or any(each.pending for each in context.api.operations)


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
        assembled("{}: {}", string(value), _refusal(refusal, 8, context, imports))
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
        _call("answer", "StoredAnswer", places, imports, 4),
        assembled("granted={}", string_tuple(blocking.granted)),
        listed(fixed("refusals={"), refusals, "}", indent=4, extra=1),
        assembled("late={}", _refusal(blocking.late, 4, context, imports)),
        _pairs(details),
    ]
    if blocking.raised:
        items.append(assembled("raised={}", string_tuple(blocking.raised)))
    if blocking.limit is not None:
        items.append(assembled("limit={}", string(blocking.limit)))
    start = assembled("WAITING = {}(", imports.use(_RUNTIME, "Blocking"))
    return listed(start, items, ")", indent=0)


def _pairs(details: list[Code]) -> Code:
    """Write the pairs of details; a tuple of one needs its comma."""
    if len(details) == 1:
        return assembled("details=({},)", details[0])
    return listed(fixed("details=("), details, ")", indent=4, extra=1)


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
