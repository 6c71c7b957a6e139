"""Chat completions in OpenAI's form, whole or streamed."""

import time
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from dataclasses import dataclass

from starlette.types import ASGIApp

from headgate_gateway.audit.facts import observed
from headgate_gateway.chat.chunks import (
    Choice,
    Head,
    chat_usage,
    combined,
    pieces_of,
    usage_of,
)
from headgate_gateway.chat.request import message_request, printable
from headgate_gateway.chat.whole import choice_of
from headgate_gateway.concurrency import all_of
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
from headgate_gateway.providers.whole import Whole
from headgate_gateway.routes.choosing import Choice as Models
from headgate_gateway.routes.choosing import chosen_models, look_up_breakers
from headgate_gateway.streaming import EventStream

_DONE = b"data: [DONE]\n\n"
_PING = b": ping\n\n"
"""A comment: clients of this form know no event of that name."""


@dataclass(slots=True)
class _Asked:
    """What a chat completion asks of which models."""

    models: Models
    request: JsonObject
    """The request for a message that stands for it."""
    head: Head
    accounting: Accounting


def create(call: Call) -> Awaitable[ASGIApp]:
    """The completion, as one object or as a stream."""
    return _create(call) if call.body.get("routing") is None else _route(call)


async def _route(call: Call) -> ASGIApp:
    await look_up_breakers(call, call.body)
    return await _create(call)


def _create(call: Call) -> Awaitable[ASGIApp]:
    call.gateway.drain.refuse_new_work()
    call.gateway.dispatcher.places.require(call.body.get("n") or 1)
    asked = _asked(call)
    headers = _warning(call)
    if call.body.get("stream"):
        return _streamed(call, asked, headers)

    def produce() -> Awaitable[answers.Answer]:
        work = _whole(call, asked, headers)
        return while_waited_for(call.request.receive, work, unless=call.ends)

    return once(call, lambda: from_cache(call, produce))


def _asked(call: Call) -> _Asked:
    models = chosen_models(call, call.body)
    for model in (models.first, *models.others):
        require_able(model.model, chat_needs(call.body))
    return _Asked(
        models,
        message_request(call.body),
        Head(
            id=f"chatcmpl-{ulid()}", created=int(time.time()), model=call.body["model"]
        ),
        Accounting(models.first, call.payer),
    )


def _warning(call: Call) -> dict[str, str]:
    known = call.operation.properties
    if known.issuperset(call.body):
        return {}
    unknown = printable(call.body.keys() - known)
    if not unknown:
        return {}
    return {"X-Headgate-Warning": f"ignored: {', '.join(unknown[:16])}"}


async def _whole(call: Call, asked: _Asked, headers: dict[str, str]) -> answers.Answer:
    """The completion as one object."""
    await call.gateway.room.turn()
    number: int = call.body.get("n") or 1
    if number == 1:
        found = [await _message(call, asked)]
        call.facts.note_whole(found[0])
    else:
        found = await all_of([_noted(call, asked) for _ in range(number)])
    choices = [choice_of(index, answer) for index, answer in enumerate(found)]
    usages = [usage for _, usage in choices]
    usage, cost = combined(usages, [answer.cost for answer in found])
    whole: JsonObject = {
        **asked.head.chunk([choice for choice, _ in choices]),
        "object": "chat.completion",
        "usage": chat_usage(usages, usage),
    }
    costs = asked.accounting.headers(usage, cost=cost)
    return answers.json_answer(whole, headers={**headers, **costs})


async def _noted(call: Call, asked: _Asked) -> Whole:
    """One answer of several, which is remembered also where another one fails."""
    answer = await _message(call, asked)
    call.facts.note_whole(answer)
    return answer


def _message(call: Call, asked: _Asked) -> Awaitable[Whole]:
    """One answer."""
    return call.gateway.dispatcher.whole(
        call.payer,
        asked.models.first,
        asked.request,
        fallbacks=asked.models.others,
        messages=asked.request["messages"],
        keys=call.provider_keys,
    )


async def _streamed(call: Call, asked: _Asked, headers: dict[str, str]) -> EventStream:
    """The stream, begun: what fails before the first chunk is still an HTTP error."""
    call.facts.is_streaming = True
    choices = [Choice(index) for index in range(call.body.get("n") or 1)]
    pieces = pieces_of(choices, [_source(call, asked) for _ in choices])
    first = await while_waited_for(
        call.request.receive, _first(pieces), unless=call.ends
    )
    return EventStream(
        _frames(call, asked.head, choices, first, pieces),
        call.gateway.sending,
        ends_on=call.ends,
        ping=_PING,
        headers=headers,
        last_words=lambda error: _error_frame(error, call),
    )


def _source(call: Call, asked: _Asked) -> EventSource:
    """The events of one answer, as they come."""
    source = call.gateway.dispatcher.stream(
        call.payer,
        asked.models.first,
        asked.request,
        fallbacks=asked.models.others,
        messages=asked.request["messages"],
        keys=call.provider_keys,
    )
    return call.judged(observed(source, call.facts))


async def _first(pieces: EventSource) -> list[JsonObject]:
    return await anext(pieces)


async def _frames(
    call: Call,
    head: Head,
    choices: Sequence[Choice],
    first: list[JsonObject],
    rest: EventSource,
) -> AsyncGenerator[bytes, None]:
    """The frames of a completion; a failure takes the place of its end.

    What came together goes out together.
    """
    framed = _framing(head)
    yield framed(first)
    try:
        async with aclosing(rest) as batches:
            async for batch in batches:
                yield framed(batch)
    except GatewayError as error:
        yield _error_frame(error, call)
        return
    options: JsonObject = call.body.get("stream_options") or {}
    if options.get("include_usage"):
        usage = usage_of([choice.usage for choice in choices])
        yield _frame({**head.chunk([]), "usage": usage})
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
