"""Chat completions in OpenAI's form, whole or streamed."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from starlette.types import ASGIApp

from headgate_gateway.audit.facts import observed
from headgate_gateway.chat.chunks import (
    Answer,
    Choice,
    Head,
    combined,
    pieces_of,
    usage_of,
)
from headgate_gateway.chat.request import message_request, unknown_properties
from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource
from headgate_gateway.http import answers
from headgate_gateway.http.accounting import Accounting
from headgate_gateway.http.cache import from_cache
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.disconnect import while_waited_for
from headgate_gateway.http.idempotency import once
from headgate_gateway.ids import ulid
from headgate_gateway.json import JsonObject, dumps
from headgate_gateway.providers.compatibility import chat_needs, require_able
from headgate_gateway.routes.choosing import chosen_models
from headgate_gateway.streaming import EventStream

_DONE = b"data: [DONE]\n\n"
_PING = b": ping\n\n"
"""A comment: clients of this form know no event of that name."""


@dataclass(frozen=True, slots=True)
class _Completion:
    """The answers that one request asked for."""

    head: Head
    accounting: Accounting
    choices: list[Choice]
    pieces: EventSource
    """The pieces of chunks, in batches."""


async def create(call: Call) -> ASGIApp:
    """The completion, as one object or as a stream."""
    call.gateway.drain.refuse_new_work()
    completion = _begin(call)
    headers = _warning(call)
    if call.body.get("stream"):
        return await _streamed(call, completion, headers)

    async def produce() -> answers.Answer:
        whole = await while_waited_for(
            call.request.receive, _whole(completion), unless=call.ends
        )
        usage, cost = combined(completion.choices)
        costs = completion.accounting.headers(usage, cost=cost)
        return answers.json_answer(whole, headers={**headers, **costs})

    return await once(call, lambda: from_cache(call, produce))


def _begin(call: Call) -> _Completion:
    models = chosen_models(call, call.body)
    for model in (models.first, *models.others):
        require_able(model.model, chat_needs(call.body))
    request = message_request(call.body)
    choices = [Choice(index) for index in range(call.body.get("n") or 1)]
    sources = [
        call.judged(
            observed(
                call.gateway.dispatcher.stream(
                    call.payer,
                    models.first,
                    request,
                    fallbacks=models.others,
                    messages=request["messages"],
                    keys=call.provider_keys,
                    whole=not call.body.get("stream"),
                ),
                call.facts,
            )
        )
        for _ in choices
    ]
    head = Head(
        id=f"chatcmpl-{ulid()}", created=int(time.time()), model=call.body["model"]
    )
    return _Completion(
        head, Accounting(models.first, call.payer), choices, pieces_of(choices, sources)
    )


def _warning(call: Call) -> dict[str, str]:
    schema = call.gateway.specification.resolve(call.operation.body or {})
    unknown = unknown_properties(call.body, schema["properties"])
    if not unknown:
        return {}
    return {"X-Headgate-Warning": f"ignored: {', '.join(sorted(unknown)[:16])}"}


async def _whole(completion: _Completion) -> JsonObject:
    whole = [Answer(choice.index) for choice in completion.choices]
    async with aclosing(completion.pieces) as pieces:
        async for batch in pieces:
            for piece in batch:
                index: int = piece["index"]
                whole[index].add(piece)
    return {
        **completion.head.chunk([answer.choice() for answer in whole]),
        "object": "chat.completion",
        "usage": usage_of(completion.choices),
    }


async def _streamed(
    call: Call, completion: _Completion, headers: dict[str, str]
) -> EventStream:
    """The stream, begun: what fails before the first chunk is still an HTTP error."""
    call.facts.is_streaming = True
    first = await while_waited_for(
        call.request.receive, _first(completion), unless=call.ends
    )
    settings = call.gateway.settings
    return EventStream(
        _frames(call, completion, first),
        ends_on=call.ends,
        metrics=call.gateway.metrics,
        ping_interval=settings.ping_interval,
        ping=_PING,
        stalled_reader=settings.stalled_reader,
        headers=headers,
        last_words=lambda error: _error_frame(error, call),
    )


async def _first(completion: _Completion) -> list[JsonObject]:
    return await anext(completion.pieces)


async def _frames(
    call: Call, completion: _Completion, first: list[JsonObject]
) -> AsyncGenerator[bytes, None]:
    """The frames of a completion; a failure takes the place of its end.

    What came together goes out together.
    """
    head = completion.head
    framed = _framing(head)
    yield framed(first)
    try:
        async with aclosing(completion.pieces) as batches:
            async for batch in batches:
                yield framed(batch)
    except GatewayError as error:
        yield _error_frame(error, call)
        return
    options: JsonObject = call.body.get("stream_options") or {}
    if options.get("include_usage"):
        yield _frame({**head.chunk([]), "usage": usage_of(completion.choices)})
    yield _DONE


def _framing(head: Head) -> Callable[[list[JsonObject]], bytes]:
    """Makes frames of pieces, a chunk each; what chunks share is written once."""
    empty = dumps(head.chunk([]))
    begin = b"data: " + empty.removesuffix(b"]}")

    def framed(pieces: list[JsonObject]) -> bytes:
        return b"".join([b"%b%b]}\n\n" % (begin, dumps(piece)) for piece in pieces])

    return framed


def _frame(value: JsonObject) -> bytes:
    return b"data: %b\n\n" % dumps(value)


def _error_frame(error: GatewayError, call: Call) -> bytes:
    return _frame({"error": error.as_object(call.request_id)})


HANDLERS: Mapping[str, Handler] = {"chat.completions.create": create}
