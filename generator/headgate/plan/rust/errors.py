"""The page of the error kinds: the one tree of what a server may refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.errors import Location
from headgate.ir.types import Direction, Docs, Field, Json, Struct, TypeId
from headgate.plan.rust import layout
from headgate.plan.rust.docs import described
from headgate.plan.rust.imports import Imports
from headgate.plan.rust.names import claim_pascal, type_scope, variant_scope
from headgate.plan.rust.types import TYPES

if TYPE_CHECKING:
    from headgate.ir.api import ErrorClass, ErrorModel
    from headgate.names import Scope
    from headgate.plan.rust.definitions import Definitions
    from headgate.plan.rust.pages import StructPage

_OWN: Final = (
    "Configuration",
    "ApiConnection",
    "ApiTimeout",
    "ResponseDecode",
    "StreamLimit",
    "StreamTruncated",
    "StreamGap",
    "StreamForeign",
    "RequestCancelled",
    "WebhookVerification",
    "Interceptor",
    "Api",
)


@dataclass(frozen=True, slots=True)
class KindPage:
    """A kind of API error, and the rule that picks it."""

    docs: Code
    name: Code
    parent: Code
    codes: Code
    types: Code
    statuses: Code


@dataclass(frozen=True, slots=True)
class ErrorShapePage:
    """Where an error's body keeps its parts."""

    at: Code
    kind: Code
    code: Code
    message: Code
    param: Code
    request_id: Code
    retryable: Code
    retry_after: Code
    details: Code
    pending: Code


@dataclass(frozen=True, slots=True)
class ErrorsPage:
    """The file of the error kinds."""

    header: Code
    imports: Code
    shape: ErrorShapePage
    lone: KindPage | None
    kinds: tuple[KindPage, ...]
    rules: tuple[KindPage, ...]
    pending: KindPage | None
    structs: tuple[StructPage, ...]


def plan_errors(
    model: ErrorModel, definitions: Definitions, header: Code
) -> ErrorsPage:
    """Plan the file."""
    imports = Imports()
    for name in ("ErrorRule", "ErrorShape", "Failure"):
        imports.use_code(fixed("crate::runtime::error"), _FIXED[name])
    imports.use("crate::runtime::error", "classify")
    imports.use("crate::runtime::error", "Error")
    names = name_kinds(model)
    structs_scope = type_scope()
    for taken in ("Error", "ErrorKind", "ErrorRule", "ErrorShape", "Failure"):
        structs_scope.claim(taken)
    picked = [each for each in model.classes if not each.pending]
    indent = 4 if len(picked) == 1 else 8
    kinds = {each.name: _kind(each, names, indent) for each in model.classes}
    rules = tuple(kinds[each.name] for each in picked)
    structs = tuple(
        _details(each, structs_scope, definitions, imports)
        for each in model.classes
        if each.details
    )
    return ErrorsPage(
        header=header,
        imports=imports.lines(),
        shape=plan_shape(model),
        lone=rules[0] if len(rules) == 1 else None,
        kinds=tuple(kinds.values()),
        rules=rules,
        pending=kinds[model.pending.name] if model.pending else None,
        structs=structs,
    )


_NOWHERE: Final = Location("", 1, 1, "#")
_FIXED: Final = {
    "ErrorRule": fixed("ErrorRule"),
    "ErrorShape": fixed("ErrorShape"),
    "Failure": fixed("Failure"),
}


def plan_shape(model: ErrorModel) -> ErrorShapePage:
    """Plan the description of an error's body."""
    fields = model.fields
    said = model.pending and described(model.pending.docs, "The answer comes later")
    pending = layout.member(4, fixed("pending"), rust.option(said or None))
    return ErrorShapePage(
        at=rust.option(model.at),
        kind=rust.option(fields.type),
        code=rust.option(fields.code),
        message=rust.option(fields.message),
        param=rust.option(fields.param),
        request_id=rust.option(fields.request_id),
        retryable=rust.option(fields.retryable),
        retry_after=rust.option(fields.retry_after),
        details=rust.option(fields.details),
        pending=layout.indented(4, joined("", (pending, fixed(",")))),
    )


def name_kinds(model: ErrorModel) -> dict[str, Code]:
    """Name the kind of each class."""
    names = variant_scope()
    for taken in _OWN:
        names.claim(taken)
    return {each.name: _kind_name(each, names) for each in model.classes}


def _kind_name(error: ErrorClass, names: Scope) -> Code:
    bare = error.name.removesuffix("Error") or error.name
    return claim_pascal(names, (bare,), "Kind")


def _kind(error: ErrorClass, names: dict[str, Code], indent: int) -> KindPage:
    parent = names.get(error.parent or "", fixed("Api"))
    pattern = assembled("Self::{}", names[error.name])
    return KindPage(
        docs=rust.doc(described(error.docs, f"`{error.name}`"), 4),
        name=names[error.name],
        parent=layout.arm(12, pattern, assembled("Some(Self::{})", parent)),
        codes=_texts(indent, fixed("codes: &"), error.codes),
        types=_texts(indent, fixed("types: &"), error.types),
        statuses=layout.short_list(
            indent,
            fixed("statuses: &"),
            [rust.integer(status) for status in error.statuses],
            fixed(","),
        ),
    )


def _texts(indent: int, head: Code, texts: tuple[str, ...]) -> Code:
    items = [rust.string(text) for text in texts]
    return layout.short_list(indent, head, items, fixed(","))


def _details(
    error: ErrorClass,
    names: Scope,
    definitions: Definitions,
    imports: Imports,
) -> StructPage:
    bare = error.name.removesuffix("Error") or error.name
    struct = Struct(
        id=TypeId(f"details of {error.name}"),
        words=(bare, "details"),
        fields=tuple(
            Field(each.name, each.type, required=False, docs=Docs(), location=_NOWHERE)
            for each in error.details
        ),
        extra=Json(),
        docs=Docs(f"The details of an error of the kind `{bare}`."),
        direction=Direction(received=True),
        location=_NOWHERE,
    )
    name = claim_pascal(names, struct.words, "Details")
    return definitions.struct(struct, name, imports, TYPES, lenient=True)
