"""Single answers of a model, whole or streamed."""

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing

from starlette.types import ASGIApp

from headgate_gateway.audit.facts import observed
from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource, MessageFold, error_event
from headgate_gateway.http.accounting import Accounting
from headgate_gateway.http.answers import Answer, json_answer
from headgate_gateway.http.cache import from_cache
from headgate_gateway.http.call import Call, Handler
from headgate_gateway.http.disconnect import while_waited_for
from headgate_gateway.http.idempotency import once
from headgate_gateway.json import JsonObject
from headgate_gateway.providers.compatibility import message_needs, require_able
from headgate_gateway.providers.scenario import cuts_of
from headgate_gateway.providers.tokens import count_request
from headgate_gateway.routes.allowed import allowed_model
from headgate_gateway.routes.choosing import Choice, chosen_models, look_up_breakers
from headgate_gateway.streaming import Cut, EventStream, message_frame


async def create(call: Call) -> ASGIApp:
    """The answer, as one object or as a stream."""
    call.gateway.drain.refuse_new_work()
    await look_up_breakers(call, call.body)
    models = chosen_models(call, call.body)
    for model in (models.first, *models.others):
        require_able(model.model, message_needs(call.body))
    if call.body.get("stream", False):
        return await _streamed(call, models)

    async def produce() -> Answer:
        accounting = Accounting(models.first, call.payer)
        work = _whole(call, models)
        whole = await while_waited_for(call.request.receive, work, unless=call.ends)
        return json_answer(whole, headers=accounting.headers(whole["usage"]))

    return await once(call, lambda: from_cache(call, produce))


async def count_tokens(call: Call) -> Answer:
    """How many input tokens the request would cost."""
    resolved = allowed_model(call, call.body["model"], param="model")
    tokens = count_request(call.body, call.body["messages"])
    return json_answer(
        {"model": resolved.id, "input_tokens": tokens, "method": "estimate"}
    )


async def _whole(call: Call, models: Choice) -> JsonObject:
    answer = await call.gateway.dispatcher.whole(
        call.payer,
        models.first,
        call.body,
        fallbacks=models.others,
        messages=call.body["messages"],
        keys=call.provider_keys,
    )
    call.facts.note_whole(answer)
    fold = MessageFold()
    for event in answer.events():
        fold.add(event)
    return fold.message


async def _streamed(call: Call, models: Choice) -> EventStream:
    """The stream, begun: what fails before the first event is still an HTTP error."""
    call.facts.is_streaming = True
    events = _events(call, models)
    first = await while_waited_for(
        call.request.receive, _first(events), unless=call.ends
    )
    return EventStream(
        _frames(call, first, events),
        call.gateway.sending,
        ends_on=call.ends,
        last_words=lambda error: message_frame(
            error_event(error.as_object(call.request_id))
        ),
    )


async def _first(events: EventSource) -> list[JsonObject]:
    return await anext(events)


async def _frames(
    call: Call, first: list[JsonObject], rest: EventSource
) -> AsyncGenerator[bytes, None]:
    """The frames of a message; a failure becomes the terminal ``error`` event.

    What came together goes out together, and breaks off where the script says so.
    """
    cuts = cuts_of(call.body.get("metadata"))
    sent = 0
    try:
        async with aclosing(_with_first(first, rest)) as batches:
            async for batch in batches:
                passed = _up_to_cut(batch, cuts, sent=sent)
                if passed:
                    yield b"".join(map(message_frame, passed))
                if len(passed) < len(batch):
                    raise Cut
                sent += len(batch)
    except GatewayError as error:
        yield message_frame(error_event(error.as_object(call.request_id)))


async def _with_first(first: list[JsonObject], rest: EventSource) -> EventSource:
    yield first
    async with aclosing(rest) as batches:
        async for batch in batches:
            yield batch


def _up_to_cut(
    batch: list[JsonObject], cuts: Collection[int], *, sent: int
) -> list[JsonObject]:
    """The events of a batch before the first cut; ``sent`` were sent before them."""
    if not cuts:
        return batch
    ends = (cut - sent for cut in cuts if max(sent, 1) <= cut < sent + len(batch))
    return batch[: min(ends, default=len(batch))]


def _events(call: Call, models: Choice) -> EventSource:
    source = call.gateway.dispatcher.stream(
        call.payer,
        models.first,
        call.body,
        fallbacks=models.others,
        messages=call.body["messages"],
        keys=call.provider_keys,
    )
    return call.judged(observed(source, call.facts))


HANDLERS: Mapping[str, Handler] = {
    "messages.create": create,
    "messages.count_tokens": count_tokens,
}
