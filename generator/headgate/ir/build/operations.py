"""From path items to operations."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from headgate.ir.build.answers import AnswersReader
from headgate.ir.build.contents import ContentsReader
from headgate.ir.build.media import content_word, writes_json
from headgate.ir.build.raw import RawOperation
from headgate.ir.build.reader import (
    Node,
    Reader,
    as_object,
    docs_of,
)
from headgate.ir.build.security import AUTHORIZATION, alternatives, is_authorized
from headgate.ir.build.servers import own_address
from headgate.ir.build.styles import style_at
from headgate.ir.build.variables import VARIABLE, sent, with_variables
from headgate.ir.operations import (
    Body,
    Idempotency,
    Operation,
    Parameter,
    ParameterPlace,
    PathLiteral,
    PathPart,
    PathVariable,
    Result,
)
from headgate.ir.types import Default, Docs, TypeExpr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headgate.ir.build.naming import Place
    from headgate.ir.build.pages import PageReader
    from headgate.ir.build.schemas import SchemaReader
    from headgate.ir.operations import QueryFlag, StreamCall

_NEGOTIATED = frozenset({"accept", "content-type"})
_PLACES = frozenset({"path", "query", "header", "cookie"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a header may be called."""


@dataclass(frozen=True, slots=True)
class OperationReader:
    """Reads operations; types go through `schemas`."""

    reader: Reader
    schemas: SchemaReader
    lifted_headers: frozenset[str]
    """Header parameters, in lower case, that are options of the client instead."""
    idempotency_header: str
    pages: PageReader
    left_out: list[str] = field(default_factory=list[str])
    known_bodies: dict[str, TypeExpr] = field(default_factory=dict[str, TypeExpr])
    """The types of the bodies of errors, by their place."""

    @property
    def contents(self) -> ContentsReader:
        """Reads bodies and results."""
        return ContentsReader(self.reader, self.schemas, self.left_out)

    def report_left_out(self) -> None:
        """Say once how many bodies no client can send."""
        if self.left_out:
            others = (
                f" (and {len(self.left_out) - 1} more)" if self.left_out[1:] else ""
            )
            message = f"GET has no body, and this one has nothing in it{others}"
            self.reader.report("body-left-out", message, self.left_out[0], "warning")

    def read(
        self, raw: RawOperation, place: Place, stream: StreamCall | None
    ) -> list[Operation]:
        """Settle everything about one operation, once for each kind of content."""
        words = (*place.resource, place.method)
        bodies: list[Body | None] = [*self.contents.bodies(raw, words)] or [None]
        results: list[Result | None] = [
            *self.contents.results(self.successes(raw), words)
        ] or [None]
        first = self._first(raw, place, stream, (bodies[0], results[0]))
        if len(results) > 1 and results[0] is not None:
            first = replace(first, accept=results[0].media_type)
        taken = {first.method, *((stream.method,) if stream else ())}
        return [
            first,
            *(self._as_body(first, body, taken) for body in bodies[1:] if body),
            *(
                self._as_result(first, result, taken)
                for result in results[1:]
                if result
            ),
        ]

    def _as_body(self, first: Operation, body: Body, taken: set[str]) -> Operation:
        word = content_word(body.media_type)
        method = _free(f"{first.method}_as_{word}", taken)
        name = f"{first.id} as {body.media_type}"
        return replace(first, id=name, method=method, body=body, stream=None)

    def _as_result(
        self, first: Operation, result: Result, taken: set[str]
    ) -> Operation:
        word = content_word(result.media_type)
        method = _free(f"{first.method}_as_{word}", taken)
        return replace(
            first,
            id=f"{first.id} giving {result.media_type}",
            method=method,
            result=result,
            accept=result.media_type,
            stream=None,
            page=None,
        )

    def _first(
        self,
        raw: RawOperation,
        place: Place,
        stream: StreamCall | None,
        content: tuple[Body | None, Result | None],
    ) -> Operation:
        value = raw.node.value
        words = (*place.resource, place.method)
        parameters, has_key = self._parameters(raw, words)
        asked = stream.asked_in_query if stream is not None else None
        if asked is not None:
            parameters = tuple(p for p in parameters if not _is_flag(p, asked))
        body, result = content
        summary = str(value.get("summary") or "")
        answers = AnswersReader(self.reader, self.contents, self.known_bodies)
        successes = self.successes(raw)
        others = self._others(raw, successes)
        return Operation(
            id=raw.id,
            resource=place.resource,
            method=place.method,
            verb=raw.verb,
            path=self._path(raw, parameters),
            parameters=parameters,
            body=body,
            result=result,
            stream=stream,
            page=self.pages.page(raw, result, parameters),
            security=self._security(raw),
            idempotency=_idempotency(raw, has_key=has_key),
            docs=_docs_beside(summary, value),
            summary=summary,
            location=self.reader.locate(raw.node.pointer),
            base_url=own_address(self.reader, raw),
            headers=answers.headers(successes, (*words, "header")),
            failures=answers.failures(raw, words, {status for status, _ in successes}),
            pending=answers.pending(raw),
            failure_headers=answers.headers(others, (*words, "header")),
            advisory=self._is_advisory(raw, gives=result or stream),
        )

    def _is_advisory(self, raw: RawOperation, *, gives: object) -> bool:
        """Say whether a call may fail in silence: only one that gives nothing may."""
        if raw.node.value.get("x-advisory") is not True:
            return False
        if gives is not None:
            message = "a call that gives something cannot be advisory"
            place = raw.node.child("x-advisory")
            self.reader.report("impossible-advisory", message, place)
        return gives is None

    def _parameters(
        self, raw: RawOperation, words: tuple[str, ...]
    ) -> tuple[tuple[Parameter, ...], bool]:
        nodes = [*raw.item.items("parameters"), *raw.node.items("parameters")]
        variables = VARIABLE.findall(sent(raw.path))
        found: dict[tuple[str, str], Parameter] = {}
        has_key = False
        resolved = list(map(self.reader.resolve, nodes))
        for node in with_variables(raw.path, resolved, raw.node):
            name, place = node.value.get("name"), node.value.get("in")
            reason = self._unsendable(raw, name, place)
            if reason is not None:
                self.reader.report(
                    "parameter-left-out", reason, node.pointer, "warning"
                )
            if reason is not None or not isinstance(name, str) or place not in _PLACES:
                continue
            # The check says so: `unused-path-parameter`.
            if place == "path" and name not in variables:
                continue
            if place == "header" and name.lower() == self.idempotency_header.lower():
                has_key = True
            elif place != "header" or name.lower() not in self.lifted_headers:
                parameter = self._parameter(node, words)
                found[name, place] = parameter
        return tuple(found.values()), has_key

    def _unsendable(self, raw: RawOperation, name: object, place: object) -> str | None:
        """Say why no method has a parameter (OpenAPI 3.1.1, 4.8.12.2), if none has."""
        if place == "querystring":
            return f"no SDK sends a whole query string, as {name!r} is"
        if place != "header" or not isinstance(name, str):
            return None
        if not _TOKEN.fullmatch(name):
            return f"no header can be called {name!r} (RFC 9110, section 5.6.2)"
        if name.lower() in _NEGOTIATED:
            return f"{name} is sent as what the call sends and takes"
        is_credential = name.lower() == AUTHORIZATION
        if is_credential and is_authorized(self.reader, self._security(raw)):
            return f"{name} is sent by the security scheme"
        return None

    def _parameter(self, node: Node, words: tuple[str, ...]) -> Parameter:
        value = node.value
        name = value["name"]
        place = cast("ParameterPlace", value["in"])
        style = style_at(self.reader, node, place)
        schema = as_object(value.get("schema"))
        return Parameter(
            name=name,
            place=place,
            type=self._parameter_type(node, (*words, name)),
            required=place == "path" or value.get("required") is True,
            docs=docs_of(value),
            location=self.reader.locate(node.pointer),
            style=style,
            content_type=next(
                (kind for kind, _ in node.objects("content") if writes_json(kind)), None
            ),
            explode=bool(value.get("explode", style == "form")),
            default=Default(schema["default"]) if "default" in schema else None,
            allow_reserved=value.get("allowReserved") is True
            and "content" not in value,
            example=self.reader.example(node),
        )

    def _parameter_type(self, node: Node, words: tuple[str, ...]) -> TypeExpr:
        for _, media in node.objects("content"):
            return self.schemas.expression_at(media, "schema", words)
        return self.schemas.expression_at(node, "schema", words)

    def _path(
        self, raw: RawOperation, parameters: tuple[Parameter, ...]
    ) -> tuple[PathPart, ...]:
        known = {p.name for p in parameters if p.place == "path"}
        parts: list[PathPart] = []
        for index, text in enumerate(VARIABLE.split(sent(raw.path))):
            if index % 2 and text in known:
                parts.append(PathVariable(text))
            elif text:
                parts.append(PathLiteral("{" + text + "}" if index % 2 else text))
        return tuple(parts)

    def successes(self, raw: RawOperation) -> list[tuple[str, Node]]:
        """List the responses that are no errors, in the order of their statuses."""
        responses = [
            (status, _sent(raw, self.reader.resolve(node)))
            for status, node in raw.node.objects("responses")
        ]
        found = sorted(
            (status, node)
            for status, node in responses
            if status.startswith("2") and node.value.get("x-pending") is not True
        )
        return found or [pair for pair in responses if pair[0] == "default"]

    def _others(
        self, raw: RawOperation, successes: list[tuple[str, Node]]
    ) -> list[tuple[str, Node]]:
        known = {status for status, _ in successes}
        return [
            (status, self.reader.resolve(node))
            for status, node in raw.node.objects("responses")
            if status not in known
        ]

    def _security(self, raw: RawOperation) -> tuple[tuple[str, ...], ...]:
        value = raw.node.value
        declared = value if "security" in value else self.reader.root.value
        return alternatives(self.reader, declared)


def _sent(raw: RawOperation, response: Node) -> Node:
    """Leave out content that only GET would get (RFC 9110, section 9.3.2)."""
    if raw.verb != "HEAD":
        return response
    kept = {key: value for key, value in response.value.items() if key != "content"}
    return Node(kept, response.pointer)


def _docs_beside(summary: str, value: Mapping[str, object]) -> Docs:
    """Take what the description says more than the summary, which stands before it."""
    docs = docs_of({key: each for key, each in value.items() if key != "summary"})
    says_more = _said(docs.text) != _said(summary)
    return docs if says_more else replace(docs, text="")


def _said(text: str) -> str:
    return " ".join(text.split()).rstrip(".").lower()


def _is_flag(parameter: Parameter, asked: QueryFlag) -> bool:
    """Whether a parameter is the one that the methods themselves set."""
    return (parameter.place, parameter.name) == ("query", asked.parameter)


def _free(method: str, taken: set[str]) -> str:
    """Give a method's name that is not taken, and take it."""
    wanted = method
    if wanted in taken:
        before, _, word = method.rpartition("_as_")
        wanted = f"{before}_giving_{word}"
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    taken.add(name)
    return name


def _idempotency(raw: RawOperation, *, has_key: bool) -> Idempotency:
    if raw.verb in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "QUERY"):
        return "natural"
    if raw.node.value.get("x-idempotent") is True:
        return "natural"
    return "key" if has_key else "none"
