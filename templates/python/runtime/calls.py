# Fixed runtime of a generated SDK: the same source in every package.
"""One call: its attempts, its answer, its error. Written once for both clients."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from itertools import count
from typing import Any

from pydantic import ValidationError

from .deadlines import Deadline
from .errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    ErrorTree,
    RequestCancelledError,
    ResponseDecodeError,
    SDKError,
)
from .interceptors import Attempt, Interceptors
from .models import UNNAMED, ApiModel, HttpResponse, attach, read_json
from .network import Network, Reply
from .requests import Request
from .retry import Retry, RetryPolicy, RetryQuota, Stop, decide, failure_of, retry_after
from .settings import Product
from .tokens import Grant, Tokens

_JITTER = random.SystemRandom()
_TURN = 0.01
"""Seconds after which to look again whether another call has fetched a token."""


class Caller:
    """Makes the calls of a client: sends, retries, raises, reads."""

    def __init__(
        self,
        network: Network,
        product: Product,
        policy: RetryPolicy,
        interceptors: Interceptors,
        *,
        throttled: Network | None = None,
    ) -> None:
        self.network = network
        self._sending = throttled or network
        self.product = product
        self.policy = policy
        self.interceptors = interceptors
        self.quota = RetryQuota(policy.quota)
        self._tokens = Tokens()

    def telling(self, interceptors: Interceptors) -> Caller:
        """Give the same caller, quota and tokens and all, with other interceptors."""
        other = copy(self)
        other.interceptors = interceptors
        return other

    def errors_of(self, headers: Mapping[str, str]) -> ErrorTree:
        """Give the errors of a request with those headers, without its secrets."""
        redactor = self.interceptors.redactor
        return self.product.errors.showing(
            lambda text: redactor.knowing(headers).text(text)
        )

    async def fetch(self, request: Request, form: Any) -> tuple[Any, HttpResponse]:
        """Make a call and give its answer as `form`, None: nothing is awaited."""
        deadline = Deadline(request.timeouts.total)
        reply, attempt = await self.open(request, deadline)
        try:
            content = await self._content(reply, deadline)
            answer = self.describe(reply)
            is_empty = not content and reply.status_code in (204, 205)
            is_awaited = form is not None and not is_empty
            found = decoded(content, form, answer) if is_awaited else None
        except SDKError as error:
            self.interceptors.on_error(attempt, error)
            raise
        self.interceptors.on_answer(attempt, answer)
        return found, answer

    async def open(self, request: Request, deadline: Deadline) -> tuple[Reply, Attempt]:
        """Give the answer of a call: a success, after as many attempts as allowed.

        One that is not there yet is waited for, if the caller said so, or raised.
        """
        reply, attempt = await self._succeed(request, deadline)
        pending = request.pending
        if pending is None or not pending.is_told_by(reply):
            return reply, attempt
        try:
            content, answer = await self._content(reply, deadline), self.describe(reply)
            begun = time.monotonic()
            reply = await pending.decided(content, answer, self)
            deadline.put_off(time.monotonic() - begun)
            if not 200 <= reply.status_code < 300:
                raise await self._refusal(reply, deadline, attempt.headers)
        except SDKError as error:
            self.interceptors.on_error(attempt, error)
            raise
        return reply, attempt

    async def _succeed(
        self, request: Request, deadline: Deadline
    ) -> tuple[Reply, Attempt]:
        """Give the first answer that is a success; raises the last attempt's error."""
        spent = 0
        for number in count(1):
            attempt = attempt_of(request, number)
            try:
                reply = await self.send(request, attempt, deadline)
            except (APIError, APIConnectionError) as error:
                decision = self._decide(request, error, number, deadline)
                if isinstance(decision, Stop):
                    self.interceptors.on_error(attempt, error)
                    raise
                self.interceptors.on_retry(attempt, error, decision.delay)
            except RequestCancelledError as error:
                self.interceptors.on_error(attempt, error)
                raise
            else:
                self.quota.give_back(spent)
                return reply, attempt
            self.quota.spend(decision.cost)
            spent += decision.cost
            await self.network.sleep(decision.delay, request.cancel)
        raise AssertionError("attempts are counted without end")

    def _decide(
        self, request: Request, error: SDKError, number: int, deadline: Deadline
    ) -> Retry | Stop:
        return decide(
            failure_of(error),
            self.policy,
            attempt=number,
            max_attempts=request.max_attempts,
            repeatable=request.repeatable,
            quota=self.quota.left,
            remaining=deadline.remaining,
            random=_JITTER.random(),
        )

    async def send(
        self, request: Request, attempt: Attempt, deadline: Deadline
    ) -> Reply:
        """Make one attempt; an answer that is no success is raised."""
        deadline.check()
        waits = deadline.waits(request.timeouts)
        if request.grant is not None:
            await self._authorize(request, request.grant, attempt, deadline)
        self.interceptors.before_request(attempt)
        try:
            reply = await self._sending.send(request, attempt.headers, waits)
            if reply.status_code == 401 and request.grant is not None:
                # The token may have been withdrawn before its time: once more.
                await reply.close()
                used = attempt.headers.get("authorization", "")[len("Bearer ") :]
                self._tokens.forget(request.grant, used)
                await self._authorize(request, request.grant, attempt, deadline)
                reply = await self._sending.send(request, attempt.headers, waits)
        except APITimeoutError as error:
            raise deadline.named(error) from error.__cause__
        try:
            self.interceptors.after_response(attempt, self.describe(reply))
        except BaseException:
            await reply.close()
            raise
        if 200 <= reply.status_code < 300:
            return reply
        raise await self._refusal(reply, deadline, attempt.headers)

    async def _authorize(
        self, request: Request, grant: Grant, attempt: Attempt, deadline: Deadline
    ) -> None:
        """Put a token into an attempt, fetched if none is known, by one call alone."""
        token = self._tokens.get(grant)
        while token is None:
            if self._tokens.begin(grant):
                try:
                    token = await self._exchanged(request, grant, deadline)
                finally:
                    self._tokens.end(grant)
            else:
                deadline.check()
                await self.network.sleep(_TURN, request.cancel)
                token = self._tokens.get(grant)
        attempt.headers["authorization"] = f"Bearer {token}"

    async def _exchanged(
        self, request: Request, grant: Grant, deadline: Deadline
    ) -> str:
        """Fetch a token and keep it."""
        content = self._tokens.content(grant)
        asked = replace(request, method="POST", url=grant.url, content=content)
        waits = deadline.waits(request.timeouts)
        reply = await self.network.send(asked, grant.headers, waits)
        if not 200 <= reply.status_code < 300:
            raise await self._refusal(reply, deadline, grant.headers)
        return self._tokens.keep(grant, await self._content(reply, deadline))

    async def _refusal(
        self, reply: Reply, deadline: Deadline, sent: Mapping[str, str]
    ) -> APIError:
        try:
            content = await self._content(reply, deadline)
        except APIConnectionError:
            content = b""
        answer = self.describe(reply)
        refusal = self.errors_of(sent).refused(
            status=answer.status_code,
            headers=answer.headers,
            content=content,
            request_id=answer.request_id,
            retry_after=retry_after(answer.headers, time.time()),
        )
        refusal.content = content
        return refusal

    async def _content(self, reply: Reply, deadline: Deadline) -> bytes:
        pieces: list[bytes] = []
        try:
            while piece := await reply.chunk():
                deadline.check()
                pieces.append(piece)
        except APIConnectionError as error:
            named = deadline.named(error)
            named.request_id = self.describe(reply).request_id
            raise named from error.__cause__
        finally:
            await reply.close()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def describe(self, reply: Reply) -> HttpResponse:
        """Give the HTTP side of an answer."""
        name = self.product.request_id_header
        return HttpResponse(
            status_code=reply.status_code,
            headers=reply.headers,
            request_id=reply.headers.get(name) if name else None,
        )


def attempt_of(request: Request, number: int) -> Attempt:
    """Give what one attempt of a request sends."""
    return Attempt(
        method=request.method,
        url=request.url,
        headers=request.attempt(number),
        content=request.content,
        number=number,
    )


def decoded(content: bytes, form: Any, answer: HttpResponse) -> Any:
    """Read an answer's body as `form`: a model, a type expression, bytes or str."""
    if form is bytes:
        return content
    if form is str:
        return content.decode("utf-8", "replace")
    try:
        result = read_json(form, content)
    except ValidationError as error:
        raise _unreadable(error, content, answer) from error
    if isinstance(result, ApiModel):
        attach(result, answer)
    return result


def _unreadable(
    error: ValidationError, content: bytes, answer: HttpResponse
) -> ResponseDecodeError:
    return ResponseDecodeError(
        reason(error),
        raw=content.decode("utf-8", "replace"),
        request_id=answer.request_id,
    )


def reason(error: ValidationError) -> str:
    """Say in a line what the first thing wrong is, and where."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"] if step != UNNAMED)
    return f"{first['msg']} at {place}" if place else first["msg"]
