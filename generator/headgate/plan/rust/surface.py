"""What a client has beside its resources: scopes, calls passed on, waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headgate.encoding import rust
from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.names import split_words
from headgate.plan.rust import layout
from headgate.plan.rust.blocking import BlockingPage, plan_blocking
from headgate.plan.rust.docs import described
from headgate.plan.rust.errors import name_kinds
from headgate.plan.rust.names import claim_pascal, claim_snake, scope, type_scope
from headgate.plan.rust.pages import SetterPage
from headgate.plan.rust.places import place_of
from headgate.plan.rust.types import TYPES
from headgate.plan.waits import told_ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from headgate.ir.api import Api
    from headgate.ir.operations import Operation
    from headgate.ir.surface import RawCalls, Scope, ScopeArgument, Wait
    from headgate.names import Scope as Names
    from headgate.plan.rust.definitions import Definitions
    from headgate.plan.rust.imports import Imports
    from headgate.plan.rust.operations import Place

PASSED: Final = ("request", "get", "post", "put", "patch", "delete")
"""The methods of a client that passes calls on."""

_TEXT: Final = fixed("impl Into<String>")


@dataclass(frozen=True, slots=True)
class ScopePage:
    """What a scope is given, and the client's method that takes it."""

    docs: Code
    method: Code
    about: Code
    name: Code
    has_default: bool
    signature: Code
    needed: tuple[Code, ...]
    setters: tuple[SetterPage, ...]
    statements: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ScopesPage:
    """The file of the scopes."""

    header: Code
    scopes: tuple[ScopePage, ...]


@dataclass(frozen=True, slots=True)
class PassingPage:
    """How calls are passed on."""

    docs: Code
    declaration: Code
    call: Code


@dataclass(frozen=True, slots=True)
class WaitPage:
    """A method of the client that waits for a decision."""

    docs: Code
    name: Code
    signature: Code
    statements: tuple[Code, ...]
    result: Code


def plan_scopes(scopes: Iterable[Scope], methods: Names) -> tuple[ScopePage, ...]:
    """Plan what each scope is given."""
    names = type_scope()
    return tuple(_scope(each, names, methods) for each in scopes)


def _scope(each: Scope, names: Names, methods: Names) -> ScopePage:
    words = split_words(each.name)
    if len(words) > 1 and words[0] == "with":
        words = words[1:]
    said = described(each.docs, f"Gives the same client within `{each.name}`")
    named = argument_names(each)
    needed = [argument for argument in each.arguments if argument.required]
    parameters = [layout.parameter(named[a.name], _TEXT) for a in needed]
    statements = [_set(fixed("given.set"), a, named[a.name]) for a in needed]
    statements += [
        _set(fixed("given.set"), argument, rust.string(argument.default))
        for argument in each.arguments
        if argument.default is not None and not argument.required
    ]
    head, tail = fixed("pub fn new"), fixed(" -> Self {")
    return ScopePage(
        docs=rust.doc(said, 4),
        method=claim_snake(methods, each.name, "scope"),
        about=rust.doc(f"What the client's `{each.name}` is given."),
        name=claim_pascal(names, words, "Scope"),
        has_default=not statements,
        signature=layout.signature(4, head, parameters, tail),
        needed=tuple(statements),
        setters=tuple(
            _setter(argument, named[argument.name])
            for argument in each.arguments
            if not argument.required
        ),
        statements=tuple(_opening(each)),
    )


def argument_names(each: Scope) -> dict[str, Code]:
    """Name the methods that set what a scope takes."""
    setters = scope("new", "around", "given")
    return {a.name: claim_snake(setters, a.name, "argument") for a in each.arguments}


def _set(head: Code, argument: ScopeArgument, value: Code) -> Code:
    arguments = (rust.string(argument.name), value)
    return layout.call(8, head, arguments, fixed(";"))


def _setter(argument: ScopeArgument, name: Code) -> SetterPage:
    head = assembled("pub fn {}", name)
    parameters = (fixed("mut self"), assembled("value: {}", _TEXT))
    said = described(argument.docs, f"Sets `{argument.name}`")
    return SetterPage(
        docs=rust.doc(said, 4),
        signature=layout.signature(4, head, parameters, fixed(" -> Self {")),
        body=_set(fixed("self.given.set"), argument, fixed("value")),
    )


def _opening(each: Scope) -> Iterable[Code]:
    for argument in each.arguments:
        name = (rust.string(argument.name),)
        if argument.generated:
            yield layout.call(8, fixed("opening.generate"), name, fixed(";"))
        if argument.secret:
            yield layout.call(8, fixed("opening.hide"), name, fixed(";"))
    for header in each.headers:
        pieces = joined(", ", [rust.string(piece) for piece in header.pieces])
        arguments = (rust.string(header.name), assembled("&[{}]", pieces))
        yield layout.call(8, fixed("opening.header"), arguments, fixed(";"))


def _passing(
    calls: RawCalls, schemes: Iterable[str], imports: Imports, *, can_wait: bool
) -> PassingPage:
    """Plan how calls are passed on, and whether they can wait for an answer."""
    imports.use("crate::runtime::call", "Call")
    imports.use("crate::runtime::passing", "Passed")
    imports.use("crate::runtime::passing", "Passing")
    order = list(schemes)
    alternatives = [
        assembled("&[{}]", joined(", ", [rust.integer(order.index(n)) for n in names]))
        for names in calls.security
        if all(name in order for name in names)
    ]
    direct = joined(", ", [rust.string(each) for each in calls.direct])
    arguments = (
        rust.string(calls.under),
        assembled("&[{}]", direct),
        rust.option(calls.own_errors),
        rust.option(calls.pending),
        assembled("&[{}]", joined(", ", alternatives)),
    )
    head = fixed("static PASSING: Passing = Passing::new")
    said = described(calls.docs, "Calls what the API passes on")
    waits = can_wait and calls.pending is not None
    return PassingPage(
        docs=rust.doc(said, 4),
        declaration=layout.call(0, head, arguments, fixed(";")),
        call=fixed("Call<Passed, MayWait>" if waits else "Call<Passed>"),
    )


@dataclass(frozen=True, slots=True)
class WaitWriter:
    """Plans the methods and the options that wait, and the calls that may."""

    api: Api
    definitions: Definitions
    places: Mapping[tuple[str, ...], Place]
    statics: Mapping[str, Code]

    def pages(self, methods: Names, imports: Imports) -> tuple[WaitPage, ...]:
        """Plan each of them."""
        known = {each.id: each for each in self.api.operations}
        return tuple(
            self._page(each, known[each.operation], methods, imports)
            for each in self.api.surface.waits
        )

    def blocking(self, taken: Iterable[Code], imports: Imports) -> BlockingPage | None:
        """Plan the option of calls that waits; `taken` are names of the file."""
        wait = self.api.surface.blocking
        if wait is None or wait.blocking is None:
            return None
        operations = self.api.operations
        asked = next(each for each in operations if each.id == wait.operation)
        constant = self._constant(asked)
        return plan_blocking(wait, wait.blocking, constant, taken, imports)

    def passing(self, schemes: Iterable[str], imports: Imports) -> PassingPage | None:
        """Plan how calls are passed on."""
        calls, blocking = self.api.surface.calls, self.api.surface.blocking
        if calls is None:
            return None
        return _passing(calls, schemes, imports, can_wait=blocking is not None)

    def _constant(self, operation: Operation) -> Code:
        place = self.places[operation.resource]
        return assembled("{}::{}", place.path, self.statics[place_of(operation)])

    def _page(
        self, wait: Wait, operation: Operation, methods: Names, imports: Imports
    ) -> WaitPage:
        imports.use("crate::runtime::call", "Call")
        imports.use("crate::runtime::error", "Error")
        imports.use("crate::runtime::request", "Request")
        imports.use("crate::runtime::request", "Style")
        imports.use("std::time", "Duration")
        assert operation.result is not None
        types = self.definitions.types
        answer = types.write(operation.result.type, imports, TYPES)
        constant = self._constant(operation)
        name = claim_snake(methods, wait.name, "wait")
        head = assembled("pub async fn {}", name)
        parameters = (fixed("&self"), fixed("id: &str"), fixed("limit: Duration"))
        tail = assembled(" -> Result<{}, Error> {{", answer)
        said = described(wait.docs, f"Waits until `{wait.field}` is decided")
        said = f"{said}\n\nFails with {self._ends(wait)}."
        return WaitPage(
            docs=rust.doc(said, 4),
            name=name,
            signature=layout.signature(4, head, parameters, tail),
            statements=(
                assembled("            let mut request = Request::new(&{});", constant),
                layout.call(
                    12,
                    fixed("request.path"),
                    (rust.string(wait.parameter), fixed("id")),
                    fixed(";"),
                ),
                layout.call(
                    12,
                    fixed("request.query"),
                    (rust.string(wait.query), fixed("&seconds"), fixed("Style::Comma")),
                    fixed(";"),
                ),
            ),
            result=self._asked(wait, imports),
        )

    def _ends(self, wait: Wait) -> str:
        """Tell the kinds of the errors that end a wait."""
        kinds = name_kinds(self.api.errors)
        return told_ends(
            wait,
            self.api,
            lambda name: f"ErrorKind::{kinds[name].text}",
            otherwise="ErrorKind::ApiTimeout",
            late="after `limit` without a decision",
        )

    def _asked(self, wait: Wait, imports: Imports) -> Code:
        """Write what asks, by the rule of the calls that wait if it is that wait."""
        ask, end = fixed("ask"), fixed(".await")
        if wait is self.api.surface.blocking:
            imports.use("crate::runtime::pending", "until_settled")
            given = (fixed("&WAITING"), fixed("id"), fixed("limit"), ask)
            return layout.call(8, fixed("until_settled"), given, end)
        imports.use("crate::runtime::wait", "until_decided")
        pending = joined(", ", [rust.string(each) for each in wait.pending])
        decided = assembled("({}, &[{}])", rust.string(wait.field), pending)
        given = (fixed("limit"), rust.integer(wait.most), decided, ask)
        return layout.call(8, fixed("until_decided"), given, end)
