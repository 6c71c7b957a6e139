"""What a client is used with and is no call of it: each in a module of its own.

Standing outside the client's class, a program that does without them does not carry
them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.typescript import (
    doc_comment,
    identifier,
    literal,
    string,
    value_key,
)
from headgate.ir.types import Field, Scalar
from headgate.names import Name, Scope, camel, split_words
from headgate.plan.typescript.assemblies import ASSEMBLIES, plan_assemblies
from headgate.plan.typescript.expressions import Types
from headgate.plan.typescript.imports import Imports
from headgate.plan.typescript.layout import (
    Array,
    Entry,
    Object,
    call_lines,
    open_object,
)
from headgate.plan.typescript.methods import Params
from headgate.plan.typescript.names import RESERVED_WORDS, Exported
from headgate.plan.typescript.page import BesidePage, Extra
from headgate.plan.typescript.requests import security_entries
from headgate.plan.typescript.types import field_member
from headgate.plan.typescript.waits import WAITS, plan_waits, raw_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headgate.ir.api import Api, CompatibleClient
    from headgate.ir.surface import RawCalls, ScopeArgument
    from headgate.ir.surface import Scope as ScopeMethod
    from headgate.ir.types import Docs
    from headgate.plan.typescript.names import Names

SCOPES = "scopes"
CALLS = "calls"
VENDORS = "vendors"
_API_RESOURCE = Exported(Name("ApiResource"), "configuration")
_END = fixed(";")


def plan_beside(
    api: Api, names: Names, header: Code
) -> Iterator[tuple[str, BesidePage]]:
    """Plan the modules that the API has, by their paths."""
    surface = api.surface
    if surface.scopes:
        types = Types(api, names, Imports(SCOPES))
        yield SCOPES, _scopes(types, surface.scopes, header)
    if surface.calls is not None:
        types = Types(api, names, Imports(CALLS))
        yield CALLS, _calls(types, surface.calls, header)
    waits = plan_waits(api, names, header)
    if waits is not None:
        yield WAITS, waits
    assemblies = plan_assemblies(api, names, header)
    if assemblies is not None:
        yield ASSEMBLIES, assemblies
    if api.clients:
        types = Types(api, names, Imports(VENDORS))
        parts = tuple(_vendor(types, each) for each in api.clients)
        yield VENDORS, BesidePage(header, types.imports.lines(), (), (), parts)


def argument_names(scope: ScopeMethod) -> dict[str, Name]:
    """Name what a scope takes."""
    claims = Scope(reserved=RESERVED_WORDS | {"client", "scope"})
    return {
        each.name: claims.claim(camel(split_words(each.name)), "value")
        for each in scope.arguments
    }


def _scopes(types: Types, scopes: tuple[ScopeMethod, ...], header: Code) -> BesidePage:
    plans = [_ScopePlan(types, each) for each in scopes]
    constants = tuple(each.constant() for each in plans)
    params = tuple(each.params() for each in plans if each.optional)
    parts = tuple(each.function() for each in plans)
    return BesidePage(header, types.imports.lines(), constants, params, parts)


class _ScopePlan:
    """Plans one scope."""

    def __init__(self, types: Types, scope: ScopeMethod) -> None:
        self._types = types
        self._scope = scope
        self._names = argument_names(scope)
        self.optional = [each for each in scope.arguments if not each.required]

    @property
    def _shape(self) -> Code:
        exported = self._types.names.scopes[self._scope.name].name
        return identifier(Name(f"{exported.text[:1].lower()}{exported.text[1:]}"))

    def constant(self) -> Code:
        """Write the shape of the scope."""
        headers = [
            Entry(
                value_key(header.name),
                Array(
                    tuple(
                        string(self._names[piece].text if at % 2 else piece)
                        for at, piece in enumerate(header.pieces)
                    )
                ),
            )
            for header in self._scope.headers
        ]
        entries = [Entry(fixed("headers"), Object(tuple(headers)))]
        for key, marked in (
            (fixed("generated"), [a for a in self._scope.arguments if a.generated]),
            (fixed("secret"), [a for a in self._scope.arguments if a.secret]),
        ):
            if marked:
                names = tuple(string(self._names[each.name].text) for each in marked)
                entries.append(Entry(key, Array(names)))
        kind = self._types.imports.runtime_type("scopes", "ScopeShape")
        return assembled(
            "const {}: {} = {};", self._shape, kind, open_object(entries, 0)
        )

    def params(self) -> Params:
        """Plan the interface of what may be left out."""
        exported = self._types.names.scopes[self._scope.name]
        function = self._types.names.surface[self._scope.name].text
        members = tuple(
            field_member(self._types, self._field(each), optional=True)
            for each in self.optional
        )
        docs = f"What `{function}` may be told."
        return Params(doc_comment(docs), identifier(exported.name), members)

    def _field(self, argument: ScopeArgument) -> Field:
        return Field(
            name=self._names[argument.name].text,
            type=Scalar("string"),
            required=False,
            docs=_with_default(argument),
            location=self._scope.location,
            default=None,
        )

    def function(self) -> Extra:
        """Plan the function."""
        own = [each for each in self._scope.arguments if each.required]
        client = self._types.imports.value(self._types.names.client)
        parameters = [assembled("client: {}", client)]
        parameters += [
            assembled("{}: string", identifier(self._names[each.name])) for each in own
        ]
        values = [
            assembled(
                "{}: {}", identifier(self._names[each.name]), literal(each.default)
            )
            for each in self.optional
            if each.default is not None
        ]
        if self.optional:
            shown = identifier(self._types.names.scopes[self._scope.name].name)
            parameters.append(assembled("scope: {} = {{}}", shown))
            values.append(fixed("...scope"))
        values += [identifier(self._names[each.name]) for each in own]
        given = assembled("{{ {} }}", joined(", ", values))
        if values == [fixed("...scope")]:
            given = fixed("scope")
        scoped = self._types.imports.runtime("scopes", "scoped")
        made = assembled("{}(client.transport, {}, {})", scoped, self._shape, given)
        name = identifier(self._types.names.surface[self._scope.name])
        return Extra(
            docs=doc_comment(self._scope.docs.text),
            head=call_lines(
                assembled("export function {}", name),
                parameters,
                assembled(": {} {{", client),
                0,
            ),
            lines=(call_lines(assembled("return new {}", client), [made], _END, 2),),
        )


def _with_default(argument: ScopeArgument) -> Docs:
    if argument.default is None:
        return argument.docs
    text = f"{argument.docs.text.strip()}\n\nAbsent: `{argument.default}`."
    return replace(argument.docs, text=text)


def _calls(types: Types, calls: RawCalls, header: Code) -> BesidePage:
    client = types.imports.type(_API_RESOURCE)
    options = types.imports.type(raw_options(types.api))
    shared = types.imports.runtime("passing", "PassedCalls")
    constant = _passing(types, calls)
    docs = calls.docs.text or "Calls by path what has no method of its own."
    part = Extra(
        docs=doc_comment(docs),
        head=assembled("export class RawCalls extends {}<{}> {{", shared, options),
        lines=(
            assembled("  constructor(client: {}) {{", client),
            fixed("    super(client.transport, passing);"),
            fixed("  }"),
        ),
    )
    return BesidePage(header, types.imports.lines(), (constant,), (), (part,))


def _passing(types: Types, calls: RawCalls) -> Code:
    kind = types.imports.runtime_type("passing", "PassingRule")
    entries = [
        Entry(fixed("under"), string(calls.under)),
        Entry(fixed("direct"), Array(tuple(map(string, calls.direct)))),
    ]
    if calls.own_errors is not None:
        entries.append(Entry(fixed("ownErrors"), string(calls.own_errors)))
    if calls.pending is not None:
        entries.append(Entry(fixed("pending"), string(calls.pending)))
    entries += security_entries(types.api, calls.security)
    return assembled("const passing: {} = {};", kind, open_object(entries, 0))


def _vendor(types: Types, client: CompatibleClient) -> Extra:
    settings = types.imports.runtime_type("foreign", "ForeignSettings")
    give = types.imports.runtime("foreign", "foreignSettings")
    if client.kind == "openai":
        shape, made = fixed("apiKey: string"), fixed("apiKey: credential")
    else:
        shape = fixed("apiKey: null; authToken: string")
        made = fixed("apiKey: null, authToken: credential")
    parameters = [
        assembled("client: {}", types.imports.type(_API_RESOURCE)),
        assembled("kind: new (options: {} & {{ {} }}) => Made", settings, shape),
    ]
    start = assembled(
        "export function {}<Made>", identifier(types.names.surface[client.kind])
    )
    return Extra(
        docs=doc_comment(
            f"{client.docs.text.strip()}\n\nGive the vendor's class; what is made calls"
            " this API with the settings of the client.".strip()
        ),
        head=call_lines(start, parameters, fixed(": Made {"), 0),
        lines=(
            assembled(
                "  const {{ credential, ...settings }} = {}(client.transport, {});",
                give,
                string(client.path),
            ),
            assembled("  return new kind({{ ...settings, {} }});", made),
        ),
    )
