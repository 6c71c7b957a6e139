"""A server on loopback that knows a document, and judges what it is sent.

Each exchange has an address of its own below `/N`, so that an SDK is pointed at one
by its base URL and a request that goes astray is told from one that was meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from headgate.ir.operations import Operation, Parameter, Part, PathLiteral
from tests.corpus.exchanges import ABSENT, Exchange

Json = Any


@dataclass(frozen=True)
class Request:
    """What arrived: the target below the exchange's address, headers and body."""

    verb: str
    path: str
    query: str
    headers: Message
    body: bytes


class Loopback:
    """Answers exchanges and remembers what was wrong with each request."""

    def __init__(self, exchanges: tuple[Exchange, ...]) -> None:
        self._exchanges = exchanges
        self.faults: dict[int, list[str]] = {}
        """By number, of those exchanges that were asked for."""

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), self)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """The base URL to which an exchange's number is put."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(
        self, verb: str, target: str, headers: Message, body: bytes
    ) -> tuple[int, str | None, bytes]:
        """Judge a request and give the status, media type and body of the answer."""
        url = urlsplit(target)
        _, first, rest = f"{url.path}/".split("/", 2)
        number = int(first)
        exchange = self._exchanges[number]
        path = f"/{rest}".removesuffix("/") or "/"
        if url.path.endswith("/"):
            path = f"{path.removesuffix('/')}/"
        request = Request(verb, path, url.query, headers, body)
        self.faults.setdefault(number, []).extend(faults_of(exchange, request))
        answer = exchange.answer
        return answer.status, answer.media_type, answer.body


class _Server(ThreadingHTTPServer):
    def __init__(self, address: tuple[str, int], loopback: Loopback) -> None:
        super().__init__(address, _Handler)
        self.loopback = loopback


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_one_request(self) -> None:
        """Answer any method, whatever it is called."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        status, media_type, body = self.server.loopback.answer(
            self.command, self.path, self.headers, _read(self)
        )
        self.send_response(status)
        if media_type is not None:
            self.send_header("Content-Type", media_type)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _read(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding", "").lower() == "chunked":
        whole = b""
        while size := int(handler.rfile.readline(), 16):
            whole += handler.rfile.read(size)
            handler.rfile.readline()
        handler.rfile.readline()
        return whole
    return handler.rfile.read(int(handler.headers.get("Content-Length", 0)))


def faults_of(exchange: Exchange, request: Request) -> Iterator[str]:
    """What a request has other than its exchange wants."""
    operation = exchange.operation
    if request.verb != operation.verb:
        yield f"method {request.verb}"
    found = _path_pattern(operation).fullmatch(request.path)
    if found is None:
        yield f"path {request.path}"
    in_path = {} if found is None else found.groupdict()
    query = parse_qsl(request.query, keep_blank_values=True, errors="strict")
    cookies = SimpleCookie(request.headers.get("Cookie", ""))
    variables = [p.name for p in operation.path if not isinstance(p, PathLiteral)]
    for parameter in operation.parameters:
        name, place = parameter.name, parameter.place
        value = exchange.parameters.get((name, place), ABSENT)
        if value is ABSENT:
            continue
        match place:
            case "path":
                raw = in_path.get(f"p{variables.index(name)}", "")
                said = [(name, unquote(raw))]
            case "query":
                said = query
            case "header":
                header = request.headers.get(name)
                said = [] if header is None else [(name, header)]
            case "cookie":
                said = [(each.key, each.value) for each in cookies.values()]
        if not _arrived(parameter, value, said):
            yield f"{place} parameter {name}: {value!r} arrived as {said!r}"
    if not _fixed_query(operation) <= set(query):
        yield f"query {request.query} without what the path fixes"
    yield from _body_faults(exchange, request)


def _fixed_query(operation: Operation) -> set[tuple[str, str]]:
    """The query that some write into a path."""
    literals = [part for part in operation.path if isinstance(part, PathLiteral)]
    texts = [part.text.partition("?")[2] for part in literals]
    return {pair for text in texts for pair in parse_qsl(text, keep_blank_values=True)}


def _path_pattern(operation: Operation) -> re.Pattern[str]:
    """The path with a group for each variable, numbered as they stand."""
    pattern, count = "", 0
    for part in operation.path:
        if isinstance(part, PathLiteral):
            # Some write a query into the path; it arrives among the parameters.
            text = unquote(part.text.partition("?")[0])
            pattern += re.escape(quote(text, safe="/:@!$&'()*+,;=~"))
        else:
            pattern += f"(?P<p{count}>[^/]+)"
            count += 1
    return re.compile(pattern)


class _Field(NamedTuple):
    """A field of a URL-encoded form, written as a parameter of a query is."""

    name: str
    style: str
    explode: bool
    content_type: None = None


def _arrived(
    parameter: Parameter | _Field, value: Json, said: list[tuple[str, str]]
) -> bool:
    """Whether a value stands among what was said, in its parameter's style."""
    name, style = parameter.name, parameter.style
    own = [text for key, text in said if key == name]
    if parameter.content_type is not None:
        return [json.loads(text) for text in own] == [value]
    if isinstance(value, dict):
        texts = {key: _text(each) for key, each in value.items()}
        if style == "deepObject":
            return {(f"{name}[{k}]", v) for k, v in texts.items()} <= set(said)
        if parameter.explode and style == "form":
            return set(texts.items()) <= set(said)
        joint = "=" if parameter.explode else ","
        pieces = ",".join(f"{k}{joint}{v}" for k, v in texts.items())
        return own == [_prefixed(parameter, pieces)]
    if isinstance(value, list):
        items = [_text(each) for each in value]
        if style == "deepObject":
            numbered = {(f"{name}[{at}]", item) for at, item in enumerate(items)}
            return numbered <= set(said)
        if parameter.explode and style == "form":
            return own == items
        marks = {"spaceDelimited": " ", "pipeDelimited": "|"}
        mark = "." if style == "label" and parameter.explode else marks.get(style, ",")
        if style == "matrix" and parameter.explode:
            return own == ["".join(f";{name}={each}" for each in items)]
        return own == [_prefixed(parameter, mark.join(items))]
    if isinstance(value, float):
        return [float(text) for text in own] == [value]
    return own == [_prefixed(parameter, _text(value))]


def _prefixed(parameter: Parameter | _Field, text: str) -> str:
    starts = {"label": ".", "matrix": f";{parameter.name}="}
    return f"{starts.get(parameter.style, '')}{text}"


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _body_faults(exchange: Exchange, request: Request) -> Iterator[str]:
    body, wanted = exchange.operation.body, exchange.body_sent
    if body is None or wanted is ABSENT:
        if request.body:
            yield f"a body: {request.body!r}"
        return
    if not wanted and not body.required and not request.body:
        return
    media_type = request.headers.get("Content-Type", "")
    meant = body.media_type.partition(";")[0]
    if "*" not in meant and media_type.partition(";")[0].strip() != meant:
        yield f"a body of {media_type}"
    yield from _CONTENTS[body.kind](exchange, request)


def _json_faults(exchange: Exchange, request: Request) -> Iterator[str]:
    said = json.loads(request.body or b"null")
    if not _is_same(exchange, said):
        yield f"body {exchange.body_sent!r} arrived as {said!r}"
    if exchange.judge is not None and not exchange.judge.is_valid(said):
        yield f"body {said!r} is not valid"


def _is_same(exchange: Exchange, said: Json) -> bool:
    """Whether a body is the wanted one; that no stream is wanted may be said."""
    call, wanted = exchange.operation.stream, exchange.body_sent
    flag = call.asked_by if call is not None else None
    may_be_said = flag is not None and not exchange.streamed
    if flag is None or not may_be_said or flag.property not in said:
        return bool(said == wanted)
    spoken = said[flag.property]
    return bool(spoken != flag.value and said == {**wanted, flag.property: spoken})


def _text_faults(exchange: Exchange, request: Request) -> Iterator[str]:
    if request.body.decode() != exchange.body_sent:
        yield f"text {exchange.body_sent!r} arrived as {request.body!r}"


def _binary_faults(exchange: Exchange, request: Request) -> Iterator[str]:
    if request.body.hex() != exchange.body_sent:
        yield f"bytes arrived as {request.body!r}"


def _form_faults(exchange: Exchange, request: Request) -> Iterator[str]:
    fields = parse_qsl(request.body.decode(), keep_blank_values=True)
    wanted, body = exchange.body_sent, exchange.operation.body
    yield from _field_faults(wanted, {name for name, _ in fields})
    for part in () if body is None else body.parts:
        value = wanted.get(part.field)
        if not _is_empty(value) and not _is_written(part, value, fields):
            yield f"field {part.field} ({value!r}) is written otherwise in {fields}"


def _is_written(part: Part, value: Json, fields: list[tuple[str, str]]) -> bool:
    """Whether a field stands in a form as its media type or its style has it."""
    if part.kind == "json":
        items = value if isinstance(value, list) else [value]
        texts = [text for name, text in fields if name == part.field]
        return len(items) == len(texts) and all(
            text == item if isinstance(item, str) else json.loads(text) == item
            for item, text in zip(items, texts, strict=True)
        )
    members = value.values() if isinstance(value, dict) else value
    is_deep = isinstance(value, (dict, list)) and any(
        each is None or isinstance(each, (dict, list)) for each in members
    )
    field = _Field(part.field, part.style, part.explode)
    return is_deep or _arrived(field, value, fields)


def _multipart_faults(exchange: Exchange, request: Request) -> Iterator[str]:
    wanted, body = exchange.body_sent, exchange.operation.body
    parts = _parts(request.headers.get("Content-Type", ""), request.body)
    yield from _field_faults(wanted, {name for name, _ in parts})
    known = () if body is None else body.parts
    for name in {part.field for part in known if part.kind == "file"} & wanted.keys():
        sent = [data.hex() for key, data in parts if key == name]
        given = wanted[name]
        if sent != (given if isinstance(given, list) else [given]):
            yield f"file {name} arrived as {sent!r}"


_CONTENTS: dict[str, Callable[[Exchange, Request], Iterator[str]]] = {
    "json": _json_faults,
    "text": _text_faults,
    "binary": _binary_faults,
    "form": _form_faults,
    "multipart": _multipart_faults,
}


def _is_empty(value: Json) -> bool:
    """Say whether a form has no way to write a value: nothing, or nothing in it."""
    if isinstance(value, dict):
        return all(map(_is_empty, value.values()))
    return all(map(_is_empty, value)) if isinstance(value, list) else value is None


def _field_faults(wanted: Mapping[str, Json], names: set[str]) -> Iterator[str]:
    """Fields that carry something and did not arrive under any spelling of theirs."""
    for name, value in wanted.items():
        if _is_empty(value):
            continue
        spread = isinstance(value, dict) and value.keys() <= names
        deep = any(each.startswith((f"{name}[", f"{name}.")) for each in names)
        if name not in names and not spread and not deep:
            yield f"field {name} ({value!r}) is not among {sorted(names)}"


def _parts(media_type: str, body: bytes) -> list[tuple[str, bytes]]:
    head = f"Content-Type: {media_type}\r\n\r\n".encode()
    whole = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    found: list[tuple[str, bytes]] = []
    for part in whole.iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        found.append((str(name), payload if isinstance(payload, bytes) else b""))
    return found
