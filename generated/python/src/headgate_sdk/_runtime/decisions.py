# Fixed runtime of a generated SDK: the same source in every package.
"""Answers that are not there yet: raised, or waited for where the caller says so."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import httpx2

from .errors import (
    APIError,
    ConfigurationError,
    Problem,
    ResponseDecodeError,
    as_object,
    readable,
)
from .pending import Blocking, PendingRule, Refusal, StoredAnswer
from .requests import Arguments, Operation, Request
from .settings import RequestOptions
from .waits import Asking

if TYPE_CHECKING:
    from .calls import Caller
    from .models import HttpResponse
    from .network import Reply

Build: TypeAlias = Callable[[Operation, Arguments, RequestOptions], Request]

_ANY_TIME = 300.0
"""Seconds to wait for where a caller says only that he waits."""
_OF_ONE_REQUEST = ("extra_body", "query", "idempotency_key")
"""The options of a call that are no matter of the calls that ask what came of it."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """A caller's wish to wait: how, how long, and with which requests."""

    blocking: Blocking
    asking: Asking
    options: RequestOptions
    build: Build

    def request(self, id_: str) -> Request:
        """Give the request that asks once more."""
        seconds = self.asking.ask()
        arguments = Arguments(
            path={self.blocking.parameter: id_}, query={self.blocking.query: seconds}
        )
        options = self.asking.patient(self.options)
        return self.build(self.blocking.operation, arguments, options)

    def refused(
        self, refusal: Refusal, found: Mapping[str, Any], first: APIError
    ) -> APIError:
        """Give the error for what was found; `first` is the pending answer's."""
        id_ = first.details.get(self.blocking.id)
        return self.asking.refused(self.blocking, refusal, found, id_, first)


@dataclass(frozen=True, slots=True)
class PendingCall:
    """How a call is told that its answer is not there yet, and what it does then."""

    rule: PendingRule
    statuses: tuple[int, ...]
    header: str | None
    wait: _Wait | None

    def is_told_by(self, reply: Reply) -> bool:
        """Say whether a success says that the answer is not there yet."""
        is_marked = self.header is not None and self.header in reply.headers
        return is_marked or reply.status_code in self.statuses

    async def decided(
        self, content: bytes, answer: HttpResponse, caller: Caller
    ) -> Reply:
        """Give what came of the call; raises where nobody waits, or nothing came."""
        first = self._error(content, answer, caller.product.errors.fields.request_id)
        wait = self.wait
        if wait is None:
            raise first
        rule, found = wait.blocking, cast("Mapping[str, Any]", {})
        while not wait.asking.is_over:
            request = wait.request(str(first.details.get(rule.id)))
            read, _ = await caller.fetch(request, bytes)
            found = as_object(readable(read))
            value, stored = found.get(rule.field), as_object(found.get(rule.answer.at))
            if value in rule.granted and stored:
                return StoredReply.of(stored, rule.answer)
            refusal = rule.refusals.get(str(value))
            if refusal is not None:
                raise wait.refused(refusal, found, first)
            if value not in rule.granted and value not in rule.pending:
                raise first
            await caller.network.sleep(wait.asking.rest, request.cancel)
        raise wait.refused(rule.late, found, first)

    def _error(
        self, content: bytes, answer: HttpResponse, request_id: str | None
    ) -> APIError:
        body = readable(content)
        details = as_object(body)
        own_id = details.get(request_id or "")
        problem = Problem(
            message=self.rule.message,
            status_code=answer.status_code,
            headers=answer.headers,
            body=body,
            request_id=own_id if isinstance(own_id, str) else answer.request_id,
            details=details,
        )
        error = self.rule.error(problem)
        error.content, error.is_answer = content, False
        return error


@dataclass(slots=True)
class StoredReply:
    """An answer that was kept until somebody asked for it."""

    status_code: int
    headers: Mapping[str, str]
    _rest: bytes = field(repr=False)

    @classmethod
    def of(cls, stored: Mapping[str, Any], places: StoredAnswer) -> StoredReply:
        """Read the answer out of the object that holds it."""
        headers = as_object(stored.get(places.headers))
        return cls(
            status_code=int(stored.get(places.status, 200)),
            headers=httpx2.Headers({name: str(headers[name]) for name in headers}),
            _rest=_content(stored, places),
        )

    async def chunk(self) -> bytes:
        """Give the body, then nothing."""
        piece, self._rest = self._rest, b""
        return piece

    async def close(self) -> None:
        """Do nothing: no connection is held."""


def _content(stored: Mapping[str, Any], places: StoredAnswer) -> bytes:
    """Give the body that was sent."""
    body = stored.get(places.body)
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(body).encode()
    if places.encoding is None or stored.get(places.encoding) != "base64":
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise ResponseDecodeError("the body is no base64", raw=body) from error


def pending_call(
    rule: PendingRule, operation: Operation, options: RequestOptions, build: Build
) -> tuple[PendingCall, RequestOptions]:
    """Give what a call does while its answer is not there, and the options it takes."""
    wait = _wait(rule.blocking, options, build)
    call = PendingCall(rule, operation.pending, operation.pending_header, wait)
    if wait is None:
        return call, options
    preference = {"Prefer": f"wait={wait.asking.ask()}"}
    patient: RequestOptions = wait.asking.patient(options).copy()
    patient["headers"] = {**preference, **options.get("headers", {})}
    return call, patient


def _wait(
    blocking: Blocking | None, options: RequestOptions, build: Build
) -> _Wait | None:
    given = cast("dict[str, Any]", options).get(blocking.option) if blocking else None
    if blocking is None or not given:
        return None
    seconds = _ANY_TIME if given is True else float(given)
    if not seconds > 0:
        raise ConfigurationError(f"{blocking.option} is no number of seconds")
    dropped = (blocking.option, *_OF_ONE_REQUEST)
    kept = {name: value for name, value in options.items() if name not in dropped}
    asking = Asking(seconds, most=blocking.most)
    return _Wait(blocking, asking, cast("RequestOptions", kept), build)
