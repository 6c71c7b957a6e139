"""What the read-me shows of what a client has beside its calls.

What is shown, in which order and with which values is decided here, once; each
language writes the samples in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, TypeAlias, assert_never

from headgate.encoding.code import Code, fixed
from headgate.encoding.markup import markdown_prose
from headgate.ir.operations import PathLiteral, PathVariable
from headgate.ir.types import Ref, Struct
from headgate.plan.examples import Examples, NoExampleError, Stated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import LiteralString

    from headgate.document.json_values import Json
    from headgate.ir.api import Api, DeclaredHeader, HeaderKind
    from headgate.ir.operations import Operation
    from headgate.ir.surface import Blocking, Builder, RawCalls, ScopeArgument, Turn
    from headgate.ir.surface import Scope as ScopeMethod
    from headgate.ir.surface import Wait as WaitMethod

_SECONDS: Final = 300
"""How long the samples wait for a person."""

_NUMBERS: Final[frozenset[HeaderKind]] = frozenset({"integer", "number"})


Plain: TypeAlias = str | int | float
"""What each language's methods take as it is."""


@dataclass(frozen=True, slots=True)
class Step:
    """A turn of a builder, and what it is given."""

    turn: Turn
    values: tuple[Plain, ...]


@dataclass(frozen=True, slots=True)
class Steps:
    """A body that is put together: what it begins with, and its steps."""

    builder: Builder
    operation: Operation
    given: tuple[Plain, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Scoped:
    """A scope and the arguments that it is given."""

    scope: ScopeMethod
    given: tuple[tuple[ScopeArgument, str], ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """A call of a path that the API passes on."""

    path: str


@dataclass(frozen=True, slots=True)
class Waited:
    """A wait for what is named `id`."""

    wait: WaitMethod
    id: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """A call of a path that waits for a decision itself."""

    wait: WaitMethod
    blocking: Blocking
    path: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Declared:
    """An answer of an operation, and headers of it that are read."""

    operation: Operation
    headers: tuple[DeclaredHeader, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """An answer of an operation whose vectors are compared."""

    operation: Operation


Feature: TypeAlias = Steps | Scoped | Passed | Waited | Blocked | Declared | Compared


class Writer(Protocol):
    """Writes samples in a language; raises NoExampleError where there is none."""

    measured: ClassVar[str]
    """The method of a builder that says what its call took."""

    def steps(self, feature: Steps) -> Code:
        """Give statements that put a body together and send it."""
        ...

    def scoped(self, feature: Scoped) -> Code:
        """Give statements that make a scope."""
        ...

    def passed(self, feature: Passed) -> Code:
        """Give statements that call a path."""
        ...

    def waited(self, feature: Waited) -> Code:
        """Give statements that wait for a decision."""
        ...

    def blocked(self, feature: Blocked) -> Code:
        """Give statements that make a call which waits for a decision."""
        ...

    def declared(self, feature: Declared) -> Code:
        """Give statements that read headers of an answer."""
        ...

    def compared(self, feature: Compared) -> Code:
        """Give statements that compare the vectors of an answer."""
        ...


@dataclass(frozen=True, slots=True)
class FeaturePage:
    """Something that a client has, said and shown; `title` is empty but once."""

    title: Code
    about: Code
    sample: Code


def feature_pages(api: Api, writer: Writer) -> tuple[FeaturePage, ...]:
    """Show whatever the document declares."""
    pages: list[FeaturePage] = []
    titles: set[str] = set()
    for title, about, feature in _features(api, writer.measured):
        try:
            sample = _sample(feature, writer)
        except NoExampleError:
            continue
        shown = fixed("") if title in titles else fixed(title)
        titles.add(title)
        pages.append(FeaturePage(shown, markdown_prose(_paragraph(about)), sample))
    return tuple(pages)


def _sample(feature: Feature, writer: Writer) -> Code:
    match feature:
        case Steps():
            return writer.steps(feature)
        case Scoped():
            return writer.scoped(feature)
        case Passed():
            return writer.passed(feature)
        case Waited():
            return writer.waited(feature)
        case Blocked():
            return writer.blocked(feature)
        case Declared():
            return writer.declared(feature)
        case Compared():
            return writer.compared(feature)
        case _:
            assert_never(feature)


def _features(api: Api, measured: str) -> Iterator[tuple[LiteralString, str, Feature]]:
    operations = {each.id: each for each in api.operations}
    surface = api.surface
    for builder in surface.builders:
        operation = operations[builder.operation]
        text = builder.docs.text or "Puts a body together step by step."
        if operation.stream is not None:
            text += " With `stream` in place of `execute` it gives the events."
        if not operation.only_streams:
            text += f" With `{measured}` it says as well what the call took."
        steps = _steps(api, builder, operation)
        if steps is not None:
            yield "Step by step", text, steps
    for scope in surface.scopes:
        text = scope.docs.text or "Gives the same client with headers of its own."
        yield "Scopes", text, _scoped(scope)
    for wait in surface.waits:
        text = wait.docs.text or "Waits until it is decided."
        id_ = _id(wait, operations[wait.operation])
        yield "Decisions", text, Waited(wait, id_, _SECONDS)
    if surface.calls is not None:
        yield from _passing(api, surface.calls)
    yield from _answers(api)


def _passing(api: Api, calls: RawCalls) -> Iterator[tuple[LiteralString, str, Feature]]:
    path, wait = _path(api, calls), api.surface.blocking
    text = calls.docs.text or "Calls by path what has no method of its own."
    yield "Calls by path", text, Passed(path)
    if calls.pending and wait is not None and wait.blocking is not None:
        text = (
            "A call that somebody has to permit first ends with an error that names"
            " what to wait for. Told how long it may take, it waits itself, and gives"
            " what came of it."
        )
        yield "Calls by path", text, Blocked(wait, wait.blocking, path, _SECONDS)


def _answers(api: Api) -> Iterator[tuple[LiteralString, str, Feature]]:
    declared = _declared(api)
    if declared is not None:
        text = "Headers that the API declares are read as what they are declared to be."
        yield "Headers", text, declared
    vectors = api.content.vectors
    if vectors is not None:
        for operation in api.operations:
            found = operation.result.type if operation.result else None
            if found == Ref(vectors.type) and _is_object(api, operation):
                text = "The vectors of an answer are compared without another package."
                yield "Vectors", text, Compared(operation)
                return


def _steps(api: Api, builder: Builder, operation: Operation) -> Steps | None:
    """Take the steps of the operation's example, or the first that there are."""
    examples = Examples(api.definitions)
    try:
        body = examples.value(
            Ref(builder.body), stated=operation.body.example if operation.body else None
        )
        given = _picked(body, builder.given)
        steps = _stated_steps(api, builder, operation)
        steps = steps or [_least_step(api, each) for each in builder.turns[:2]]
    except NoExampleError:
        return None
    return Steps(builder, operation, given, tuple(steps))


def _stated_steps(api: Api, builder: Builder, operation: Operation) -> list[Step]:
    stated = operation.body.example if operation.body else None
    items = stated.get(builder.items) if isinstance(stated, dict) else None
    found: list[Step] = []
    for item in items if isinstance(items, list) else ():
        for turn in builder.turns:
            try:
                value = Stated(api.definitions).value(Ref(turn.type), item)
                found.append(Step(turn, _picked(value, turn.arguments)))
            except NoExampleError:
                continue
            break
    return found


def _least_step(api: Api, turn: Turn) -> Step:
    value = Examples(api.definitions).value(Ref(turn.type))
    return Step(turn, _picked(value, turn.arguments))


def _picked(value: Json, names: tuple[str, ...]) -> tuple[Plain, ...]:
    """Take fields of an object; raise NoExampleError if one is missing or not plain."""
    fields = value if isinstance(value, dict) else {}
    found = [fields.get(name) for name in names]
    plain = [each for each in found if isinstance(each, str | int | float)]
    if len(plain) < len(found):
        raise NoExampleError
    return tuple(plain)


def _scoped(scope: ScopeMethod) -> Scoped:
    given = [
        (each, each.example or _placeholder(each.name))
        for each in scope.arguments
        if each.required or each.example is not None
    ]
    return Scoped(scope, tuple(sorted(given, key=lambda pair: not pair[0].required)))


def _id(wait: WaitMethod, operation: Operation) -> str:
    found = [each for each in operation.parameters if each.name == wait.parameter]
    stated = next((each.example for each in found), None)
    return stated if isinstance(stated, str) else _placeholder(wait.parameter)


def _placeholder(name: str) -> str:
    return f"your-{name.replace('_', '-')}"


def _path(api: Api, calls: RawCalls) -> str:
    """Give a path that an operation's example passes on, or one that anybody has."""
    for operation in api.operations:
        match operation.path:
            case (PathLiteral(text=text), PathVariable(name=name)) if text == (
                f"{calls.under}/"
            ):
                known = {each.name: each.example for each in operation.parameters}
                stated = known.get(name)
                if isinstance(stated, str):
                    return f"/{stated.lstrip('/')}"
            case _:
                pass
    return "/customers/42"


def _declared(api: Api) -> Declared | None:
    """Find the first answer with headers, best with numbers in them."""
    known = {each.name.casefold(): each for each in api.headers}
    best: Declared | None = None
    for operation in api.operations:
        if operation.page is not None or not _is_object(api, operation):
            continue
        headers = [
            known[each.name.casefold()]
            for each in operation.headers
            if each.name.casefold() in known
        ]
        numbers = [each for each in headers if each.kind in _NUMBERS]
        if numbers:
            return Declared(operation, tuple(numbers[:2]))
        if headers and best is None:
            best = Declared(operation, tuple(headers[:1]))
    return best


def _is_object(api: Api, operation: Operation) -> bool:
    """Whether an operation always gives an object with fields."""
    result = operation.result
    if result is None or result.may_be_empty or not isinstance(result.type, Ref):
        return False
    return isinstance(api.definitions.get(result.type.id), Struct)


def _paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())
