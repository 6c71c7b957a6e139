# Fixed runtime of a generated SDK: the same source in every package.
"""What a call took, beside its result."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from .interceptors import Attempt, Observer
from .models import HttpResponse

Options = TypeVar("Options")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStats:
    """What a call took, and of the answer that it came to what is not its body.

    `duration` is in seconds, from the call to its whole answer; `attempts` counts
    the first one too.
    """

    duration: float
    attempts: int
    status: int
    request_id: str | None


class StopWatch(Observer):
    """Looks on at one call, from when it is made."""

    stats: CallStats
    """Known when the call has given its result."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def on_answer(self, attempt: Attempt, response: HttpResponse) -> None:
        """Note an answer; where one was waited for, the last is that of the call."""
        self.stats = CallStats(
            duration=time.monotonic() - self._begun,
            attempts=attempt.number,
            status=response.status_code,
            request_id=response.request_id,
        )

    def added_to(self, options: Options | None) -> Options:
        """Give a call's options with this one in them.

        The call is strict, because one whose failure is kept back has no answer.
        """
        own = cast("dict[str, Any]", options or {})
        interceptors = (*own.get("interceptors", ()), self)
        return cast("Options", {**own, "interceptors": interceptors, "strict": True})
