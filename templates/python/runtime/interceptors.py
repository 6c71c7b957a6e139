# Fixed runtime of a generated SDK: the same source in every package.
"""What may look on while calls are made, and the log that does."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import SDKError
from .models import HttpResponse
from .redaction import Redactor

LOGGER = logging.getLogger(__name__.partition("._runtime")[0])
"""The package's logger: requests and answers at DEBUG, repetitions at INFO."""


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One attempt of a call, counted from 1; its headers may be changed.

    `kept` is for interceptors: what one puts there it finds again when the attempt
    has ended. Its representation shows nothing that could be secret.
    """

    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None
    number: int
    kept: dict[object, Any] = field(default_factory=dict[object, Any])

    def __repr__(self) -> str:
        address = self.url.partition("?")[0]
        return f"Attempt({self.method} {address}, number={self.number})"


class Interceptor:
    """Looks on while calls are made. A method that is not overridden does nothing.

    For every attempt a client's interceptors are called in the order in which they
    were given, then those of the call, from the thread or task that makes the call.
    What a method raises ends the call and reaches the caller as it is: the others are
    not called, nothing is repeated, and the connection is freed.
    """

    def before_request(self, attempt: Attempt) -> None:
        """See an attempt before it is sent; its headers may be changed."""

    def after_response(self, attempt: Attempt, response: HttpResponse) -> None:
        """See the head of an answer, whatever its status."""

    def on_retry(self, attempt: Attempt, error: SDKError, delay: float) -> None:
        """See why an attempt failed; another follows after `delay` seconds."""

    def on_error(self, attempt: Attempt, error: SDKError) -> None:
        """See the error that a call is about to raise."""

    def on_stream_event(self, event: Any) -> None:
        """See an event of a stream before it is delivered."""


class Observer(Interceptor):
    """Looks on for the SDK itself, which sees beside what a call comes to."""

    def on_answer(self, attempt: Attempt, response: HttpResponse) -> None:
        """See an answer that was read to its end, with the attempt of its call."""


class CallLog(Interceptor):
    """Writes to the package's logger, with nothing secret in it."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor

    def before_request(self, attempt: Attempt) -> None:
        """Log what is sent."""
        if LOGGER.isEnabledFor(logging.DEBUG):
            url = self.redactor.text(attempt.url)
            headers = self.redactor.headers(attempt.headers)
            line = "%s %s, attempt %d, headers %s"
            LOGGER.debug(line, attempt.method, url, attempt.number, headers)

    def after_response(self, attempt: Attempt, response: HttpResponse) -> None:
        """Log what was answered."""
        if LOGGER.isEnabledFor(logging.DEBUG):
            url = self.redactor.text(attempt.url)
            headers = self.redactor.headers(response.headers)
            line = "%s %s answered %d, headers %s"
            LOGGER.debug(line, attempt.method, url, response.status_code, headers)

    def on_retry(self, attempt: Attempt, error: SDKError, delay: float) -> None:
        """Log why it takes another attempt."""
        if LOGGER.isEnabledFor(logging.INFO):
            shown = self.redactor.text(f"{attempt.method} {attempt.url}: {error}")
            LOGGER.info("%s; again in %.3f s", shown, delay)

    def on_error(self, attempt: Attempt, error: SDKError) -> None:
        """Log why the call failed."""
        if LOGGER.isEnabledFor(logging.INFO):
            shown = self.redactor.text(f"{attempt.method} {attempt.url}: {error}")
            LOGGER.info("%s", shown)


class Interceptors:
    """All interceptors of a client or of a call, called in order."""

    def __init__(self, log: CallLog, others: Sequence[Interceptor]) -> None:
        self._log = log
        self._all = (log, *others)
        self._others = tuple(others)
        self.redactor = log.redactor

    def followed_by(self, others: Sequence[Interceptor]) -> Interceptors:
        """Give these, and others that are called after them."""
        return Interceptors(self._log, (*self._others, *others))

    def before_request(self, attempt: Attempt) -> None:
        """Tell all."""
        for each in self._all:
            each.before_request(attempt)

    def after_response(self, attempt: Attempt, response: HttpResponse) -> None:
        """Tell all."""
        for each in self._all:
            each.after_response(attempt, response)

    def on_retry(self, attempt: Attempt, error: SDKError, delay: float) -> None:
        """Tell all."""
        for each in self._all:
            each.on_retry(attempt, error, delay)

    def on_error(self, attempt: Attempt, error: SDKError) -> None:
        """Tell all."""
        for each in self._all:
            each.on_error(attempt, error)

    def on_answer(self, attempt: Attempt, response: HttpResponse) -> None:
        """Tell the SDK's own."""
        for each in self._others:
            if isinstance(each, Observer):
                each.on_answer(attempt, response)

    @property
    def see_events(self) -> bool:
        """Whether anyone is there to see a stream's events."""
        return bool(self._others)

    def on_stream_event(self, event: Any) -> None:
        """Tell all but the log, which keeps no events."""
        for each in self._others:
            each.on_stream_event(event)
