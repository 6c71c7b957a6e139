"""What the client has beside its operations: scopes, raw calls, waits, vendors."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from headgate.plan.typescript.layout import (
    Array,
    Entry,
    Object,
    call_lines,
    one_line,
    open_object,
)
from headgate.plan.typescript.methods import Extra, Params
from headgate.plan.typescript.names import RESERVED_WORDS
from headgate.plan.typescript.pending import OPTIONS, raw_options, waits_entries
from headgate.plan.typescript.types import field_member

if TYPE_CHECKING:
    from headgate.ir.api import CompatibleClient
    from headgate.ir.surface import RawCalls, ScopeArgument, Wait
    from headgate.ir.surface import Scope as ScopeMethod
    from headgate.ir.types import Docs
    from headgate.plan.typescript.expressions import Types


@dataclass(frozen=True, slots=True)
class ClientSurface:
    """What the client's class has beside its resources."""

    constants: tuple[Code, ...]
    params: tuple[Params, ...]
    methods: tuple[Extra, ...]
    has_scopes: bool
    passes_on: bool
    passing_docs: Code
    passing_options: Code


def plan_surface(types: Types) -> ClientSurface:
    """Plan the methods, the interfaces and the constants of the client."""
    surface = types.api.surface
    scopes = [_ScopePlan(types, each) for each in surface.scopes]
    constants = [each.constant() for each in scopes]
    docs = options = fixed("")
    if surface.calls is not None:
        options = types.imports.type(raw_options(types.api))
        constants.append(_passing(types, surface.calls))
        docs = doc_comment(surface.calls.docs.text, depth=2)
    methods = [each.method() for each in scopes]
    methods += [_wait(types, each) for each in surface.waits]
    methods += [_vendor(types, each) for each in types.api.clients]
    return ClientSurface(
        constants=tuple(constants),
        params=tuple(each.params() for each in scopes if each.optional),
        methods=tuple(methods),
        has_scopes=bool(scopes),
        passes_on=surface.calls is not None,
        passing_docs=docs,
        passing_options=options,
    )


def argument_names(scope: ScopeMethod) -> dict[str, Name]:
    """Name what a scope takes."""
    claims = Scope(reserved=RESERVED_WORDS | {"scope"})
    return {
        each.name: claims.claim(camel(split_words(each.name)), "value")
        for each in scope.arguments
    }


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
        method = self._types.names.surface[self._scope.name].text
        members = tuple(
            field_member(self._types, self._field(each), optional=True)
            for each in self.optional
        )
        docs = f"What `{method}` may be told."
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

    def method(self) -> Extra:
        """Plan the method."""
        own = [each for each in self._scope.arguments if each.required]
        parameters = [
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
        client = identifier(self._types.names.client.name)
        scoped = self._types.imports.runtime("scopes", "scoped")
        made = assembled("{}(this.transport, {}, {})", scoped, self._shape, given)
        name = self._types.names.surface[self._scope.name]
        return Extra(
            docs=doc_comment(self._scope.docs.text, depth=2),
            head=call_lines(
                identifier(name), parameters, assembled(": {} {{", client), 2
            ),
            lines=(call_lines(assembled("return new {}", client), [made], _END, 4),),
        )


_END = fixed(";")


def _with_default(argument: ScopeArgument) -> Docs:
    if argument.default is None:
        return argument.docs
    text = f"{argument.docs.text.strip()}\n\nAbsent: `{argument.default}`."
    return replace(argument.docs, text=text)


def _passing(types: Types, calls: RawCalls) -> Code:
    for name in ("RawAnswer", "RawBody"):
        types.imports.runtime_type("passing", name)
    types.imports.runtime("passing", "passOn")
    kind = types.imports.runtime_type("passing", "PassingRule")
    alternatives = [schemes for schemes in calls.security if schemes]
    sets = [Array(tuple(map(string, schemes))) for schemes in alternatives]
    entries = [
        Entry(fixed("under"), string(calls.under)),
        Entry(fixed("direct"), Array(tuple(map(string, calls.direct)))),
    ]
    if calls.own_errors is not None:
        entries.append(Entry(fixed("ownErrors"), string(calls.own_errors)))
    if calls.pending is not None:
        entries.append(Entry(fixed("pending"), string(calls.pending)))
        entries += waits_entries(types)
    entries.append(Entry(fixed("security"), Array(tuple(sets))))
    return assembled("const passing: {} = {};", kind, open_object(entries, 0))


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
    path = joined(".", [fixed("this"), *map(identifier, (*steps, method))])
    own = identifier(
        Scope(reserved=RESERVED_WORDS | {"options"}).claim(
            camel(split_words(wait.parameter)), "id"
        )
    )
    rule = Object(
        (
            Entry(fixed("field"), string(wait.field)),
            Entry(fixed("pending"), Array(tuple(map(string, wait.pending)))),
            Entry(fixed("most"), literal(wait.most)),
        )
    )
    ask = assembled(
        "(seconds, each) => {}({}, {{ {}: seconds }}, each)",
        path,
        own,
        value_key(wait.query),
    )
    until = types.imports.runtime("waiting", "untilDecided")
    options = assembled(
        "options?: {} & {}",
        types.imports.type(OPTIONS),
        types.imports.runtime_type("waiting", "WaitOptions"),
    )
    end = assembled(": Promise<{}> {{", types.write(operation.result.type))
    return Extra(
        docs=doc_comment(wait.docs.text, depth=2),
        head=call_lines(
            identifier(types.names.surface[wait.name]),
            [assembled("{}: string", own), options],
            end,
            2,
        ),
        lines=(
            call_lines(
                assembled("return {}", until),
                [fixed("this.transport"), one_line(rule), ask, fixed("options")],
                _END,
                4,
            ),
        ),
    )


def _vendor(types: Types, client: CompatibleClient) -> Extra:
    settings = types.imports.runtime_type("foreign", "ForeignSettings")
    give = types.imports.runtime("foreign", "foreignSettings")
    if client.kind == "openai":
        shape, made = fixed("apiKey: string"), fixed("apiKey: credential")
    else:
        shape = fixed("apiKey: null; authToken: string")
        made = fixed("apiKey: null, authToken: credential")
    parameter = assembled("kind: new (options: {} & {{ {} }}) => Made", settings, shape)
    start = assembled("{}<Made>", identifier(types.names.surface[client.kind]))
    return Extra(
        docs=doc_comment(
            f"{client.docs.text.strip()}\n\nGive the vendor's class; what is made calls"
            " this API with the settings of this client.".strip(),
            depth=2,
        ),
        head=call_lines(start, [parameter], fixed(": Made {"), 2),
        lines=(
            assembled(
                "    const {{ credential, ...settings }} = {}(this.transport, {});",
                give,
                string(client.path),
            ),
            assembled("    return new kind({{ ...settings, {} }});", made),
        ),
    )
