"""What a client has beside its operations: scopes, raw calls, waits and builders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.errors import Location
    from headgate.ir.types import Docs, TypeId


@dataclass(frozen=True, slots=True)
class ScopeArgument:
    """A text that a scope takes.

    `default` stands where it is not given; a `generated` one is then a new UUID,
    unless a scope around has set it. A `secret` one is shown to nobody. `example` is
    what a sample shows.
    """

    name: str
    docs: Docs
    required: bool = False
    default: str | None = None
    generated: bool = False
    secret: bool = False
    example: str | None = None


@dataclass(frozen=True, slots=True)
class ScopeHeader:
    """A header that a scope adds: `pieces` are texts and, in turn, arguments' names.

    The first piece is a text, the second an argument's name, and so on; the header is
    left out where an argument is absent.
    """

    name: str
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """A method of the client that gives the same client with headers of its own."""

    name: str
    arguments: tuple[ScopeArgument, ...]
    headers: tuple[ScopeHeader, ...]
    docs: Docs
    location: Location


@dataclass(frozen=True, slots=True)
class RawCalls:
    """How a client calls what the API passes on, by method and path alone.

    A path is put behind `under`, unless it begins with one of `direct`. Answers come
    back whatever their status; one with the header `own_errors` is the API's own, and
    a success with the header `pending` says that the answer is not there yet.
    `security` lists alternatives of scheme names, as operations have them.
    """

    under: str
    direct: tuple[str, ...]
    own_errors: str | None
    pending: str | None
    security: tuple[tuple[str, ...], ...]
    docs: Docs
    location: Location


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that is raised for what was decided, as the API would have answered it.

    `status`, `type` and `code` are the first that pick the class `name`, or the next
    class above it that has one.
    """

    name: str
    status: int | None
    type: str | None
    code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """Where an answer lies that came later: field `at` of what is asked for.

    The fields `status`, `headers` and `body` of the object there make the answer; it
    is not there while `at` is null. A body that is text stands as it was sent,
    anything else was JSON; where the field `encoding` says `base64` the text is that of
    the bytes that were sent.
    """

    at: str
    status: str
    headers: str
    body: str
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Blocking:
    """An option of calls that may be pending: wait, and give what came of the call.

    `id` is the detail of the pending error that names what to ask for. `refusals` pairs
    values of the wait's field with errors; with each value of `granted` the stored
    answer stands for the call's own. `late` is raised when the caller's time is over;
    its detail `limit`, if there is one, is for how many seconds he waited. `details`
    pairs each detail of those errors with the field that holds it. With a value of
    `raised` the wait by itself raises that error too, and gives any other.
    """

    option: str
    id: str
    answer: StoredAnswer
    granted: tuple[str, ...]
    refusals: tuple[tuple[str, Refusal], ...]
    late: Refusal
    details: tuple[tuple[str, str], ...]
    raised: tuple[str, ...] = ()
    limit: str | None = None

    @property
    def ends(self) -> dict[str, list[str]]:
        """The errors that end the wait by itself, with the values that raise them.

        The first is also raised when the caller's time is over.
        """
        found: dict[str, list[str]] = {self.late.name: []}
        refusals = dict(self.refusals)
        for value in self.raised:
            found.setdefault(refusals[value].name, []).append(value)
        return found


@dataclass(frozen=True, slots=True)
class Wait:
    """A method of the client that asks an operation until something is decided.

    The operation takes the id at path parameter `parameter` and waits itself, up to
    `most` seconds, for query parameter `query`. It is asked again while field `field`
    of its result is one of `pending`. `blocking` is the option of other calls that
    waits in the same way for what came of them.
    """

    name: str
    operation: str
    parameter: str
    query: str
    most: int
    field: str
    pending: tuple[str, ...]
    docs: Docs
    location: Location
    blocking: Blocking | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A method of a builder that adds an item: `type` with `arguments` filled in."""

    name: str
    type: TypeId
    arguments: tuple[str, ...]
    docs: Docs


@dataclass(frozen=True, slots=True)
class Builder:
    """A method beside an operation that puts its body together step by step.

    Turns are added to the list at `items`; `given` are the fields that it begins with;
    every other field of the body has a method of its own.
    """

    name: str
    operation: str
    body: TypeId
    given: tuple[str, ...]
    items: str
    turns: tuple[Turn, ...]
    docs: Docs
    location: Location


@dataclass(frozen=True, slots=True)
class Surface:
    """What `x-scopes`, `x-calls`, `x-waits` and `x-builders` declare."""

    scopes: tuple[Scope, ...] = ()
    calls: RawCalls | None = None
    waits: tuple[Wait, ...] = ()
    builders: tuple[Builder, ...] = ()

    @property
    def blocking(self) -> Wait | None:
        """The wait that is also an option of calls that may be pending."""
        return next((each for each in self.waits if each.blocking), None)
