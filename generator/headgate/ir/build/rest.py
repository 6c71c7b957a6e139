"""Places of operations that have no name but their verb and path.

Fixed parts of a path are resources, the verb is the method: `POST /pets/{id}/toys` is
`pets.toys.create`. A last part that is only posted to is a verb itself:
`POST /pets/{id}/feed` is `pets.feed`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.ir.build.reader import text_at
from headgate.names import snake, spelled, split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from headgate.ir.build.raw import RawOperation

_VARIABLE = re.compile(r"^\{.*\}$", re.DOTALL)
_NOISE = re.compile(r"^(v[0-9]+|api|rest)$", re.IGNORECASE)
_DEEPEST = 3
_ON_ONE = {"GET": "get", "POST": "update", "PUT": "replace", "PATCH": "update"}
_ON_ALL = {"GET": "list", "POST": "create", "PUT": "replace", "PATCH": "update"}
_CONTINUING = frozenset(
    {"limit", "page", "cursor", "offset", "after", "starting_after", "per_page"}
)


@dataclass(frozen=True, slots=True)
class Rest:
    """The paths of a document, and what is done with each."""

    verbs: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, operations: Iterable[RawOperation]) -> Rest:
        """Gather the paths of a document."""
        found: dict[str, set[str]] = {}
        for raw in operations:
            found.setdefault(raw.path, set()).add(raw.verb)
        return cls({path: frozenset(verbs) for path, verbs in found.items()})

    def place(self, raw: RawOperation) -> tuple[tuple[str, ...], str] | None:
        """Give resource and method, where the document has no better name."""
        if not _says_only_the_path(raw):
            return None
        parts = [part for part in raw.path.split("/") if part]
        fixed = _fixed(parts)
        if not fixed:
            return None
        if _VARIABLE.match(parts[-1]):
            return _nested(fixed), _ON_ONE.get(raw.verb, raw.verb.lower())
        if len(fixed) > 1 and self._is_verb(raw, parts):
            return _nested(fixed[:-1]), fixed[-1]
        method = _ON_ALL.get(raw.verb, raw.verb.lower())
        if method == "list" and not self._is_collection(raw):
            method = "get"
        return _nested(fixed), method

    def _is_verb(self, raw: RawOperation, parts: list[str]) -> bool:
        """Whether the last part says what is done with the thing before it."""
        above = raw.path.rstrip("/").rpartition("/")[0]
        is_behind = _VARIABLE.match(parts[-2]) is not None or above in self.verbs
        is_plural = parts[-1].endswith("s") and not parts[-1].endswith("ss")
        is_only_posted_to = self.verbs[raw.path] == frozenset({"POST"})
        is_thing = is_plural or self._has_things(raw.path)
        return is_behind and is_only_posted_to and not is_thing

    def _is_collection(self, raw: RawOperation) -> bool:
        names = {
            str(parameter.value.get("name"))
            for parameter in (
                *raw.item.items("parameters"),
                *raw.node.items("parameters"),
            )
        }
        return bool(names & _CONTINUING) or self._has_things(raw.path)

    def _has_things(self, path: str) -> bool:
        """Whether something below the path is told by a variable."""
        start = path.rstrip("/") + "/{"
        return any(other.startswith(start) for other in self.verbs)


def _says_only_the_path(raw: RawOperation) -> bool:
    """Whether an operation has no id, or one made of verb and path, and no tag."""
    named = text_at(raw.node.value, "operationId")
    if named is None:
        return True
    if raw.node.value.get("tags"):
        return False
    parts = [part for part in raw.path.split("/") if not _NOISE.match(part)]
    said = "".join(split_words(" ".join((raw.verb, *parts))))
    return "".join(split_words(named)) == said


def _fixed(parts: list[str]) -> tuple[str, ...]:
    found = [snake(split_words(part)) for part in parts if not _VARIABLE.match(part)]
    telling = [word for word in found if word and not _NOISE.match(word)]
    return tuple(spelled(word) for word in telling or found if word)


def _nested(fixed: tuple[str, ...]) -> tuple[str, ...]:
    """Give a resource that is not too deep: the rest is one word."""
    if len(fixed) <= _DEEPEST:
        return fixed
    return (*fixed[: _DEEPEST - 1], "_".join(fixed[_DEEPEST - 1 :]))
