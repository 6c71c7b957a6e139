"""From `call` of a wait to the option of calls that waits for what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headgate.ir.build.paths import PathProblem, PathReader, field_step
from headgate.ir.build.reader import as_list, as_object, text_at
from headgate.ir.surface import Blocking, Refusal, StoredAnswer
from headgate.ir.types import Ref, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headgate.ir.api import ErrorClass, ErrorModel
    from headgate.ir.build.reader import Node
    from headgate.ir.types import Definition, TypeId

_RESULT: Final = "result"
"""What `answers` says of a value with which the stored answer is the call's own."""


@dataclass(frozen=True, slots=True)
class BlockingReader:
    """Reads the option `call` of a wait for `struct`; raises where it does not fit."""

    call: Node
    struct: Struct
    definitions: Mapping[TypeId, Definition]
    errors: ErrorModel

    def read(self, name: str) -> Blocking:
        """Read the option, which is called like the wait unless it says otherwise."""
        value = self.call.value
        answers = as_object(value.get("answers"))
        granted = tuple(each for each, says in answers.items() if says == _RESULT)
        if not granted:
            raise PathProblem("with no answer of 'call' is there a result")
        return Blocking(
            option=text_at(value, "option") or name,
            id=self._id(),
            answer=self._stored(as_object(value.get("response"))),
            granted=granted,
            refusals=tuple(
                (each, self._refusal(str(says)))
                for each, says in answers.items()
                if says != _RESULT
            ),
            raised=self._raised(answers),
            late=self._refusal(str(value.get("timeout"))),
            limit=text_at(value, "limit"),
            details=tuple(
                (detail, field_step(self.struct, str(field)).name)
                for detail, field in as_object(value.get("details")).items()
            ),
        )

    def _raised(self, answers: Mapping[str, object]) -> tuple[str, ...]:
        """Read with which values the wait itself raises what `answers` says."""
        values = tuple(map(str, as_list(self.call.value.get("raised"))))
        for each in values:
            if answers.get(each, _RESULT) == _RESULT:
                raise PathProblem(f"'answers' names no error for '{each}'")
        return values

    def _id(self) -> str:
        name, pending = str(self.call.value.get("id")), self.errors.pending
        if pending is None:
            raise PathProblem("there is no operation whose answer can be pending")
        if name not in {each.name for each in pending.details}:
            raise PathProblem(f"'{pending.name}' has no detail '{name}'")
        return name

    def _stored(self, places: dict[str, object]) -> StoredAnswer:
        at = field_step(self.struct, str(places.get("at")))
        paths = PathReader(self.definitions, Ref(self.struct.id))
        type_ = paths.settled(at.type)
        inner = self.definitions.get(type_.id) if isinstance(type_, Ref) else None
        if not isinstance(inner, Struct):
            raise PathProblem(f"'{at.name}' is no object with fields")
        status, headers, body = (
            field_step(inner, str(places.get(key))).name
            for key in ("status", "headers", "body")
        )
        encoding = places.get("encoding")
        if encoding is not None:
            encoding = field_step(inner, str(encoding)).name
        return StoredAnswer(at.name, status, headers, body, encoding)

    def _refusal(self, name: str) -> Refusal:
        known = {each.name: each for each in self.errors.classes}
        found = known.get(name)
        if found is None:
            raise PathProblem(f"there is no error class '{name}'")
        line = [*_ancestry(found, known)]
        return Refusal(
            name=name,
            status=next((each.statuses[0] for each in line if each.statuses), None),
            type=next((each.types[0] for each in line if each.types), None),
            code=next((each.codes[0] for each in line if each.codes), None),
            message=found.docs.text,
        )


def _ancestry(
    found: ErrorClass, known: Mapping[str, ErrorClass]
) -> Iterator[ErrorClass]:
    """Walk from a class to the root of its tree; no class stands in it twice."""
    seen: set[str] = set()
    each: ErrorClass | None = found
    while each is not None and each.name not in seen:
        seen.add(each.name)
        yield each
        each = known.get(each.parent or "")
