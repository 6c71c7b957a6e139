"""The specification that the gateway serves, and what it says of each operation."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, cast

import jsonschema_rs

from headgate_gateway.json import JsonObject, dump_text, loads, object_at

_URI = "urn:headgate:openapi"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ANY = "*/*"
_UNTOLD = "The value"
"""What errors say in place of a value, which may be a secret."""
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A path, query or header parameter of scalar type."""

    name: str
    place: str
    required: bool
    schema: JsonObject


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the specification."""

    id: str
    method: str
    path: str
    schemes: tuple[str, ...]
    """The security schemes that open it; none: it is open."""
    parameters: tuple[Parameter, ...]
    body: JsonObject | None
    """The schema of its JSON body."""
    body_required: bool
    properties: frozenset[str]
    """The names that the schema of its body knows."""


class Specification:
    """The bundled OpenAPI document and the events' JSON Schema beside it."""

    def __init__(self, folder: Traversable) -> None:
        self._folder = folder
        self.root: JsonObject = _without_answers(loads(self.document))
        """All that says what a request is."""
        self._registry = jsonschema_rs.Registry([(_URI, _resource(self.root))])
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    @property
    def document(self) -> bytes:
        """The OpenAPI document, read when it is asked for."""
        return self._folder.joinpath("openapi.json").read_bytes()

    @property
    def events(self) -> bytes:
        """The events' JSON Schema, read when it is asked for."""
        return self._folder.joinpath("events.schema.json").read_bytes()

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation, in the document's order."""
        return tuple(self._operations())

    def resolve(self, node: JsonObject) -> JsonObject:
        """The object that a local reference points to."""
        while "$ref" in node:
            target: Any = self.root
            for step in str(node["$ref"]).removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            node = cast("JsonObject", target)
        return node

    def validator(self, schema: JsonObject) -> jsonschema_rs.Validator:
        """A validator of a schema of the document."""
        text = dump_text(schema)
        if text not in self._validators:
            # References are resolved in the one registry: a copy of all components in
            # each validator would cost ten times the memory.
            absolute = loads(text.replace('"$ref":"#/', f'"$ref":"{_URI}#/'))
            self._validators[text] = jsonschema_rs.Draft202012Validator(
                absolute,
                registry=self._registry,
                validate_formats=True,
                mask=_UNTOLD,
            )
        return self._validators[text]

    def _operations(self) -> Iterator[Operation]:
        for path, item in self.root["paths"].items():
            shared = item.get("parameters", [])
            for method in _METHODS:
                if method in item:
                    yield self._operation(path, method, item[method], shared)

    def _operation(
        self, path: str, method: str, node: JsonObject, shared: list[JsonObject]
    ) -> Operation:
        common: list[JsonObject] = self.root.get("security") or []
        security: list[JsonObject] = node.get("security", common)
        body = self.resolve(node["requestBody"]) if "requestBody" in node else {}
        contents = object_at(body, "content")
        # A body of any media type is passed on, not read.
        json = {} if _ANY in contents else object_at(contents, "application/json")
        schema = self.resolve(object_at(json, "schema"))
        return Operation(
            id=node["operationId"],
            method=method.upper(),
            path=path,
            schemes=tuple(name for choice in security for name in choice),
            parameters=tuple(
                self._parameter(parameter)
                for parameter in [*shared, *node.get("parameters", [])]
            ),
            body=json.get("schema"),
            body_required=body.get("required", False),
            properties=frozenset(object_at(schema, "properties")),
        )

    def _parameter(self, node: JsonObject) -> Parameter:
        node = self.resolve(node)
        return Parameter(
            name=node["name"],
            place=node["in"],
            required=node.get("required", False),
            schema=node["schema"],
        )


def _without_answers(root: JsonObject) -> JsonObject:
    """The document without what it says of answers, for which nobody looks here."""
    for item in root["paths"].values():
        for method in _METHODS:
            if method in item:
                del item[method]["responses"]
    for kind in ("responses", "headers", "examples"):
        root["components"].pop(kind, None)
    return root


def _resource(root: JsonObject) -> JsonObject:
    """The document's schemas where references look for them."""
    return {
        "$schema": _DIALECT,
        "components": {"schemas": root["components"]["schemas"]},
    }


def load_specification() -> Specification:
    """The specification in the package."""
    return Specification(resources.files("headgate_gateway") / "spec")
