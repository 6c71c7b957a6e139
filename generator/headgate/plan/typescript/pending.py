"""Answers that are not there yet: what calls that may get one are told, and ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.typescript import (
    doc_comment,
    identifier,
    literal,
    string,
    template,
    value_key,
)
from headgate.ir.operations import PathLiteral
from headgate.names import Name, camel, split_words
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import Array, Entry, Object, open_object
from headgate.plan.typescript.names import Exported
from headgate.plan.typescript.requests import security_entries

if TYPE_CHECKING:
    from headgate.ir.api import Api
    from headgate.ir.operations import Operation
    from headgate.ir.surface import Blocking, Refusal, Wait
    from headgate.plan.typescript.expressions import Types

PENDING = "pending"
OPTIONS = Exported(Name("RequestOptions"), "configuration")
_PENDING_OPTIONS = Exported(Name("PendingOptions"), "configuration")


@dataclass(frozen=True, slots=True)
class PendingPage:
    """The module of the wait that is an option of other calls."""

    header: Code
    imports: tuple[Code, ...]
    docs: Code
    constant: Code


@dataclass(frozen=True, slots=True)
class PendingOption:
    """The option of calls that may be pending."""

    docs: Code
    name: Code


def options_of(api: Api, operation: Operation) -> Exported:
    """Give the type of a call's options."""
    return _PENDING_OPTIONS if operation.pending and api.surface.blocking else OPTIONS


def raw_options(api: Api) -> Exported:
    """Give the type of the options of a raw call."""
    calls = api.surface.calls
    has_option = calls is not None and calls.pending and api.surface.blocking
    return _PENDING_OPTIONS if has_option else OPTIONS


def pending_option(api: Api) -> PendingOption | None:
    """Plan the option, if the API has one."""
    wait = api.surface.blocking
    if wait is None or wait.blocking is None:
        return None
    raised = api.errors.pending
    unless = f" Absent: a `{raised.name}` is raised." if raised else ""
    return PendingOption(
        docs=doc_comment(
            "How long to wait for an answer that is not there yet, in milliseconds;"
            f" `true`: five minutes.{unless}",
            depth=2,
        ),
        name=value_key(option_name(wait.blocking)),
    )


def pending_entries(types: Types, operation: Operation) -> list[Entry]:
    """Give the properties of the request of a call that may be pending."""
    if not operation.pending:
        return []
    statuses = Array(tuple(literal(status) for status in operation.pending))
    return [Entry(fixed("pending"), statuses), *waits_entries(types)]


def waits_entries(types: Types) -> list[Entry]:
    """Say what waits for an answer, if a call can be asked to."""
    wait = types.api.surface.blocking
    if wait is None or wait.blocking is None:
        return []
    name = Exported(Name(option_name(wait.blocking)), PENDING)
    return [Entry(fixed("waits"), types.imports.value(name))]


def plan_pending(api: Api, header: Code) -> PendingPage | None:
    """Plan the module; none if no wait is an option."""
    wait = api.surface.blocking
    if wait is None or wait.blocking is None:
        return None
    imports = Imports(PENDING)
    start = imports.runtime("blocking", "blocking")
    constant = assembled(
        "export const {} = {}({});",
        identifier(Name(option_name(wait.blocking))),
        start,
        open_object(_rule(imports, api, wait, wait.blocking), 0),
    )
    docs = doc_comment("Waits for an answer that is not there yet.")
    return PendingPage(header, imports.lines(), docs, constant)


def option_name(blocking: Blocking) -> str:
    """Name the option of calls that waits."""
    return camel(split_words(blocking.option))


def _rule(imports: Imports, api: Api, wait: Wait, blocking: Blocking) -> list[Entry]:
    answer = blocking.answer
    operation = next(each for each in api.operations if each.id == wait.operation)
    segment = imports.runtime("request", "segment")
    path = template(
        part.text if isinstance(part, PathLiteral) else assembled("{}(id)", segment)
        for part in operation.path
    )
    request = [
        Entry(fixed("verb"), string(operation.verb)),
        Entry(fixed("path"), path),
        *security_entries(operation),
    ]
    stored = (
        (fixed("at"), answer.at),
        (fixed("status"), answer.status),
        (fixed("headers"), answer.headers),
        (fixed("body"), answer.body),
    )
    refusals = [
        Entry(value_key(value), _refusal(refusal))
        for value, refusal in blocking.refusals
    ]
    details = [Entry(value_key(name), string(of)) for name, of in blocking.details]
    return [
        Entry(fixed("option"), string(option_name(blocking))),
        Entry(fixed("id"), string(blocking.id)),
        Entry(
            fixed("request"),
            assembled("(id: string) => ({})", open_object(request, 2)),
        ),
        Entry(fixed("query"), string(wait.query)),
        Entry(fixed("field"), string(wait.field)),
        Entry(fixed("pending"), Array(tuple(map(string, wait.pending)))),
        Entry(fixed("most"), literal(wait.most)),
        Entry(fixed("granted"), Array(tuple(map(string, blocking.granted)))),
        Entry(
            fixed("answer"),
            Object(tuple(Entry(key, string(value)) for key, value in stored)),
        ),
        Entry(fixed("refusals"), Object(tuple(refusals))),
        Entry(fixed("late"), _refusal(blocking.late)),
        Entry(fixed("details"), Object(tuple(details))),
    ]


def _refusal(refusal: Refusal) -> Object:
    told = [
        Entry(key, literal(value))
        for key, value in (
            (fixed("status"), refusal.status),
            (fixed("type"), refusal.type),
            (fixed("code"), refusal.code),
        )
        if value is not None
    ]
    return Object((*told, Entry(fixed("message"), string(refusal.message))))
