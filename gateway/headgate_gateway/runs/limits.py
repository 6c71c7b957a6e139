"""A run's limits, with the defaults of the specification."""

from dataclasses import dataclass
from typing import Any, Literal, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """``RunConfig``, complete."""

    max_turns: int = 8
    max_tool_calls: int = 20
    max_tokens: int = 0
    """0: no limit."""
    timeout_ms: int = 60_000
    parallel_tools: bool = True
    tool_timeout_ms: int = 30_000
    on_disconnect: Literal["continue", "cancel"] = "continue"

    @classmethod
    def of(cls, config: dict[str, Any] | None) -> Self:
        """The limits that a request asks for."""
        return cls(**(config or {}))
