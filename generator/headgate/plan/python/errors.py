"""`_errors.py`: the classes that the specification adds to the error tree."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed
from headgate.encoding.python import docstring, literal, string
from headgate.ir.types import ListOf, MapOf, Scalar
from headgate.names import Scope
from headgate.plan.python.context import Context, name
from headgate.plan.python.imports import Imports
from headgate.plan.python.layout import listed
from headgate.plan.python.names import KEYWORDS, attribute

if TYPE_CHECKING:
    from headgate.ir.api import Detail, ErrorClass
    from headgate.ir.types import TypeExpr

_RUNTIME = "._runtime.errors"
_TAKEN = frozenset(
    """add_note args body code content details headers is_answer last_event_id message
    param request_id retry_after retryable status_code type with_traceback""".split()
)
_SCALARS = {
    "string": (fixed("_text"), fixed("str")),
    "integer": (fixed("_integer"), fixed("int")),
    "number": (fixed("_number"), fixed("float")),
    "boolean": (fixed("_flag"), fixed("bool")),
}


@dataclass(frozen=True, slots=True)
class DetailPage:
    """A property that reads a typed field of the error's details."""

    name: Code
    returns: Code
    docs: Code
    value: Code


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """An error class."""

    name: Code
    base: Code
    docs: Code
    details: tuple[DetailPage, ...]


@dataclass(frozen=True, slots=True)
class ErrorsPage:
    """The module of errors."""

    header: Code
    imports: tuple[tuple[Code, ...], ...]
    root: Code
    classes: tuple[ErrorPage, ...]
    fields: Code
    selectors: tuple[Code, ...]


def errors_page(context: Context) -> ErrorsPage:
    """Plan the module; a parent stands before its children."""
    imports = Imports()
    for used in ("ErrorFields", "ErrorTree", "SDKError"):
        imports.use(_RUNTIME, used)
    imports.use("typing", "TypeAlias")
    classes = tuple(_class(each, context, imports) for each in _ordered(context))
    return ErrorsPage(
        header=context.header,
        imports=imports.groups(),
        root=name(context.root_error),
        classes=classes,
        fields=_fields(context),
        selectors=_selectors(context),
    )


def _selectors(context: Context) -> tuple[Code, ...]:
    """Write the three tables that pick a class, in their order of precedence."""
    classes = context.api.errors.classes
    by_code = [(code, each) for each in classes for code in each.codes]
    by_type = [(type_, each) for each in classes for type_ in each.types]
    by_status = [(status, each) for each in classes for status in each.statuses]
    return (
        _table(fixed("by_code={"), [_row(*row, context) for row in by_code]),
        _table(fixed("by_type={"), [_row(*row, context) for row in by_type]),
        _table(fixed("by_status={"), [_row(*row, context) for row in by_status]),
    )


def _row(selector: str | int, error: ErrorClass, context: Context) -> Code:
    return assembled("{}: {}", literal(selector), name(context.errors[error.name]))


def _table(start: Code, rows: list[Code]) -> Code:
    return listed(start, rows, "}", indent=4, extra=1)


def _ordered(context: Context) -> list[ErrorClass]:
    """Put each class behind its parent."""
    waiting = list(context.api.errors.classes)
    names = {each.name for each in waiting}
    done: dict[str, ErrorClass] = {}
    while waiting:
        ready = [e for e in waiting if e.parent not in names or e.parent in done]
        for each in ready or waiting:
            done[each.name] = each
        waiting = [each for each in waiting if each.name not in done]
    return list(done.values())


def _class(error: ErrorClass, context: Context, imports: Imports) -> ErrorPage:
    parent = context.errors.get(error.parent or "")
    base = name(parent) if parent else imports.use(_RUNTIME, "APIError")
    scope = Scope(KEYWORDS | _TAKEN)
    return ErrorPage(
        name=name(context.errors[error.name]),
        base=base,
        docs=docstring([error.docs.text or "An error that the server answers."], 4),
        details=tuple(_detail(each, scope, context, imports) for each in error.details),
    )


def _detail(
    detail: Detail, scope: Scope, context: Context, imports: Imports
) -> DetailPage:
    own = name(scope.claim(attribute(detail.name), "detail").text)
    docs = docstring([f"`{detail.name}` of the error's details."], 8)
    key = string(detail.name)
    reader, kind = _reader(context.resolved(detail.type), context, imports)
    value = assembled("self.{}({})", reader, key)
    return DetailPage(own, assembled("{} | None", kind), docs, value)


def _reader(type_: TypeExpr, context: Context, imports: Imports) -> tuple[Code, Code]:
    """Give the method that reads a detail, and the type that it gives."""
    match type_:
        case Scalar() if type_.kind in _SCALARS:
            return _SCALARS[type_.kind]
        case ListOf():
            any_ = imports.use("typing", "Any")
            return fixed("_list"), assembled("list[{}]", any_)
        case _ if isinstance(type_, MapOf) or context.struct(type_) is not None:
            mapping = imports.use("collections.abc", "Mapping")
            any_ = imports.use("typing", "Any")
            return fixed("_object"), assembled("{}[str, {}]", mapping, any_)
        case _:
            return fixed("details.get"), imports.use("typing", "Any")


def _fields(context: Context) -> Code:
    """Write where the error's parts lie in the body."""
    model = context.api.errors
    items = [assembled("at={}", string(model.at))] if model.at is not None else []
    for each in fields(model.fields):
        wire: str | None = getattr(model.fields, each.name)
        if wire is not None:
            items.append(assembled("{}={}", name(each.name), string(wire)))
    return listed(fixed("fields=ErrorFields("), items, ")", indent=4, extra=1)
