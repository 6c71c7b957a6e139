"""What the clients have beside their operations: scopes, and calls passed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.encoding.code import Code, assembled, fixed, joined
from headgate.encoding.python import docstring, dotted, literal, string
from headgate.names import Scope as Names
from headgate.names import constant, split_words
from headgate.plan.python.context import Context, name, string_tuple
from headgate.plan.python.imports import Imports
from headgate.plan.python.layout import fits, lines
from headgate.plan.python.methods import options_home
from headgate.plan.python.names import KEYWORDS, attribute
from headgate.plan.python.pending import WAITING
from headgate.plan.waits import told_ends

if TYPE_CHECKING:
    from headgate.ir.surface import RawCalls, Scope, ScopeArgument, Wait

_WAIT_OWN = frozenset({"asking", "found", "options", "self", "timeout"})
HOME = "._surface"
"""The module of the constants, as the clients import it."""


@dataclass(frozen=True, slots=True)
class ScopePage:
    """A method that gives the same client in a scope."""

    name: Code
    docs: Code
    parameters: tuple[Code, ...]
    shape: Code
    values: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class WaitPage:
    """A method that asks until something is decided."""

    keyword: Code
    name: Code
    id: Code
    returns: Code
    options: Code
    docs: Code
    asking: Code
    call: Code
    query: Code
    field: Code
    pending: Code
    pause: Code


@dataclass(frozen=True, slots=True)
class SurfacePage:
    """The module of the constants."""

    header: Code
    imports: tuple[tuple[Code, ...], ...]
    constants: tuple[Code, ...]


def has_surface(context: Context) -> bool:
    """Say whether the clients have anything of the kind."""
    return bool(context.api.surface.scopes) or context.api.surface.calls is not None


def surface_page(context: Context) -> SurfacePage:
    """Plan the constants."""
    imports = Imports()
    surface, names = context.api.surface, _constants(context)
    shape = fixed("")
    if surface.scopes:
        shape = imports.use("._runtime.scopes", "ScopeShape")
    constants = [_shape(each, names[each.name], shape) for each in surface.scopes]
    if surface.calls is not None:
        kind = imports.use("._runtime.passing", "Passing")
        constants.append(_passing(surface.calls, context, kind))
    return SurfacePage(context.header, imports.groups(), tuple(constants))


def scope_pages(context: Context, imports: Imports) -> tuple[ScopePage, ...]:
    """Plan the clients' methods for scopes."""
    names = _constants(context)
    return tuple(
        _scope(each, context.members.scopes[each.name], names[each.name], imports)
        for each in context.api.surface.scopes
    )


def wait_pages(
    context: Context, imports: Imports, later: Imports, *, is_async: bool
) -> tuple[WaitPage, ...]:
    """Plan the clients' methods that wait for a decision."""
    return tuple(
        _wait(each, context, imports, later, is_async=is_async)
        for each in context.api.surface.waits
    )


def _wait(
    wait: Wait, context: Context, imports: Imports, later: Imports, *, is_async: bool
) -> WaitPage:
    operation = next(
        each for each in context.api.operations if each.id == wait.operation
    )
    writer = context.writer(later, package=".")
    members = context.members
    result = operation.result
    struct = None if result is None else context.struct(result.type)
    if struct is None:
        raise AssertionError("what is waited for is an object")
    way = [*members.path(operation.resource), members.methods[operation.id]]
    text = wait.docs.text or "Waits until it is decided."
    id_ = name(Names(KEYWORDS | _WAIT_OWN).claim(attribute(wait.parameter), "id").text)
    return WaitPage(
        keyword=fixed("async def" if is_async else "def"),
        name=name(members.waits[wait.name]),
        id=id_,
        returns=writer.named(struct, "received").text,
        options=later.use(*options_home(context, ".")),
        docs=docstring([text, _raises(wait, context)], 8),
        asking=_asking(wait, id_, context, imports),
        call=assembled(
            "{}{}", fixed("await " if is_async else ""), dotted(["self", *way])
        ),
        query=name(attribute(wait.query)),
        field=name(context.attributes[struct.id, wait.field]),
        pending=string_tuple(wait.pending),
        pause=fixed("await asking.pause_async()" if is_async else "asking.pause()"),
    )


def _raises(wait: Wait, context: Context) -> str:
    """Tell what ends a wait without a decision."""
    told = told_ends(
        wait,
        context.api,
        context.errors.__getitem__,
        otherwise="APITimeoutError",
        late="after `timeout` seconds without a decision",
    )
    return f"Raises {told}."


def _asking(wait: Wait, id_: Code, context: Context, imports: Imports) -> Code:
    """Write what asks, by the rule of the calls that wait if it is that wait."""
    if wait is not context.api.surface.blocking:
        asking = imports.use("._runtime.waits", "Asking")
        return assembled("{}(timeout, most={})", asking, literal(wait.most))
    rule = imports.use("._product", WAITING)
    asking = imports.use("._runtime.waits", "Deciding")
    return assembled("{}({}, {}, timeout=timeout)", asking, rule, id_)


def _constants(context: Context) -> dict[str, str]:
    scope = Names(frozenset({"PASSING"}))
    return {
        each.name: scope.claim(constant(split_words(each.name))[:64], "SCOPE").text
        for each in context.api.surface.scopes
    }


def _scope(scope: Scope, method: str, shape: str, imports: Imports) -> ScopePage:
    claims = Names(KEYWORDS | {"self"})
    arguments = [
        (each, name(claims.claim(attribute(each.name), "value").text))
        for each in scope.arguments
    ]
    required = [_parameter(*each) for each in arguments if each[0].required]
    others = [_parameter(*each) for each in arguments if not each[0].required]
    listed = "\n".join(
        f"- `{own.text}`: {' '.join(each.docs.text.split())}" for each, own in arguments
    )
    return ScopePage(
        name=name(method),
        docs=docstring([scope.docs.text or "Gives a client in a scope.", listed], 8),
        parameters=(*required, *([fixed("*"), *others] if others else [])),
        shape=imports.use(HOME, shape),
        values=tuple(
            assembled("{}: {}", string(each.name), own) for each, own in arguments
        ),
    )


def _parameter(argument: ScopeArgument, own: Code) -> Code:
    if argument.required:
        return assembled("{}: str", own)
    if argument.default is None:
        return assembled("{}: str | None = None", own)
    return assembled("{}: str = {}", own, string(argument.default))


def _shape(scope: Scope, own: str, kind: Code) -> Code:
    pairs = [
        assembled("({}, {})", string(header.name), string_tuple(header.pieces))
        for header in scope.headers
    ]
    body = _tuple("headers", pairs)
    marks = [
        ("generated", [each.name for each in scope.arguments if each.generated]),
        ("secret", [each.name for each in scope.arguments if each.secret]),
    ]
    for mark, marked in marks:
        if marked:
            texts = joined(", ", map(string, marked))
            body.append(assembled("    {}=frozenset({{{}}}),", name(mark), texts))
    return lines([assembled("{} = {}(", name(own), kind), *body, fixed(")")])


def _tuple(key: str, items: list[Code]) -> list[Code]:
    """Write an argument that is a tuple, on one line if it has one item."""
    if len(items) == 1:
        one = assembled("    {}=({},),", name(key), items[0])
        if fits(0, one):
            return [one]
    return [
        assembled("    {}=(", name(key)),
        *(assembled("        {},", each) for each in items),
        fixed("    ),"),
    ]


def _passing(calls: RawCalls, context: Context, kind: Code) -> Code:
    options = {scheme.name: scheme.option for scheme in context.api.schemes}
    alternatives = [
        string_tuple(tuple(options[each] for each in together))
        for together in calls.security
    ]
    own = string(calls.own_errors) if calls.own_errors else fixed("None")
    pending = string(calls.pending) if calls.pending else fixed("None")
    return lines(
        [
            assembled("PASSING = {}(", kind),
            assembled("    under={},", string(calls.under)),
            assembled("    direct={},", string_tuple(calls.direct)),
            assembled("    own_errors={},", own),
            assembled("    pending={},", pending),
            *_tuple("credentials", alternatives),
            fixed(")"),
        ]
    )
