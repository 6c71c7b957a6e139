"""`bundle`: one file, in the version that another tool reads."""

from __future__ import annotations

import json
from pathlib import Path

from headgate.document import JsonObject, bundle
from headgate.document.json_values import follow
from tests.unit.document.folder import HEAD, load

STREAMS = f"""\
{HEAD}
paths:
  /talk:
    get:
      operationId: talk
      responses:
        '200':
          description: Words.
          content:
            text/event-stream:
              schema: {{$ref: '#/components/schemas/Frame'}}
            application/json:
              schema: {{$ref: '#/components/schemas/Word'}}
  /bare:
    get:
      responses:
        '200':
          description: Words.
          content:
            text/event-stream: {{schema: {{$ref: '#/components/schemas/Word'}}}}
components:
  schemas:
    Frame:
      oneOf:
        - {{type: object, properties: {{event: {{const: word}}, data: {{}}}}}}
    Word: {{type: object, properties: {{text: {{type: string}}}}}}
"""

OLD = """\
openapi: 3.0.3
info: {title: Old, version: "1"}
paths: {}
components:
  schemas:
    Pet:
      type: object
      nullable: true
      properties:
        age: {type: integer, minimum: 0, exclusiveMinimum: true, nullable: false}
        size: {type: number, maximum: 9, exclusiveMaximum: false}
        anything: {nullable: true}
        owner:
          description: Who keeps it.
          nullable: true
          allOf: [{$ref: '#/components/schemas/Owner'}]
        keeper: {$ref: '#/components/schemas/Owner', nullable: true}
        kind: {enum: [cat, dog], nullable: true}
        rank: {type: [integer, string], nullable: true}
      example: {nullable: true}
    Owner: {type: object}
"""


def at(root: JsonObject, *tokens: str) -> JsonObject:
    value = follow(root, tokens)[1]
    assert isinstance(value, dict)
    return value


def test_32_writes_the_frame_of_a_stream_as_the_schema_of_its_items(
    tmp_path: Path,
) -> None:
    """A bare payload is no frame: `itemSchema` would describe something else."""
    document = load(tmp_path, {"openapi.yaml": STREAMS})
    new = bundle(document, "3.2")
    content = ("get", "responses", "200", "content")

    assert new["openapi"] == "3.2.0"
    assert at(new, "paths", "/talk", *content) == {
        "text/event-stream": {"itemSchema": {"$ref": "#/components/schemas/Frame"}},
        "application/json": {"schema": {"$ref": "#/components/schemas/Word"}},
    }
    assert at(new, "paths", "/bare", *content) == {
        "text/event-stream": {"schema": {"$ref": "#/components/schemas/Word"}}
    }
    assert bundle(document, "3.1") == document.root


def test_31_is_written_of_a_32_document(tmp_path: Path) -> None:
    """There and back again is the same document."""
    document = load(tmp_path, {"openapi.yaml": STREAMS})
    new = bundle(document, "3.2")
    again = load(tmp_path, {"new.json": json.dumps(new)})

    assert again.version == (3, 2)
    assert bundle(again, "3.1") == document.root


def test_30_is_put_into_the_words_of_json_schema(tmp_path: Path) -> None:
    """`nullable` and boolean bounds mean nothing to a 3.1 reader."""
    document = load(tmp_path, {"openapi.yaml": OLD})

    assert at(bundle(document), "components", "schemas", "Pet") == {
        "type": ["object", "null"],
        "properties": {
            "age": {"type": "integer", "exclusiveMinimum": 0},
            "size": {"type": "number", "maximum": 9},
            "anything": {},
            "owner": {
                "anyOf": [
                    {"allOf": [{"$ref": "#/components/schemas/Owner"}]},
                    {"type": "null"},
                ],
                "description": "Who keeps it.",
            },
            "keeper": {
                "anyOf": [
                    {"$ref": "#/components/schemas/Owner"},
                    {"type": "null"},
                ],
            },
            "kind": {"enum": ["cat", "dog", None]},
            "rank": {"type": ["integer", "string", "null"]},
        },
        "example": {"nullable": True},
    }


def test_the_order_is_that_of_the_text(tmp_path: Path) -> None:
    """The same files give the same bytes: own components first, then by first use."""
    files = {
        "openapi.yaml": f"""\
{HEAD}
components: {{schemas: {{Zebra: {{}}, Ant: {{$ref: 'a.yaml#/Ant'}}}}}}
paths:
  /b: {{get: {{responses: {{'200': {{$ref: 'a.yaml#/Late'}}}}}}}}
""",
        "a.yaml": """\
Early: {}
Late: {description: Late., content: {text/a: {schema: {$ref: '#/Middle'}}}}
Middle: {properties: {b: {$ref: '#/Early'}}}
Ant: {}
""",
    }
    root = bundle(load(tmp_path, files))

    assert list(root) == ["openapi", "info", "components", "paths"]
    assert list(at(root, "components")) == ["schemas", "responses"]
    assert list(at(root, "components", "schemas")) == [
        "Zebra",
        "Ant",
        "Middle",
        "Early",
    ]
