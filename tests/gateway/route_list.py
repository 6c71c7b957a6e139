"""The operations of the specification, as the tables of who may do what need them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.gateway.client import bundle

Json = Any
UNKNOWN = "01JD2M5R9V3K7W8X4Y6Z0A1B2C"
"""The part behind the prefix of ids that nothing has."""


@dataclass(frozen=True)
class Route:
    """One operation: where it is, what opens it, and examples of what it takes."""

    operation: str
    method: str
    path: str
    scheme: str
    """The security scheme; `none` for those that are open to all."""
    examples: Mapping[str, str]
    """An id for each variable of the path, as the specification shows it."""
    query: Mapping[str, Json]
    body: Json

    def at(self, identifiers: Mapping[str, str] | None = None) -> str:
        """The path with these ids, or with the examples that nothing has."""
        given = {**self.examples, **(identifiers or {})}
        return re.sub(r"{(\w+)(?::\w+)?}", lambda found: given[found[1]], self.path)


def routes() -> tuple[Route, ...]:
    """Every operation, in the order of the specification."""
    document = bundle()
    return tuple(_routes(document))


def _routes(document: dict[str, Json]) -> Iterator[Route]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            security = operation.get("security", document["security"])
            parameters = [
                _resolved(document, each) for each in operation.get("parameters", [])
            ]
            yield Route(
                operation=operation["operationId"],
                method=method.upper(),
                path=path,
                scheme=next((name for choice in security for name in choice), "none"),
                examples={
                    each["name"]: str(_example(document, each))
                    for each in parameters
                    if each["in"] == "path"
                },
                query={
                    each["name"]: _example(document, each)
                    for each in parameters
                    if each["in"] == "query" and each.get("required")
                },
                body=_body(document, operation),
            )


def _body(document: dict[str, Json], operation: dict[str, Json]) -> Json:
    holder = _resolved(document, operation.get("requestBody", {}))
    media = holder.get("content", {}).get("application/json", {})
    for example in media.get("examples", {}).values():
        return _resolved(document, example)["value"]
    return None


def _example(document: dict[str, Json], parameter: dict[str, Json]) -> Json:
    if "example" in parameter:
        return parameter["example"]
    for example in parameter.get("examples", {}).values():
        return _resolved(document, example)["value"]
    schema = _resolved(document, parameter["schema"])
    return next(iter(schema.get("examples", schema.get("enum", ["x"]))))


def _resolved(document: dict[str, Json], node: dict[str, Json]) -> dict[str, Json]:
    while "$ref" in node:
        _, _, section, name = node["$ref"].split("/")
        node = document["components"][section][name]
    return node
