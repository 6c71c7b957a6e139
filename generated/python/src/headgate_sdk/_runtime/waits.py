# Fixed runtime of a generated SDK: the same source in every package.
"""Asking until something is decided, with a server that waits before it answers."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .errors import APIError, APITimeoutError, Problem, SDKError
from .settings import RequestOptions

if TYPE_CHECKING:
    from .models import ApiModel
    from .pending import Blocking, Refusal

Found = TypeVar("Found", bound="ApiModel")

_GRACE = 30.0
"""Seconds beyond the server's own wait after which its answer is late."""
_PAUSE = 0.5
"""Seconds to wait before asking again a server that did not wait itself."""


class Asking:
    """How long the server may wait each time it is asked, until the time is over."""

    def __init__(self, timeout: float, *, most: int) -> None:
        self._timeout = timeout
        self._end = time.monotonic() + timeout
        self._most = most
        self._asked = 0.0
        self.seconds = 0

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return self._end <= time.monotonic()

    def ask(self) -> int:
        """Give the seconds that the server may wait; raises when the time is over."""
        self._asked = time.monotonic()
        left = self._end - self._asked
        if left <= 0:
            raise self.too_late()
        self.seconds = min(self._most, math.ceil(left))
        return self.seconds

    def too_late(self) -> SDKError:
        """Give the error of a caller whose time is over."""
        return APITimeoutError("total", connected=True)

    def settled(self, found: Found) -> Found:
        """Give what was decided."""
        return found

    def refused(
        self,
        rule: Blocking,
        refusal: Refusal,
        found: Mapping[str, Any],
        id_: object,
        first: APIError | None = None,
    ) -> APIError:
        """Give the error for what was found; `first` is a pending answer's."""
        details = {rule.id: id_} | {
            detail: found[name]
            for detail, name in rule.details
            if found.get(name) is not None
        }
        if refusal is rule.late and rule.limit is not None:
            details[rule.limit] = self._timeout
        problem = Problem(
            message=refusal.message,
            status_code=refusal.status or (first.status_code if first else 0),
            headers=first.headers if first else {},
            body=found,
            type=refusal.type,
            code=refusal.code,
            request_id=first.request_id if first else None,
            details=details,
        )
        error = refusal.error(problem)
        error.is_answer = False
        return error

    def patient(self, options: Any) -> Any:
        """Give a call's options with a first byte that may come after the wait."""
        given = cast("RequestOptions", options or {})
        timeouts = {"first_byte": self.seconds + _GRACE, **given.get("timeouts", {})}
        return cast("Any", {**given, "timeouts": timeouts})

    def pause(self) -> None:
        """Wait before asking again, unless the server did."""
        time.sleep(self.rest)

    async def pause_async(self) -> None:
        """Wait before asking again, unless the server did, without blocking."""
        from asyncio import sleep

        await sleep(self.rest)

    @property
    def rest(self) -> float:
        """Seconds to wait before asking again, none if the server waited."""
        now = time.monotonic()
        has_waited = now - self._asked >= _PAUSE
        return 0 if has_waited else max(0, min(_PAUSE, self._end - now))


class Deciding(Asking):
    """The same until a rule's decision, which may be an error."""

    def __init__(self, rule: Blocking, id_: str, *, timeout: float) -> None:
        super().__init__(timeout, most=rule.most)
        self._rule = rule
        self._id = id_

    def too_late(self) -> SDKError:
        """Give the error that the rule has for it."""
        return self.refused(self._rule, self._rule.late, {}, self._id)

    def settled(self, found: Found) -> Found:
        """Give what was decided; raises what the rule says is an error."""
        raw = found.to_dict()
        value = raw.get(self._rule.field)
        if value in self._rule.raised:
            refusal = self._rule.refusals[str(value)]
            raise self.refused(self._rule, refusal, raw, self._id)
        return found
