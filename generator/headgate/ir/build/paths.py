"""From the paths of a declaration (`content[index].text`) to typed steps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headgate.ir.streams import FieldStep, IndexStep, NarrowStep
from headgate.ir.types import (
    Alias,
    Definition,
    Field,
    ListOf,
    Nullable,
    Ref,
    Struct,
    TypeExpr,
    TypeId,
    Union,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.streams import Path, Step

_TOKEN = re.compile(r"\[([A-Za-z0-9_.]+)\]|\.?([A-Za-z_][A-Za-z0-9_-]*)")


class PathProblem(Exception):
    """A path that the types do not have."""


@dataclass(slots=True)
class PathReader:
    """Follows paths through the definitions.

    `narrowed` holds what a guard has proved: the variant behind a path's text.
    """

    definitions: Mapping[TypeId, Definition]
    event: TypeExpr
    narrowed: dict[str, NarrowStep] = field(default_factory=dict[str, NarrowStep])

    def source(self, text: str) -> Path:
        """Follow a path from the event."""
        return self._follow(text, self.event, self.narrowed)

    def target(self, text: str, into: TypeExpr) -> Path:
        """Follow a path from the folded object."""
        return self._follow(text, into, {})

    def type_at(self, path: Path, start: TypeExpr) -> TypeExpr:
        """Give the type that a path leads to."""
        found = start
        for step in path:
            match step:
                case FieldStep(type=kind):
                    found = kind
                case IndexStep(item=item):
                    found = item
                case NarrowStep(variants=variants):
                    found = Ref(variants[0])
        return found

    def _follow(
        self, text: str, start: TypeExpr, narrowed: Mapping[str, NarrowStep]
    ) -> Path:
        steps: list[Step] = []
        current = start
        position = 0
        while position < len(text):
            token = _TOKEN.match(text, position)
            if token is None:
                raise PathProblem(f"'{text}' is no path")
            index, name = token.groups()
            if index is not None:
                step: Step = self._index(current, index)
                steps.append(step)
            else:
                found = self._field(current, name, narrowed.get(text[:position]))
                steps += found
            current = self.type_at(tuple(steps[-1:]), current)
            position = token.end()
        return tuple(steps)

    def _index(self, current: TypeExpr, by: str) -> IndexStep:
        found = self.settled(current)
        if not isinstance(found, ListOf):
            raise PathProblem(f"'[{by}]' is not after a list")
        return IndexStep(self.source(by), found.item)

    def _field(
        self, current: TypeExpr, name: str, proved: NarrowStep | None
    ) -> tuple[Step, ...]:
        settled = self.settled(current)
        definition = self._definition(settled)
        if isinstance(definition, Struct):
            return (field_step(definition, name),)
        if not isinstance(definition, Union):
            raise PathProblem(f"'{name}' is not in an object")
        narrow = proved or self._variants_with(definition, name)
        struct = self.definitions[narrow.variants[0]]
        if not isinstance(struct, Struct):
            raise PathProblem(f"'{name}' is not in an object")
        return (narrow, field_step(struct, name))

    def _variants_with(self, union: Union, name: str) -> NarrowStep:
        found: dict[TypeId, TypeExpr] = {}
        for variant in union.variants:
            struct = self._definition(self.settled(variant.type))
            if isinstance(struct, Struct):
                member = _find(struct, name)
                if member is not None:
                    found.setdefault(struct.id, member.type)
        kinds = list(found.values())
        same = tuple(i for i, kind in found.items() if kind == kinds[0])
        if not same:
            raise PathProblem(f"no variant of '{union.id}' has '{name}'")
        return NarrowStep(union.id, same)

    def settled(self, expression: TypeExpr) -> TypeExpr:
        """See through null and other names."""
        while True:
            definition = self._definition(expression)
            if isinstance(expression, Nullable):
                expression = expression.inner
            elif isinstance(definition, Alias):
                expression = definition.type
            else:
                return expression

    def _definition(self, expression: TypeExpr) -> Definition | None:
        if isinstance(expression, Ref):
            return self.definitions.get(expression.id)
        return None


def _find(struct: Struct, name: str) -> Field | None:
    return next((member for member in struct.fields if member.name == name), None)


def field_step(struct: Struct, name: str) -> FieldStep:
    """Give the step to a field of a struct."""
    member = _find(struct, name)
    if member is None:
        raise PathProblem(f"'{struct.id}' has no '{name}'")
    return FieldStep(struct.id, name, member.type, member.required)
