"""From path items to operations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from headgate.ir.build.media import (
    body_kind,
    is_stream,
    media_type_of,
    preferred_body,
)
from headgate.ir.build.reader import (
    Node,
    Reader,
    as_list,
    as_object,
    docs_of,
    is_object,
    text_at,
)
from headgate.ir.operations import (
    Body,
    CursorPage,
    HttpMethod,
    Idempotency,
    Operation,
    Parameter,
    ParameterPlace,
    PathLiteral,
    PathPart,
    PathVariable,
    Result,
)
from headgate.ir.types import (
    Default,
    Field,
    ListOf,
    Ref,
    Scalar,
    Struct,
    TypeExpr,
)

if TYPE_CHECKING:
    from headgate.ir.build.naming import Place
    from headgate.ir.build.schemas import SchemaReader
    from headgate.ir.operations import StreamCall

_VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_PLACES = frozenset({"path", "query", "header", "cookie"})
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}


@dataclass(frozen=True, slots=True)
class RawOperation:
    """An operation as the document has it, before it is read."""

    verb: HttpMethod
    path: str
    item: Node
    node: Node

    @property
    def id(self) -> str:
        """The operationId, or verb and path where there is none."""
        named = text_at(self.node.value, "operationId")
        return named or f"{self.verb.lower()} {self.path}"


def raw_operations(reader: Reader) -> list[RawOperation]:
    """List the operations in the document's order."""
    found: list[RawOperation] = []
    for path, item in reader.root.objects("paths"):
        resolved = reader.resolve(item)
        for verb in resolved.value:
            node = resolved.value[verb]
            if verb in _VERBS and is_object(node):
                method = cast("HttpMethod", verb.upper())
                child = Node(node, resolved.child(verb))
                found.append(RawOperation(method, path, resolved, child))
    return found


@dataclass(frozen=True, slots=True)
class OperationReader:
    """Reads operations; types go through `schemas`."""

    reader: Reader
    schemas: SchemaReader
    lifted_headers: frozenset[str]
    """Header parameters, in lower case, that are options of the client instead."""
    idempotency_header: str

    def read(
        self, raw: RawOperation, place: Place, stream: StreamCall | None
    ) -> Operation:
        """Settle everything about one operation."""
        value = raw.node.value
        words = (*place.resource, place.method)
        parameters, has_key = self._parameters(raw, words)
        result = self._result(raw, words)
        return Operation(
            id=raw.id,
            resource=place.resource,
            method=place.method,
            verb=raw.verb,
            path=self._path(raw, parameters),
            parameters=parameters,
            body=self._body(raw, words),
            result=result,
            stream=stream,
            page=self._page(raw, result),
            security=self._security(raw),
            idempotency=_idempotency(raw, has_key=has_key),
            docs=docs_of({k: v for k, v in value.items() if k != "summary"}),
            summary=str(value.get("summary") or ""),
            location=self.reader.locate(raw.node.pointer),
        )

    def _parameters(
        self, raw: RawOperation, words: tuple[str, ...]
    ) -> tuple[tuple[Parameter, ...], bool]:
        nodes = [*raw.item.items("parameters"), *raw.node.items("parameters")]
        found: dict[tuple[str, str], Parameter] = {}
        has_key = False
        for node in map(self.reader.resolve, nodes):
            name, place = node.value.get("name"), node.value.get("in")
            if not isinstance(name, str) or place not in _PLACES:
                continue
            if place == "header" and name.lower() == self.idempotency_header.lower():
                has_key = True
            elif place != "header" or name.lower() not in self.lifted_headers:
                parameter = self._parameter(node, words)
                found[name, place] = parameter
        return tuple(found.values()), has_key

    def _parameter(self, node: Node, words: tuple[str, ...]) -> Parameter:
        value = node.value
        name = value["name"]
        place = cast("ParameterPlace", value["in"])
        style = text_at(value, "style") or _STYLES[place]
        schema = as_object(value.get("schema"))
        return Parameter(
            name=name,
            place=place,
            type=self._parameter_type(node, (*words, name)),
            required=place == "path" or value.get("required") is True,
            docs=docs_of(value),
            location=self.reader.locate(node.pointer),
            style=style,
            explode=bool(value.get("explode", style == "form")),
            default=Default(schema["default"]) if "default" in schema else None,
            allow_reserved=value.get("allowReserved") is True,
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
        for index, text in enumerate(_VARIABLE.split(raw.path)):
            if index % 2 and text in known:
                parts.append(PathVariable(text))
            elif text:
                parts.append(PathLiteral("{" + text + "}" if index % 2 else text))
        return tuple(parts)

    def _body(self, raw: RawOperation, words: tuple[str, ...]) -> Body | None:
        request = raw.node.value.get("requestBody")
        if not is_object(request):
            return None
        node = self.reader.resolve(Node(request, raw.node.child("requestBody")))
        contents = node.objects("content")
        if not contents:
            return None
        media_type, media = preferred_body(contents)
        self._left_out(contents, media_type, "request body")
        return Body(
            kind=body_kind(media_type),
            media_type=media_type,
            type=self._content(media_type, media, (*words, "request")),
            required=node.value.get("required") is True,
            docs=docs_of(node.value),
            location=self.reader.locate(media.pointer),
        )

    def _content(
        self, media_type: str, media: Node, words: tuple[str, ...]
    ) -> TypeExpr:
        match body_kind(media_type):
            case "binary":
                return Scalar("binary")
            case "text":
                return Scalar("string")
            case _:
                return self.schemas.expression_at(media, "schema", words)

    def _result(self, raw: RawOperation, words: tuple[str, ...]) -> Result | None:
        successes = self.successes(raw)
        first: Result | None = None
        for status, response in successes:
            contents = [
                pair for pair in response.objects("content") if not is_stream(pair[0])
            ]
            if not contents or first is not None:
                self._left_out(contents, None, f"response {status}")
                continue
            media_type, media = preferred_body(contents)
            self._left_out(contents, media_type, f"response {status}")
            first = Result(
                kind=body_kind(media_type),
                media_type=media_type,
                type=self._content(media_type, media, (*words, "response")),
                statuses=(status,),
                docs=docs_of(response.value),
                location=self.reader.locate(media.pointer),
                may_be_empty=any(not r.value.get("content") for _, r in successes),
            )
        return first

    def successes(self, raw: RawOperation) -> list[tuple[str, Node]]:
        """List the responses that are no errors, in the order of their statuses."""
        responses = [
            (status, self.reader.resolve(node))
            for status, node in raw.node.objects("responses")
        ]
        found = sorted(pair for pair in responses if pair[0].startswith("2"))
        return found or [pair for pair in responses if pair[0] == "default"]

    def _left_out(
        self,
        contents: list[tuple[str, Node]],
        chosen: str | None,
        what: str,
    ) -> None:
        for media_type, media in contents:
            if media_type != chosen:
                message = f"{what} as {media_type_of(media_type)} is left out"
                self.reader.report(
                    "content-left-out", message, media.pointer, "warning"
                )

    def _page(self, raw: RawOperation, result: Result | None) -> CursorPage | None:
        declared = as_object(raw.node.value.get("x-pagination"))
        if not declared or result is None:
            return None
        cursor = as_object(declared.get("cursor"))
        items = str(declared.get("items"))
        item = self._item_type(result.type, items)
        if item is None:
            pointer = raw.node.child("x-pagination", "items")
            message = f"'{items}' is no list in the response"
            self.reader.report("pagination-items", message, pointer)
            return None
        more = declared.get("more")
        return CursorPage(
            items_field=items,
            item=item,
            parameter=str(cursor.get("parameter")),
            from_field=str(cursor.get("from")),
            more_field=more if isinstance(more, str) else None,
        )

    def _item_type(self, expression: TypeExpr, name: str) -> TypeExpr | None:
        if not isinstance(expression, Ref):
            return None
        definition = self.schemas.definitions.get(expression.id)
        if not isinstance(definition, Struct):
            return None
        found = next((f for f in definition.fields if f.name == name), None)
        return _item(found)

    def _security(self, raw: RawOperation) -> tuple[tuple[str, ...], ...]:
        value = raw.node.value
        declared = value if "security" in value else self.reader.root.value
        return tuple(
            tuple(as_object(alternative))
            for alternative in as_list(declared.get("security"))
        )


def _item(found: Field | None) -> TypeExpr | None:
    return found.type.item if found and isinstance(found.type, ListOf) else None


def _idempotency(raw: RawOperation, *, has_key: bool) -> Idempotency:
    if raw.verb in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "QUERY"):
        return "natural"
    if raw.node.value.get("x-idempotent") is True:
        return "natural"
    return "key" if has_key else "none"
