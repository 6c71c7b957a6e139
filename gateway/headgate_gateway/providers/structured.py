"""Answers that have to be JSON: what providers are asked, and what they gave."""

from collections.abc import Iterable, Iterator
from contextlib import aclosing
from typing import Any

import jsonschema_rs

from headgate_gateway.errors import GatewayError
from headgate_gateway.events import EventSource, MessageFold, up_to_failure
from headgate_gateway.json import JSONDecodeError, JsonObject, loads, object_at
from headgate_gateway.picking import pick

_ANY_OBJECT: JsonObject = {"type": "object"}
_UNFINISHED = frozenset(
    {"max_tokens", "stop_sequence", "tool_use", "refusal", "content_filter"}
)
"""An answer that ended so was not meant to be whole."""


def wants_json(request: JsonObject) -> bool:
    """Whether the answer's text has to be JSON."""
    return bool(object_at(request, "output_format").get("type", "text") != "text")


def schema_of(request: JsonObject) -> JsonObject:
    """The JSON Schema that the answer is asked to keep to."""
    described = object_at(object_at(request, "output_format"), "json_schema")
    return object_at(described, "schema") if "schema" in described else _ANY_OBJECT


class StrictForm:
    """The form that one answer has to have."""

    def __init__(self, schema: JsonObject) -> None:
        self._validator = _validator(schema)
        self._fold = MessageFold()

    def checked(self, events: Iterable[JsonObject]) -> Iterator[JsonObject]:
        """The next events; 502 at the end of an answer that has another form."""
        for event in events:
            self._fold.add(event)
            if event["type"] == "message_delta":
                try:
                    self._check(self._fold.message)
                except GatewayError as error:
                    error.used = event.get("usage")
                    raise
            yield event

    def _check(self, message: JsonObject) -> None:
        if message["stop_reason"] in _UNFINISHED:
            return
        text = "".join(b["text"] for b in message["content"] if b["type"] == "text")
        try:
            value: Any = loads(text)
        except JSONDecodeError:
            raise _invalid("it is not JSON", "") from None
        problem = pick(self._validator.iter_errors(value))
        if problem is not None:
            raise _invalid(problem.message, problem.param)


def strict_form(request: JsonObject) -> StrictForm | None:
    """The form that the answer has to have; only what is asked for strictly has one.

    A schema that is none is refused at once, before the model is asked.
    """
    format_ = object_at(request, "output_format")
    strict = object_at(format_, "json_schema").get("strict")
    if format_.get("type") != "json_object" and not strict:
        return None
    return StrictForm(schema_of(request))


async def in_form(events: EventSource, form: StrictForm) -> EventSource:
    """``events``, up to where they have not the form."""
    async with aclosing(events) as source:
        async for batch in source:
            passed, failure = up_to_failure(form.checked(batch))
            if passed:
                yield passed
            if failure is not None:
                raise failure


def _invalid(why: str, where: str) -> GatewayError:
    place = f" at {where}" if where else ""
    return GatewayError(
        "output_validation_failed",
        f"The answer does not keep to its form{place}: {why}",
    )


def _validator(schema: JsonObject) -> jsonschema_rs.Validator:
    try:
        return jsonschema_rs.validator_for(schema, offline=True)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise GatewayError(
            "validation_failed",
            f"The schema of the output format cannot be used: {str(error)[:200]}",
            param="output_format.json_schema.schema",
        ) from None
