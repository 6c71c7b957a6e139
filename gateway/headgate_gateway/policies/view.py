"""A request, and later its answer, as policies see them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from headgate_gateway.audit.attribution import agent_name
from headgate_gateway.json import JsonObject, is_list, is_object

_ONLY_WITH = {"workspaces.update": frozenset({"context", "model", "system_prompt"})}
"""Fields without which policies leave an operation alone: those that a model is told.

Who answers in a workspace is for people: no policy may keep them from taking over.
"""


class Several(tuple[Any, ...]):
    """Values of one name, each of which counts: nobody knows which one is taken."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What fields such as ``request.body.model`` are read from."""

    operation: str
    project_id: str
    method: str = ""
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """By name in lower case."""
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Values by name; ``Several`` of what is said more than once."""
    body: Any = None
    body_size: int = 0
    key_id: str | None = None
    ip: str | None = None
    tool: JsonObject | None = None
    """A tool call of a run: name, effect_class, input."""
    usage: JsonObject | None = None
    """What the key has used."""
    status: int | None = None
    answer: Any = None

    @property
    def is_governed(self) -> bool:
        """Whether it has something that policies are for."""
        fields = _ONLY_WITH.get(self.operation)
        return fields is None or (
            is_object(self.body) and not fields.isdisjoint(self.body)
        )

    @property
    def agent(self) -> str | None:
        """Who asks."""
        return agent_name(self.headers)

    def values(self, path: str) -> list[Any]:
        """What stands at a path; several values where it has ``*``, none of nothing."""
        return [
            value for value in _at(self._tree(), path.split(".")) if value is not None
        ]

    def _tree(self) -> JsonObject:
        now = datetime.now(UTC)
        return {
            "request": {
                "operation": self.operation,
                "method": self.method,
                "path": self.path,
                "headers": self.headers,
                "query": self.query,
                "body": self.body,
                "body_size": self.body_size,
            },
            "response": {"status": self.status, "body": self.answer},
            "tool": self.tool,
            "usage": self.usage,
            "agent": {"name": self.agent},
            "key": {"id": self.key_id, "project_id": self.project_id},
            "context": {
                "ip": self.ip,
                "hour": now.hour,
                "weekday": now.weekday(),
            },
        }


def _at(value: Any, steps: list[str]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    for child in _children(value, step):
        yield from _at(child, rest)


def _children(value: Any, step: str) -> list[Any]:
    """The values one step into an object or a list."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value)
        if step == "*":
            return [each for found in pairs.values() for each in _each(found)]
        return _each(pairs.get(step, pairs.get(step.lower())))
    if is_list(value):
        if step == "*":
            return value
        return value[int(step) : int(step) + 1] if step.isdecimal() else []
    return []


def _each(found: Any) -> list[Any]:
    if isinstance(found, Several):
        return list(found)
    return [] if found is None else [found]
