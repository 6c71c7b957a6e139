"""Calls of a document's operations and their answers, both made from its schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from headgate.diff.written import Written
from headgate.document import Document, load_document
from headgate.document.config import Config
from headgate.document.json_values import follow
from headgate.ir.api import Api
from headgate.ir.build import build_api
from headgate.ir.operations import (
    BodyFlag,
    LinkPage,
    Operation,
    Parameter,
    Result,
)
from tests.corpus.frames import Frames
from tests.corpus.values import Judge, Values, plain

Json = Any
BYTES = bytes(range(256))
TEXTUAL = bytes(range(32, 127))
"""A file that is a text."""
TEXT = 'naïve\n"text" 漢😀'
TRIES = 40
PATIENCE = 150
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a header or cookie may be called."""
HARMLESS = re.compile(r"[A-Za-z0-9._~-]+")
"""What may stand in a header or cookie without being written in another way."""
ABSENT = object()


@dataclass(frozen=True)
class Answer:
    """What the server says, and what a caller has to make of it."""

    status: int
    media_type: str | None
    body: bytes
    meaning: Json
    """The JSON value, the text, the bytes in hexadecimal, the items or the events."""


@dataclass(frozen=True)
class Exchange:
    """One way to call one operation, with what is sent and what comes back."""

    operation: Operation
    streamed: bool
    answer: Answer
    parameters: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    body: Json = ABSENT
    """What the caller gives: bytes of files are in hexadecimal."""
    body_sent: Json = ABSENT
    """The same with the property that the method itself sets."""
    judge: Judge | None = None
    """Knows whether a JSON body is valid."""

    @property
    def label(self) -> str:
        """What a report calls it."""
        return f"{self.operation.id}{' (stream)' if self.streamed else ''}"


@dataclass(frozen=True)
class Exchanges:
    """What is tried of one document, and what could not be made."""

    api: Api
    config: Config
    made: tuple[Exchange, ...]
    missed: tuple[str, ...]


class _UnmadeError(Exception):
    """No value that the schema allows was found."""


@cache
def exchanges(spec: Path) -> Exchanges:
    """Every way to call every operation of a document."""
    document = load_document(spec)
    api, _ = build_api(document)
    maker = _Maker(document, Frames(api, dict(document.root)))
    made, missed = [], []
    for operation in api.operations:
        for streamed in _ways(operation):
            try:
                made.append(maker.exchange(operation, streamed=streamed))
            except _UnmadeError as error:
                missed.append(f"{operation.id}: {error}")
    return Exchanges(api, document.config, tuple(made), tuple(missed))


def _ways(operation: Operation) -> Iterator[bool]:
    if not operation.only_streams:
        yield False
    if operation.stream is not None:
        yield True


class _Maker:
    """Reads the document itself, so that a fault of the IR cannot hide itself."""

    def __init__(self, document: Document, frames: Frames) -> None:
        root = dict(document.root)
        self._written = Written(document)
        self._root = plain(root)
        self._frames = frames
        self._sent = Values(one_way(root, "readOnly"))
        self._received = Values(one_way(root, "writeOnly"))

    def exchange(self, operation: Operation, *, streamed: bool) -> Exchange:
        """One call with its answer."""
        said = self._said(operation)
        call = operation.stream
        parameters = dict(self._parameters(operation, said))
        if streamed and call is not None:
            named = {name: value for (name, _), value in parameters.items()}
            events, body = self._frames.stream(call.stream, operation.id, named)
            answer = Answer(200, call.media_type, body, events)
        else:
            answer = self._answer(operation, said)
        given, sent = self._body(operation, said, streamed=streamed)
        return Exchange(
            operation=operation,
            streamed=streamed,
            answer=answer,
            parameters=parameters,
            body=given,
            body_sent=sent,
            judge=self._judge(operation, said),
        )

    def _judge(self, operation: Operation, said: Json) -> Judge | None:
        if operation.body is None or operation.body.kind != "json":
            return None
        content = self._followed(said["requestBody"])["content"]
        return self._sent.judge(content[operation.body.media_type].get("schema", {}))

    def _followed(self, node: Json) -> Json:
        while isinstance(node, dict) and "$ref" in node:
            steps = node["$ref"].removeprefix("#/").split("/")
            node = self._root
            for step in steps:
                node = node[step.replace("~1", "/").replace("~0", "~")]
        return node

    def _said(self, operation: Operation) -> Json:
        """The document's own words on an operation, with its path's parameters."""
        tokens = self._written.tokens(operation.location) or ()
        _, item = follow(self._root, tokens[:-1])
        item = self._followed(item)
        own = item[tokens[-1]]
        listed = [*item.get("parameters", []), *own.get("parameters", [])]
        return {**own, "parameters": [self._followed(each) for each in listed]}

    def _answer(self, operation: Operation, said: Json) -> Answer:
        result = operation.result
        responses = {str(k): self._followed(v) for k, v in said["responses"].items()}
        if result is None:
            good = [each for each in responses if each.startswith("2")]
            return Answer(_status(good[0]) if good else 204, None, b"", None)
        status = _status(result.statuses[0])
        if result.kind == "binary":
            return Answer(status, _whole(result.media_type), BYTES, BYTES.hex())
        if result.kind == "text":
            return Answer(status, result.media_type, TEXT.encode(), TEXT)
        response = responses[result.statuses[0]]
        value = self._value(
            self._received, response["content"][result.media_type], "the answer"
        )
        body = json.dumps(value).encode()
        meaning = self._items(operation, result, value)
        return Answer(status, _whole(result.media_type), body, meaning)

    def _items(self, operation: Operation, result: Result, value: Json) -> Json:
        page = operation.page
        if page is None:
            return value
        name = page.items_field
        if isinstance(page, LinkPage) and name is None:
            return value
        return value.get(name) or [] if name else value

    def _value(self, values: Values, media: Json, what: str) -> Json:
        for value in values.allowed(media.get("schema", {}), PATIENCE):
            return value
        raise _UnmadeError(f"no value for {what}")

    def _parameters(
        self, operation: Operation, said: Json
    ) -> Iterator[tuple[tuple[str, str], Json]]:
        schemas = {(each["name"], each["in"]): each for each in said["parameters"]}
        call = operation.stream
        unfinished = call.unfinished_when if call is not None else None
        skipped = {unfinished.parameter} if unfinished is not None else set()
        if operation.cursor_page is not None:
            skipped.add(operation.cursor_page.parameter)
        if call is not None:
            skipped |= self._frames.cursors(call.stream)
        for each in operation.parameters:
            if each.name in skipped:
                continue
            if each.place in {"header", "cookie"} and not TOKEN.fullmatch(each.name):
                continue
            value = self._parameter(each, schemas[each.name, each.place])
            if value is not ABSENT:
                yield (each.name, each.place), value

    def _parameter(self, parameter: Parameter, said: Json) -> Json:
        schema = said.get("schema")
        if schema is None:
            (media,) = said["content"].values()
            schema = media.get("schema", {})
        for value in self._sent.allowed(schema, TRIES):
            if _can_stand(value, parameter):
                return value
        if parameter.required:
            raise _UnmadeError(f"no value for parameter {parameter.name}")
        return ABSENT

    def _body(
        self, operation: Operation, said: Json, *, streamed: bool
    ) -> tuple[Json, Json]:
        body = operation.body
        if body is None:
            return ABSENT, ABSENT
        if body.kind == "binary":
            return BYTES.hex(), BYTES.hex()
        if body.kind == "text":
            return TEXT, TEXT
        media = self._followed(said["requestBody"])["content"][body.media_type]
        value = self._value(self._sent, media, "the body")
        if isinstance(value, dict):
            files = {part.field for part in body.parts if part.kind == "file"}
            texts = self._texts(media)
            value = {
                name: _file(each, TEXTUAL if name in texts else BYTES)
                if name in files
                else each
                for name, each in value.items()
            }
        call = operation.stream
        flag = call.asked_by if call is not None else None
        return _flagged(value, flag, streamed=streamed)

    def _texts(self, media: Any) -> set[str]:
        """The properties of a form that are texts, whatever they are sent as."""
        properties = self._followed(media["schema"]).get("properties", {})
        schemas = {name: self._followed(each) for name, each in properties.items()}
        return {
            name
            for name, each in schemas.items()
            if each.get("type") == "string"
            and not {"format", "contentMediaType", "contentEncoding"} & each.keys()
        }


def _flagged(
    value: Json, flag: BodyFlag | None, *, streamed: bool
) -> tuple[Json, Json]:
    """What is given, and what is sent: with the property that asks for a stream."""
    if flag is None or not isinstance(value, dict):
        return value, value
    given = {name: each for name, each in value.items() if name != flag.property}
    wanted = flag.value if streamed else flag.otherwise
    if wanted is None:
        return given, given
    return given, {**given, flag.property: wanted}


def _file(value: Json, content: bytes) -> Json:
    return [content.hex() for _ in value] if isinstance(value, list) else content.hex()


def _status(said: str) -> int:
    if said == "default":
        return 200
    return int(said.upper().replace("XX", "00"))


def _whole(media_type: str) -> str:
    return "application/octet-stream" if "*" in media_type else media_type


def _can_stand(value: Json, parameter: Parameter) -> bool:
    """Whether a value has but one way to be written at a parameter's place."""
    pieces = _pieces(value)
    if pieces is None or not all(pieces):
        return False
    is_alone = isinstance(value, str | int | float)
    if parameter.place == "query" and is_alone:
        return True
    return all(HARMLESS.fullmatch(piece) for piece in pieces)


def _pieces(value: Json) -> list[str] | None:
    """The texts in a value; None for one that is empty, null or deep."""
    if isinstance(value, dict):
        value = [each for pair in value.items() for each in pair]
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(each, str | int | float) for each in items):
        return None
    return [each if isinstance(each, str) else json.dumps(each) for each in items]


def one_way(schema: Any, mark: str) -> Any:
    """A document without the properties that its other direction carries."""
    if isinstance(schema, list):
        return [one_way(each, mark) for each in schema]
    if not isinstance(schema, dict):
        return schema
    properties = schema.get("properties")
    said = dict(schema)
    if isinstance(properties, dict):
        gone = {
            name
            for name, each in properties.items()
            if isinstance(each, dict) and each.get(mark) is True
        }
        said["properties"] = {
            name: each for name, each in properties.items() if name not in gone
        }
        required = said.get("required")
        if isinstance(required, list):
            said["required"] = [name for name in required if name not in gone]
    return {name: one_way(each, mark) for name, each in said.items()}
