"""Streams: whether a client can know that one is over, or that it failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from headgate.document.checks.findings import Lookup, Part
from headgate.document.json_values import Json as JsonValue
from headgate.errors import Diagnostic
from headgate.ir.build.media import is_stream
from headgate.ir.types import Json, Ref, Scalar, TypeExpr, Union

if TYPE_CHECKING:
    from headgate.document import Document
    from headgate.ir.api import Api
    from headgate.ir.streams import Stream

_UNKNOWN: Final = (Json(), Scalar("string"))
_FAILURES: Final = ("error", "fail")
_END: Final = "declare it in `x-streams`; the SDKs then raise if it does not come"


def lint_streams(document: Document, api: Api) -> Iterator[Diagnostic]:
    """Look at every stream, and at the recorded ones among the examples."""
    for stream in api.streams.values():
        yield from _lint_stream(stream, api)
    yield from _lint_examples(document, api)


def _lint_stream(stream: Stream, api: Api) -> Iterator[Diagnostic]:
    name = f"the stream {stream.name!r}"
    if stream.event in _UNKNOWN and not stream.declared:
        return  # Reading the document has said so already (`untyped-stream`).
    if isinstance(stream.event, Json | Scalar):
        message = f"the events of {name} are {_shown(stream.event)}: nobody can tell"
        yield _warning("stream-untyped", f"{message} them apart", stream)
        return
    if not any(case.ending for case in stream.cases) and stream.sentinel is None:
        message = f"nothing says which event is the last of {name}"
        yield _warning("stream-without-end", message, stream, _END)
    if not _tells_of_failure(stream, api):
        message = f"{name} has no event that tells of a failure"
        hint = "a failure after the first byte looks like a cut connection"
        yield _warning("stream-without-error", message, stream, hint)


def _shown(event: TypeExpr) -> str:
    return event.kind if isinstance(event, Scalar) else "any JSON"


def _tells_of_failure(stream: Stream, api: Api) -> bool:
    if stream.error is not None or any(c.ending == "failed" for c in stream.cases):
        return True
    event = stream.event
    definition = api.definitions.get(event.id) if isinstance(event, Ref) else None
    if not isinstance(definition, Union):
        return False
    names = [variant.tag or str(variant.type) for variant in definition.variants]
    return any(word in name.lower() for name in names for word in _FAILURES)


def _lint_examples(document: Document, api: Api) -> Iterator[Diagnostic]:
    """A recorded stream among the examples must not go on after its end."""
    calls = {call.id: call for call in api.operations if call.stream is not None}
    lookup = Lookup(document.root)
    for operation in lookup.operations:
        call = calls.get(operation.part.text("operationId") or "")
        if call is None or call.stream is None or call.stream.stream not in api.streams:
            continue
        stream = api.streams[call.stream.stream]
        for _, given in operation.part.members("responses"):
            for kind, media in lookup.resolve(given).members("content"):
                if is_stream(kind):
                    yield from _lint_recordings(document, stream, media)


def _lint_recordings(
    document: Document, stream: Stream, media: Part
) -> Iterator[Diagnostic]:
    examples = [(media, "example")]
    examples += [(example, "value") for _, example in media.members("examples")]
    endings = {case.name for case in stream.cases if case.ending}
    for owner, key in examples:
        events = _events(owner.text(key) or "", stream.discriminator or "type")
        ended = next((n for n, event in enumerate(events) if event in endings), None)
        if ended is not None and ended + 1 < len(events):
            after, last = events[ended + 1], events[ended]
            message = f"{after!r} follows {last!r}, which ends the stream"
            place = document.locate_tokens((*owner.tokens, key))
            yield Diagnostic("warning", "events-after-end", message, place)


def _events(text: str, discriminator: str) -> list[str]:
    """Give the names of the events in a text of frames."""
    found: list[str] = []
    for line in text.splitlines():
        if line.startswith("data:"):
            try:
                payload: JsonValue = json.loads(line.removeprefix("data:"))
            except ValueError:
                continue
            if isinstance(payload, dict) and discriminator in payload:
                found.append(str(payload[discriminator]))
    return found


def _warning(code: str, message: str, stream: Stream, hint: str = "") -> Diagnostic:
    return Diagnostic("warning", code, message, stream.location, hint)
