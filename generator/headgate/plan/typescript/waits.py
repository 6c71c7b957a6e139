"""Waits for what somebody decides, and the option of calls that wait for that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import (
    doc_comment,
    identifier,
    literal,
    string,
    template,
    value_key,
)
from headgate.ir.operations import PathLiteral
from headgate.names import Name, Scope, camel, split_words
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import (
    Array,
    Entry,
    Object,
    call_lines,
    one_line,
    open_object,
)
from headgate.plan.typescript.names import RESERVED_WORDS, Exported
from headgate.plan.typescript.page import BesidePage, Extra
from headgate.plan.typescript.requests import security_entries
from headgate.plan.waits import told_ends

if TYPE_CHECKING:
    from headgate.ir.api import Api
    from headgate.ir.operations import Operation
    from headgate.ir.surface import Blocking, Refusal, Wait
    from headgate.plan.typescript.names import Names

WAITS = "waits"
UNTIL = fixed("untilDecided")
OPTIONS = Exported(Name("RequestOptions"), "configuration")
_PENDING_OPTIONS = Exported(Name("PendingOptions"), "configuration")


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
            f"Waits for an answer that is not there yet: `untilDecided()`.{unless}",
            depth=2,
        ),
        name=value_key(option_name(wait.blocking)),
    )


def pending_entries(operation: Operation) -> list[Entry]:
    """Give the properties of the request of a call that may be pending."""
    if not operation.pending:
        return []
    statuses = Array(tuple(literal(status) for status in operation.pending))
    return [Entry(fixed("pending"), statuses)]


def plan_waits(api: Api, names: Names, header: Code) -> BesidePage | None:
    """Plan the module of the waits; none if the API has none."""
    if not api.surface.waits:
        return None
    types = Types(api, names, Imports(WAITS))
    parts = [_wait(types, each) for each in api.surface.waits]
    constants: tuple[Code, ...] = ()
    wait = api.surface.blocking
    if wait is not None and wait.blocking is not None:
        kind = types.imports.runtime_type("blocking", "BlockingRule")
        rule = open_object(_rule(types.imports, api, wait, wait.blocking), 0)
        constants = (assembled("const rule: {} = {};", kind, rule),)
        parts.append(_until_decided(types.imports, wait.blocking))
    return BesidePage(header, types.imports.lines(), constants, (), tuple(parts))


def _wait(types: Types, wait: Wait) -> Extra:
    operation = next(each for each in types.api.operations if each.id == wait.operation)
    if operation.result is None:
        raise AssertionError("what is waited for answers with something")
    resources = types.names.resources
    steps = [
        resources[operation.resource[:end]].children[operation.resource[: end + 1]]
        for end in range(len(operation.resource))
    ]
    method = resources[operation.resource].methods[operation.id, operation.method]
    path = joined(".", [fixed("client"), *map(identifier, (*steps, method))])
    own = identifier(
        Scope(reserved=RESERVED_WORDS | {"client", "options"}).claim(
            camel(split_words(wait.parameter)), "id"
        )
    )
    ask = assembled(
        "(seconds, each) => {}({}, {{ {}: seconds }}, each)",
        path,
        own,
        value_key(wait.query),
    )
    until, rule = _asking(types, wait, own)
    options = assembled(
        "options?: {} & {}",
        types.imports.type(OPTIONS),
        types.imports.runtime_type("waiting", "WaitOptions"),
    )
    client = assembled("client: {}", types.imports.type(types.names.client))
    name = identifier(types.names.surface[wait.name])
    return Extra(
        docs=doc_comment(f"{wait.docs.text}\n\n{_rejects(types, wait)}"),
        head=call_lines(
            assembled("export function {}", name),
            [client, assembled("{}: string", own), options],
            assembled(": Promise<{}> {{", types.write(operation.result.type)),
            0,
        ),
        lines=(
            call_lines(
                assembled("return {}", until),
                [fixed("client.transport"), *rule, ask, fixed("options")],
                fixed(";"),
                2,
            ),
        ),
    )


def _rejects(types: Types, wait: Wait) -> str:
    """Tell what ends a wait without a decision."""
    errors = types.names.errors
    told = told_ends(
        wait,
        types.api,
        lambda name: errors[name].name.text,
        otherwise="APITimeoutError",
        late="after `timeout` milliseconds without a decision",
    )
    return f"Rejects with {told}."


def _asking(types: Types, wait: Wait, own: Code) -> tuple[Code, list[Code]]:
    """Give the function that asks, and by which rule."""
    if wait is types.api.surface.blocking:
        until = types.imports.runtime("blocking", "untilSettled")
        return until, [fixed("rule"), own]
    rule = Object(
        (
            Entry(fixed("field"), string(wait.field)),
            Entry(fixed("pending"), Array(tuple(map(string, wait.pending)))),
            Entry(fixed("most"), literal(wait.most)),
        )
    )
    return types.imports.runtime("waiting", "pollUntilDecided"), [one_line(rule)]


def _until_decided(imports: Imports, blocking: Blocking) -> Extra:
    kind = imports.runtime_type("transport", "Waiting")
    start = imports.runtime("blocking", "waitingFor")
    option = option_name(blocking)
    return Extra(
        docs=doc_comment(
            f"Gives what the option `{option}` of calls takes: a wait of so many"
            " milliseconds at most."
        ),
        head=assembled(
            "export function {}(milliseconds = 300_000): {} {{", UNTIL, kind
        ),
        lines=(assembled("  return {}(rule, milliseconds);", start),),
    )


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
        *security_entries(api, operation.security),
    ]
    stored = (
        (fixed("at"), answer.at),
        (fixed("status"), answer.status),
        (fixed("headers"), answer.headers),
        (fixed("body"), answer.body),
        (fixed("encoding"), answer.encoding),
    )
    refusals = [
        Entry(value_key(value), _refusal(refusal))
        for value, refusal in blocking.refusals
    ]
    details = [Entry(value_key(name), string(of)) for name, of in blocking.details]
    return [
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
            Object(
                tuple(Entry(key, string(at)) for key, at in stored if at is not None)
            ),
        ),
        Entry(fixed("refusals"), Object(tuple(refusals))),
        Entry(fixed("late"), _refusal(blocking.late)),
        Entry(fixed("details"), Object(tuple(details))),
        Entry(fixed("raised"), Array(tuple(map(string, blocking.raised)))),
        *(
            [Entry(fixed("limit"), string(blocking.limit))]
            if blocking.limit is not None
            else []
        ),
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
