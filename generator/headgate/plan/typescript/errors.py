"""The module of errors: the tree that the specification draws, and how it is picked."""

from __future__ import annotations

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
from headgate.plan.typescript.layout import Entry, Object, open_object

if TYPE_CHECKING:
    from collections.abc import Iterable

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
class DetailPlan:
    """A getter of one detail."""

    head: Code
    body: Code


@dataclass(frozen=True, slots=True)
class ErrorPlan:
    """A class of the tree."""

    docs: Code
    head: Code
    shown_name: Code
    details: tuple[DetailPlan, ...]


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
    table_type = imports.runtime_type("errors", "ErrorTable")
    entries = open_object(_table(api.errors, names), 0)
    return ErrorsPage(
        header=header,
        classes=classes,
        table=assembled("export const errorTable: {} = {};", table_type, entries),
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
    return ErrorPlan(
        docs=doc_comment(error.docs.text, deprecated=error.docs.deprecated),
        head=assembled("export class {} extends {} {{", name, parent),
        shown_name=string(error.name),
        details=tuple(
            _detail(
                identifier(members.claim(camel(split_words(each.name)), "detail")),
                string(each.name),
                string(_kind(types, each.type)),
                types.write(each.type),
            )
            for each in error.details
        ),
    )


def _detail(name: Code, key: Code, kind: Code, written: Code) -> DetailPlan:
    return DetailPlan(
        assembled("get {}(): {} | undefined {{", name, written),
        assembled("return this.detail({}, {});", key, kind),
    )


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


def _table(errors: ErrorModel, names: Names) -> list[Entry]:
    entries: list[Entry] = []
    if errors.at is not None:
        entries.append(Entry(fixed("at"), string(errors.at)))
    shown = [
        Entry(key, string(value))
        for key, value in (
            (fixed("type"), errors.fields.type),
            (fixed("code"), errors.fields.code),
            (fixed("message"), errors.fields.message),
            (fixed("param"), errors.fields.param),
            (fixed("requestId"), errors.fields.request_id),
            (fixed("retryable"), errors.fields.retryable),
            (fixed("retryAfter"), errors.fields.retry_after),
            (fixed("details"), errors.fields.details),
        )
        if value is not None
    ]
    entries.append(Entry(fixed("fields"), Object(tuple(shown))))
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
    return entries
