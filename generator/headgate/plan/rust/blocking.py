"""The option of calls that waits for an answer that is not there yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.plan.rust import layout
from headgate.plan.rust.names import claim_constant, claim_snake, scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headgate.ir.surface import Blocking, Refusal, Wait
    from headgate.plan.rust.imports import Imports

_CALL_METHODS: Final = (
    "new",
    "header",
    "without_header",
    "named_header",
    "extra_query",
    "extra_body",
    "timeouts",
    "max_attempts",
    "idempotency_key",
    "interceptor",
    "strict",
    "cancel_token",
    "with_response",
    "to_request",
    "is_repeatable",
    "into_future",
    "items",
    "pages",
    "json",
    "content",
    "query",
    "wait_until_decided",
)
"""What a call has beside."""


@dataclass(frozen=True, slots=True)
class RefusalPage:
    """An error that is raised for what was decided."""

    name: Code
    status: Code
    kind: Code
    code: Code
    message: Code


@dataclass(frozen=True, slots=True)
class BlockingPage:
    """The option, and the account of what is asked for."""

    docs: Code
    method: Code
    refusals: tuple[RefusalPage, ...]
    operation: Code
    parameter: Code
    query: Code
    most: Code
    field: Code
    pending: Code
    id: Code
    at: Code
    status: Code
    headers: Code
    body: Code
    encoding: Code
    granted: Code
    refused: Code
    late: Code
    details: Code
    raised: Code
    limit: Code


def plan_blocking(
    wait: Wait,
    blocking: Blocking,
    operation: Code,
    taken: Iterable[Code],
    imports: Imports,
) -> BlockingPage:
    """Plan it; `operation` is the constant of what is asked, `taken` are names."""
    for name in ("Refusal", "Stored", "Waiting"):
        imports.use("crate::runtime::pending", name)
    for name in ("Call", "MayWait", "Reply"):
        imports.use("crate::runtime::call", name)
    imports.use("std::time", "Duration")
    names = scope("SERVICE", "PASSING", "WAITING", *[each.text for each in taken])
    refusals: dict[Refusal, RefusalPage] = {}
    for value, refusal in (*blocking.refusals, ("timeout", blocking.late)):
        if refusal not in refusals:
            constant = claim_constant(names, ("on", value), "REFUSAL")
            refusals[refusal] = _refusal(constant, refusal)
    refused = [
        assembled("({}, &{})", rust.string(value), refusals[refusal].name)
        for value, refusal in blocking.refusals
    ]
    details = [
        assembled("({}, {})", rust.string(detail), rust.string(field))
        for detail, field in blocking.details
    ]
    answer = blocking.answer
    said = "Waits up to `limit` for an answer that is not there yet, and gives it."
    return BlockingPage(
        docs=rust.doc(said, 4),
        method=claim_snake(scope(*_CALL_METHODS), blocking.option, "wait"),
        refusals=tuple(refusals.values()),
        operation=_member(fixed("operation"), assembled("&{}", operation)),
        parameter=rust.string(wait.parameter),
        query=rust.string(wait.query),
        most=rust.integer(wait.most),
        field=rust.string(wait.field),
        pending=_texts(fixed("pending: &"), wait.pending),
        id=rust.string(blocking.id),
        at=rust.string(answer.at),
        status=rust.string(answer.status),
        headers=rust.string(answer.headers),
        body=rust.string(answer.body),
        encoding=rust.option(answer.encoding),
        granted=_texts(fixed("granted: &"), blocking.granted),
        refused=layout.list_literal(4, fixed("refusals: &"), refused, fixed(",")),
        late=refusals[blocking.late].name,
        details=layout.list_literal(4, fixed("details: &"), details, fixed(",")),
        raised=_texts(fixed("raised: &"), blocking.raised),
        limit=rust.option(blocking.limit),
    )


def _refusal(name: Code, refusal: Refusal) -> RefusalPage:
    status = refusal.status
    return RefusalPage(
        name=name,
        status=fixed("None") if status is None else _some(rust.integer(status)),
        kind=_member(fixed("kind"), rust.option(refusal.type)),
        code=_member(fixed("code"), rust.option(refusal.code)),
        message=_member(fixed("message"), rust.string(refusal.message)),
    )


def _some(value: Code) -> Code:
    return assembled("Some({})", value)


def _member(name: Code, value: Code) -> Code:
    line = layout.member(4, name, value)
    return layout.indented(4, joined("", (line, fixed(","))))


def _texts(head: Code, texts: tuple[str, ...]) -> Code:
    items = [rust.string(text) for text in texts]
    return layout.short_list(4, head, items, fixed(","))
