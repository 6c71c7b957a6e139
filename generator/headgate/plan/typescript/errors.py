"""The module of errors: the tree that the specification draws, and how it is picked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.typescript import (
    doc_comment,
    identifier,
    string,
    value_key,
)
from headgate.ir.types import Enum, ListOf, MapOf, Scalar, Struct
from headgate.names import Scope, camel, split_words
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import (
    WIDTH,
    Array,
    Entry,
    Object,
    one_line,
    open_object,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from headgate.ir.api import Api, ErrorClass, ErrorModel
    from headgate.ir.types import TypeExpr
    from headgate.names import Name
    from headgate.plan.typescript.names import Names

_OWN_MEMBERS = frozenset(
    "constructor prototype then toString valueOf body cause code detail details error"
    " headers lastEventId message name param requestId retryAfter retryable stack"
    " status type".split()
)


@dataclass(frozen=True, slots=True)
class ErrorPlan:
    """A class of the tree."""

    docs: Code
    head: Code
    shown_name: Code
    details: tuple[Code, ...]
    table: Code | None


@dataclass(frozen=True, slots=True)
class ErrorsPage:
    """The module of errors."""

    header: Code
    imports: tuple[Code, ...]
    classes: tuple[ErrorPlan, ...]
    table: Code


def plan_errors(api: Api, names: Names, header: Code) -> ErrorsPage:
    """Plan the module of errors; a parent comes before its children."""
    imports = Imports("errors")
    types = Types(api, names, imports)
    classes = tuple(_class(types, each) for each in _parents_first(api.errors.classes))
    classify = imports.runtime("classes", "classified")
    entries = open_object(_table(api.errors, names), 0)
    return ErrorsPage(
        header=header,
        classes=classes,
        table=assembled("export const errorClasses = {}({});", classify, entries),
        imports=imports.lines(),
    )


def _parents_first(classes: Iterable[ErrorClass]) -> list[ErrorClass]:
    waiting = list(classes)
    done: list[ErrorClass] = []
    while waiting:
        known = {None, *(each.name for each in done)}
        ready = [each for each in waiting if each.parent in known]
        if not ready:
            raise ValueError("the error classes go in a circle")
        done.append(ready[0])
        waiting.remove(ready[0])
    return done


def _class(types: Types, error: ErrorClass) -> ErrorPlan:
    name = identifier(types.names.errors[error.name].name)
    if error.parent is None:
        parent = types.imports.runtime("errors", "APIError")
    else:
        parent = identifier(types.names.errors[error.parent].name)
    members = Scope(reserved=_OWN_MEMBERS)
    details = {
        each.name: members.claim(camel(split_words(each.name)), "detail")
        for each in error.details
    }
    inherited = parent if _reads_details(types.api.errors, error.parent) else None
    return ErrorPlan(
        docs=doc_comment(error.docs.text, deprecated=error.docs.deprecated),
        head=assembled("export class {} extends {} {{", name, parent),
        shown_name=string(error.name),
        details=tuple(
            _detail(identifier(details[each.name]), types.write(each.type))
            for each in error.details
        ),
        table=_details_table(types, error, details, inherited) if details else None,
    )


def _reads_details(errors: ErrorModel, name: str | None) -> bool:
    """Say whether a class or one that it extends reads details."""
    by_name = {each.name: each for each in errors.classes}
    while name is not None:
        if by_name[name].details:
            return True
        name = by_name[name].parent
    return False


def _detail(name: Code, written: Code) -> Code:
    line = assembled("  declare readonly {}: {} | undefined;", name, written)
    if len(line) <= WIDTH:
        return line
    return assembled(
        "  declare readonly {}:\n    | {}\n    | undefined;", name, written
    )


def _details_table(
    types: Types, error: ErrorClass, details: Mapping[str, Name], parent: Code | None
) -> Code:
    """Write the kind of each detail, and its name where the property has another."""
    entries: list[Entry] = []
    if parent is not None:
        inherited = assembled("...{}.details", parent)
        entries.append(Entry(inherited, inherited))
    for each in error.details:
        told: Code | Array = string(_kind(types, each.type))
        property_name = details[each.name].text
        if _wire_name(property_name) != each.name:
            told = Array((told, string(each.name)))
        entries.append(Entry(value_key(property_name), told))
    table = types.imports.runtime_type("classes", "DetailTable")
    start = fixed("  static readonly details: ")
    if parent is not None:
        start = fixed("  static override readonly details: ")
    start = assembled("{}{} = ", start, table)
    line = assembled("{}{};", start, one_line(Object(tuple(entries))))
    if len(line) <= WIDTH:
        return line
    return assembled("{}{};", start, open_object(entries, 2))


def _wire_name(property_name: str) -> str:
    """Give the name that the runtime takes a detail to have."""
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", property_name)


def _kind(types: Types, expression: TypeExpr) -> str:
    """Say what JSON a type has, as far as one look at a value can tell."""
    match types.resolve(expression):
        case Scalar(kind="string" | "integer" | "number" | "boolean" as kind):
            return kind
        case Enum(kind=kind):
            return kind
        case ListOf():
            return "list"
        case MapOf() | Struct():
            return "object"
        case _:
            return "any"


def error_form(errors: ErrorModel) -> Object:
    """Say where an error body keeps its parts."""
    entries: list[Entry] = []
    if errors.at is not None:
        entries.append(Entry(fixed("at"), string(errors.at)))
    shown = [
        Entry(key, string(value))
        for key, value in (
            (fixed("type"), errors.fields.type),
            (fixed("code"), errors.fields.code),
            (fixed("message"), errors.fields.message or "message"),
            (fixed("param"), errors.fields.param),
            (fixed("requestId"), errors.fields.request_id),
            (fixed("retryable"), errors.fields.retryable),
            (fixed("retryAfter"), errors.fields.retry_after),
            (fixed("details"), errors.fields.details),
        )
        if value is not None
    ]
    entries.append(Entry(fixed("fields"), Object(tuple(shown))))
    return Object(tuple(entries))


def _table(errors: ErrorModel, names: Names) -> list[Entry]:
    entries: list[Entry] = []
    chosen: dict[str, list[tuple[str, Name]]] = {
        "codes": [],
        "types": [],
        "statuses": [],
    }
    for error in errors.classes:
        name = names.errors[error.name].name
        chosen["codes"] += [(code, name) for code in error.codes]
        chosen["types"] += [(each, name) for each in error.types]
        chosen["statuses"] += [(str(status), name) for status in error.statuses]
    for key, where in (
        (fixed("codes"), "codes"),
        (fixed("types"), "types"),
        (fixed("statuses"), "statuses"),
    ):
        table = [
            Entry(value_key(value), identifier(name)) for value, name in chosen[where]
        ]
        entries.append(Entry(key, Object(tuple(table))))
    if errors.pending is not None:
        name = names.errors[errors.pending.name].name
        entries.append(Entry(fixed("pending"), identifier(name)))
    return entries
