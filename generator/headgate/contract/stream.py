"""A declared stream made ready to run: moves by state and event, schemas, siblings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headgate.contract.declaration import (
    EVERY_EVENT,
    Condition,
    Declaration,
    Effect,
    Nested,
    Transition,
)
from headgate.contract.expressions import (
    Constant,
    FieldTree,
    Value,
    merge_fields,
)
from headgate.contract.payloads import Payloads
from headgate.contract.problems import Problem
from headgate.contract.reading import read_declaration
from headgate.document.json_values import JsonObject


class DeclarationError(ValueError):
    """A document whose stream declarations cannot be used."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{p.pointer}: {p.message}" for p in problems))


@dataclass(frozen=True, slots=True)
class Move:
    """All that an event means in a state, joined from the declaration's parts.

    `fields` is what the expressions read of the event.
    """

    require: tuple[Condition, ...]
    set: tuple[tuple[str, Value], ...]
    fields: FieldTree | None
    to: str | None
    ended: str | None
    nested: Nested | None


class Stream:
    """A declaration, its events' schemas, and the streams declared beside it."""

    def __init__(
        self,
        declaration: Declaration,
        payloads: Payloads,
        siblings: Mapping[str, Stream],
    ) -> None:
        self.declaration = declaration
        self.payloads = payloads
        self.endings = _endings(declaration)
        self.known = declaration.events()
        self._siblings = siblings
        self._moves: dict[tuple[str, str], Move | None] = {}

    @property
    def name(self) -> str:
        """The stream's name in its document."""
        return self.declaration.name

    def sibling(self, name: str) -> Stream:
        """Give another stream of the same document."""
        return self._siblings[name]

    def move(self, state: str, event: str) -> Move | None:
        """Give what an event means in a state; None if it is out of place there."""
        key = (state, event)
        if key not in self._moves:
            self._moves[key] = _move(self.declaration, state, event)
        return self._moves[key]


def streams_of(bundle: JsonObject) -> dict[str, Stream]:
    """Give the streams that a bundled OpenAPI document declares, by name.

    Raises `DeclarationError` with all problems if there are any.
    """
    declared, problems = read_declarations(bundle)
    if problems:
        raise DeclarationError(problems)
    streams: dict[str, Stream] = {}
    for name, declaration in declared.items():
        payloads = Payloads(bundle, declaration)
        streams[name] = Stream(declaration, payloads, streams)
    return streams


def read_declarations(
    bundle: JsonObject,
) -> tuple[dict[str, Declaration], tuple[Problem, ...]]:
    """Read every declaration under `x-streams`, and all that is wrong with them."""
    section = bundle.get("x-streams")
    declared: dict[str, Declaration] = {}
    problems: list[Problem] = []
    if not isinstance(section, dict):
        return declared, ()
    for name, data in section.items():
        if isinstance(data, dict):
            root = ("x-streams", name)
            declared[name], found = read_declaration(name, data, root=root)
            problems.extend(found)
    for declaration in declared.values():
        problems.extend(_unknown_siblings(declaration, declared))
        if declaration.event is not None:
            problems.extend(Payloads(bundle, declaration).problems())
    return declared, tuple(problems)


def _unknown_siblings(
    declaration: Declaration, declared: Mapping[str, Declaration]
) -> list[Problem]:
    return [
        Problem(
            "stream-nested",
            f"#/x-streams/{declaration.name}/nested/{event}/stream",
            f"there is no stream {nested.stream!r}",
        )
        for event, nested in declaration.nested.items()
        if nested.stream not in declared
    ]


def _endings(declaration: Declaration) -> dict[str, str]:
    """Give the events that end the stream wherever they come, and their ends."""
    endings: dict[str, str] = {}
    for events in (*declaration.states.values(), declaration.from_any):
        for event, transition in events.items():
            target = transition.to
            if target is not None and target in declaration.ends:
                endings[event] = target
    return endings


def _move(declaration: Declaration, state: str, event: str) -> Move | None:
    transition = declaration.transition(state, event)
    if transition is None:
        return None
    effects = [
        effect
        for name in (EVERY_EVENT, event)
        if (effect := declaration.always.get(name)) is not None
    ]
    effects.append(transition.effect)
    return _join(effects, transition, declaration.nested.get(event))


def _join(effects: list[Effect], transition: Transition, nested: Nested | None) -> Move:
    require = tuple(condition for effect in effects for condition in effect.require)
    registers: dict[str, Value] = {}
    for effect in effects:
        registers.update(effect.set)
    read = [condition.test.fields for condition in require]
    read += [
        value.fields for value in registers.values() if not isinstance(value, Constant)
    ]
    return Move(
        require=require,
        set=tuple(registers.items()),
        fields=merge_fields(read),
        to=transition.to,
        ended=transition.ended,
        nested=nested,
    )
