# Fixed runtime of a generated SDK: the same source in every package.
"""A stream's connections: opened, read, cut, resumed. Written once for both clients."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from .calls import Caller, attempt_of
from .deadlines import Deadline
from .errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    RequestCancelledError,
    ResponseDecodeError,
    SDKError,
    StreamClosedError,
)
from .models import HttpResponse
from .network import Reply, following, hang_up
from .reader import EventReader
from .requests import Arguments, Operation, Request, RequestBuilder
from .retry import Stop, StopReason, decide_resume, failure_of
from .settings import RequestOptions
from .shapes import Resume, StreamShape

_JITTER = random.SystemRandom()
_NO_CONTENT = 204


class StreamSession:
    """Everything between a streaming call and its events.

    Opened at the first `batch`. A cut connection is resumed where the stream can
    be; a call is never made again.
    """

    def __init__(
        self,
        caller: Caller,
        builder: RequestBuilder,
        *,
        operation: Operation,
        arguments: Arguments,
        options: RequestOptions | None,
        shape: StreamShape,
    ) -> None:
        self._caller = caller
        self._builder = builder
        self._operation = operation
        self._arguments = arguments
        self._options = options
        self._request = builder.build(operation, arguments, options)
        self._media_type = operation.accept.partition(";")[0].lower()
        self._resume = shape.resume
        self._reader = EventReader(
            shape,
            caller.product.errors,
            cursor=self._first_cursor(),
            fields=self._known_fields(),
            limits=builder.stream_limits,
            gives_broken=(options or {}).get("broken_events") == "yield",
        )
        self._reply: Reply | None = None
        self._deadline: Deadline | None = None
        self._attempt = attempt_of(self._request, 1)
        self._fruitless = 0
        self._is_closed = False
        self._is_watched = caller.interceptors.see_events
        self.answer: HttpResponse | None = None

    @property
    def ended(self) -> bool:
        """Whether the stream came to its end, good or bad."""
        return self._reader.ended is not None and self._reader.error is None

    def name_of(self, event: Any) -> str | None:
        """Give the name of an event's kind; None for one that could not be read."""
        return self._reader.name_of(event)

    @property
    def last_event_id(self) -> str | None:
        """The cursor of the last event that was given out."""
        return self._reader.cursor

    async def batch(self) -> Iterator[Any] | None:
        """Give the next events that have arrived; None at the end.

        To be called again once they are read. Raises what ended the stream otherwise,
        after all events before it.
        """
        reader = self._reader
        while reader.ended is None:
            reply = self._reply or await self.open()
            try:
                chunk = await reply.chunk()
                if self._deadline is not None:
                    self._deadline.check()
            except APIConnectionError as error:
                await self._go_on(self._deadline_named(error))
                continue
            except RequestCancelledError as error:
                await self._free()
                raise self._told(error) from error.__cause__
            self._check_open()
            if not chunk:
                if last := list(reader.flush()):
                    return self._noted(iter(last))
                await self._finish_body()
            else:
                events = reader.read(chunk, following(reply))
                is_noted = self._fruitless or self._is_watched
                return self._noted(events) if is_noted else events
        await self._free()
        if reader.error is not None:
            raise self._told(reader.error)
        return None

    async def open(self) -> Reply:
        """Make the call, unless that was done, and give its answer."""
        if self._reply is not None:
            return self._reply
        self._check_open()
        self._deadline = Deadline(self._request.timeouts.total)
        try:
            reply, self._attempt = await self._caller.open(
                self._request, self._deadline
            )
        except APIError as error:
            error.last_event_id = self._reader.cursor
            raise
        return await self._attach(reply)

    async def close(self) -> None:
        """End the stream for good, also for a task or a thread that reads it."""
        self._is_closed = True
        await self._free()

    def hang_up(self) -> None:
        """End the stream under another thread, which may wait for its next event."""
        self._is_closed = True
        if (reply := self._reply) is not None:
            hang_up(reply)

    def _check_open(self) -> None:
        if self._is_closed:
            raise StreamClosedError

    async def _free(self) -> None:
        """Free the connection."""
        reply, self._reply = self._reply, None
        if reply is not None:
            await reply.close()

    def _deadline_named(self, error: APIConnectionError) -> APIConnectionError:
        return error if self._deadline is None else self._deadline.named(error)

    def _noted(self, events: Iterator[Any]) -> Iterator[Any]:
        """Tell of each event, and note that the stream goes on."""
        before = self._reader.seen
        for event in events:
            if self._reader.seen != before:
                self._fruitless = 0
            if self._is_watched:
                self._caller.interceptors.on_stream_event(event)
            yield event

    async def _attach(self, reply: Reply) -> Reply:
        self._reply = reply
        if self._is_closed:
            # Closed meanwhile, by another task or thread, when there was no answer yet.
            await self._free()
            raise StreamClosedError
        if self.answer is None:
            self.answer = self._caller.describe(reply)
        self._reader.errors = self._caller.errors_of(self._attempt.headers)
        self._reader.connect(self.answer)
        kind = reply.headers.get("content-type", "").partition(";")[0].strip()
        if self._is_finished(reply, self._operation):
            self._reader.ended = "complete"
        elif kind.lower() != self._media_type:
            await self._refuse(reply)
        return reply

    def _is_finished(self, reply: Reply, asked: Operation) -> bool:
        """Say whether the operation that resumes answers that nothing follows."""
        resume = self._resume
        return (
            reply.status_code == _NO_CONTENT
            and resume is not None
            and resume.operation is asked
            and resume.statuses.get(_NO_CONTENT) == "finished"
        )

    async def _refuse(self, reply: Reply) -> None:
        pieces: list[bytes] = []
        try:
            while piece := await reply.chunk():
                if self._deadline is not None:
                    self._deadline.check()
                pieces.append(piece)
        except APIConnectionError:
            # What is no stream stays none if it breaks off.
            pieces.clear()
        finally:
            await self._free()
        error = ResponseDecodeError(
            f"the answer is no {self._media_type}",
            raw=b"".join(pieces).decode("utf-8", "replace"),
            request_id=self._caller.describe(reply).request_id,
            last_event_id=self._reader.cursor,
        )
        raise self._told(error)

    async def _finish_body(self) -> None:
        if not self._reader.finish(early=self._may_close_early()):
            message = "the stream closed before the event that ends it"
            await self._go_on(self._reader.truncated(message))

    def _may_close_early(self) -> bool:
        """Whether the caller asked for no more than what there is."""
        if self._operation.unfinished is None:
            return False
        name, value = self._operation.unfinished
        return bool(self._arguments.query.get(name) == value)

    async def _go_on(self, cut: SDKError) -> None:
        """Resume after a cut, or raise it."""
        await self._free()
        self._check_open()
        request = self._resume_request()
        if request is None:
            raise self._told(self._unresumable(cut))
        while True:
            await self._wait_after(cut)
            self._check_open()
            try:
                return await self._reattach(request)
            except (APIError, APIConnectionError) as error:
                cut = error

    async def _wait_after(self, cut: SDKError) -> None:
        """Wait before the next attempt; raise if there is none."""
        self._fruitless += 1
        decision = decide_resume(
            failure_of(cut),
            self._caller.policy,
            attempt=self._fruitless,
            random=_JITTER.random(),
        )
        if isinstance(decision, Stop):
            raise self._told(self._given_up(cut, decision.reason))
        self._caller.interceptors.on_retry(self._attempt, cut, decision.delay)
        left = self._deadline.remaining if self._deadline else None
        wait = decision.delay if left is None else min(decision.delay, max(left, 0))
        await self._caller.network.sleep(wait, self._request.cancel)

    async def _reattach(self, request: Request) -> None:
        deadline = self._deadline or Deadline(request.timeouts.total)
        self._attempt = attempt_of(request, self._fruitless)
        reply = await self._caller.send(request, self._attempt, deadline)
        if self._resume and self._is_finished(reply, self._resume.operation):
            await reply.close()
            raise self._told(self._reader.truncated("the server has no more events"))
        await self._attach(reply)

    def _told(self, error: SDKError) -> SDKError:
        """Tell the interceptors what is about to be raised.

        It is handled meanwhile, so that what they raise has it as its context.
        """
        try:
            raise error
        except SDKError:
            self._caller.interceptors.on_error(self._attempt, error)
        return error

    def _given_up(self, cut: SDKError, reason: StopReason) -> SDKError:
        """Say where the stream stood when it could not be taken up again."""
        if reason == "attempts":
            error = self._reader.truncated("the stream could not be taken up again")
            error.__cause__ = cut
            return error
        if isinstance(cut, APIError):
            cut.last_event_id = self._reader.cursor
        return cut

    def _unresumable(self, cut: SDKError) -> SDKError:
        """Say where a stream stood that has no way to go on."""
        if isinstance(cut, APITimeoutError):
            cut.request_id = self.answer.request_id if self.answer else None
            return cut
        if not isinstance(cut, APIConnectionError):
            return cut
        error = self._reader.truncated("the stream was cut")
        error.__cause__ = cut
        return error

    def _first_cursor(self) -> str | None:
        """Begin after the caller's own cursor, where the call has one."""
        resume = self._resume
        if resume is None or resume.operation is not self._operation:
            return None
        asked = self._options or RequestOptions()
        query = {**self._arguments.query, **asked.get("query", {})}
        value = query.get(resume.query or "")
        if value is None:
            value = self._own_header(resume.header or "")
        return None if value is None else str(value)

    def _own_header(self, name: str) -> str | None:
        """Give a header that the caller set, as an argument or as an option."""
        given = {**self._arguments.headers, **(self._options or {}).get("headers", {})}
        lowered = {key.lower(): value for key, value in given.items()}
        return lowered.get(name.lower())

    def _known_fields(self) -> dict[str, str]:
        """Give what the caller's own path says of the events to come."""
        resume = self._resume
        if resume is None or resume.operation is not self._operation:
            return {}
        path = self._arguments.path
        return {
            field: str(path[parameter])
            for parameter, field in resume.parameters
            if parameter in path
        }

    def _resume_request(self) -> Request | None:
        """Make the request that goes on after the cursor; None where none can."""
        resume = self._resume
        if resume is None:
            return None
        same = resume.operation is self._operation
        path = self._path_values(resume, self._arguments if same else Arguments())
        if path is None:
            return None
        arguments = Arguments(path=path)
        if same:
            arguments.query = dict(self._arguments.query)
            arguments.headers = dict(self._arguments.headers)
        self._set_cursor(resume, arguments)
        options = self._resume_options(same=same)
        return self._builder.build(resume.operation, arguments, options)

    def _set_cursor(self, resume: Resume, arguments: Arguments) -> None:
        cursor = self._reader.cursor
        if cursor is None:
            return
        if resume.query is not None:
            arguments.query = {**arguments.query, resume.query: cursor}
        if resume.header is not None:
            arguments.headers = {**arguments.headers, resume.header: cursor}

    def _resume_options(self, *, same: bool) -> RequestOptions:
        """Give the options of the call, without those of its own request alone."""
        options = (self._options or RequestOptions()).copy()
        options.pop("extra_body", None)
        options.pop("idempotency_key", None)
        query = dict(options.pop("query", {})) if same else {}
        if self._resume is not None:
            query.pop(self._resume.query or "", None)
        options["query"] = query
        cursor = (self._resume.header or "").lower() if self._resume else ""
        headers = options.get("headers", {})
        options["headers"] = {
            name: value for name, value in headers.items() if name.lower() != cursor
        }
        return options

    def _path_values(
        self, resume: Resume, arguments: Arguments
    ) -> dict[str, Any] | None:
        values = dict(arguments.path)
        for parameter, field in resume.parameters:
            known = values.get(parameter) or self._reader.fields.get(field)
            if not known:
                return None
            values[parameter] = known
        return values
