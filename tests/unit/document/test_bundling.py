"""Many files become one document, and every part still knows where it was written."""

from __future__ import annotations

from pathlib import Path

from headgate.document import Document
from tests.unit.document.folder import HEAD, load

PETS = {
    "spec/openapi.yaml": f"""\
{HEAD}
paths:
  /pets:
    $ref: paths/pets.yaml#/pets
components:
  schemas:
    Store:
      type: object
      properties:
        best: {{$ref: ../spec/schemas/pets.yaml#/Pet}}
    Animal: {{$ref: schemas/pets.yaml#/Beast}}
x-streams:
  barks: {{$ref: streams/barks.yaml}}
x-errors: {{$ref: errors.yaml}}
""",
    "spec/paths/pets.yaml": """\
pets:
  parameters:
    - $ref: ../parameters.yaml#/Limit
  get:
    operationId: pets.list
    responses:
      '200': {$ref: ../responses.yaml#/Pets}
""",
    "spec/parameters.yaml": """\
Limit: {name: limit, in: query, schema: {type: integer}}
""",
    "spec/responses.yaml": """\
Pets:
  description: Pets.
  content:
    application/json:
      schema: {type: array, items: {$ref: schemas/pets.yaml#/Pet}}
""",
    "spec/schemas/pets.yaml": """\
Pet:
  oneOf:
    - $ref: '#/Beast'
    - $ref: fish.json
  discriminator:
    propertyName: kind
    mapping: {beast: '#/Beast', fish: fish.json, cat: Animal}
Beast:
  type: object
  properties:
    parent: {$ref: '#/Pet'}
    example: {$ref: '#/$defs/Deep'}
    note: {const: {$ref: nothing}}
$defs:
  Deep: {type: string}
""",
    "spec/schemas/fish.json": '{"type": "object", "description": "A fish."}',
    "spec/streams/barks.yaml": """\
event: {$ref: ../schemas/pets.yaml#/Pet}
fold: {into: {$ref: ../schemas/bark.yaml}}
states: {start: {bark: {require: {"$ref": {a: b}}}}}
""",
    "spec/schemas/bark.yaml": "type: string\n",
    "spec/errors.yaml": "schema: {$ref: schemas/pets.yaml#/Pet}\nclasses: []\n",
}


def bundled(folder: Path) -> Document:
    return load(folder, PETS)


def test_only_references_to_components_are_left(tmp_path: Path) -> None:
    """A file's part becomes a component, named by the last part of its pointer."""
    root = bundled(tmp_path).root

    assert root["components"] == {
        "schemas": {
            "Store": {
                "type": "object",
                "properties": {"best": {"$ref": "#/components/schemas/Pet"}},
            },
            "Animal": {
                "type": "object",
                "properties": {
                    "parent": {"$ref": "#/components/schemas/Pet"},
                    "example": {"$ref": "#/components/schemas/Deep"},
                    "note": {"const": {"$ref": "nothing"}},
                },
            },
            "Pet": {
                "oneOf": [
                    {"$ref": "#/components/schemas/Animal"},
                    {"$ref": "#/components/schemas/fish"},
                ],
                "discriminator": {
                    "propertyName": "kind",
                    "mapping": {
                        "beast": "#/components/schemas/Animal",
                        "fish": "#/components/schemas/fish",
                        "cat": "#/components/schemas/Animal",
                    },
                },
            },
            "bark": {"type": "string"},
            "Deep": {"type": "string"},
            "fish": {"type": "object", "description": "A fish."},
        },
        "responses": {
            "Pets": {
                "description": "Pets.",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "array",
                            "items": {"$ref": "#/components/schemas/Pet"},
                        }
                    }
                },
            }
        },
        "parameters": {
            "Limit": {"name": "limit", "in": "query", "schema": {"type": "integer"}}
        },
    }


def test_paths_and_declarations_take_the_place_of_their_reference(
    tmp_path: Path,
) -> None:
    """They have no name of their own in `components`."""
    root = bundled(tmp_path).root

    assert root["paths"] == {
        "/pets": {
            "parameters": [{"$ref": "#/components/parameters/Limit"}],
            "get": {
                "operationId": "pets.list",
                "responses": {"200": {"$ref": "#/components/responses/Pets"}},
            },
        }
    }
    assert root["x-streams"] == {
        "barks": {
            "event": {"$ref": "#/components/schemas/Pet"},
            "fold": {"into": {"$ref": "#/components/schemas/bark"}},
            "states": {"start": {"bark": {"require": {"$ref": {"a": "b"}}}}},
        }
    }
    assert root["x-errors"] == {
        "schema": {"$ref": "#/components/schemas/Pet"},
        "classes": [],
    }


def test_every_part_knows_its_file(tmp_path: Path) -> None:
    """A place in the bundle leads to the line that somebody wrote."""
    document = bundled(tmp_path)
    found = {
        pointer: document.locate(pointer)
        for pointer in (
            "#",
            "#/paths/~1pets/get/operationId",
            "#/components/schemas/Animal/properties/note",
            "#/components/schemas/fish/description",
            "#/components/parameters/Limit/name",
            "#/x-streams/barks/fold/into/$ref",
            "#/components/schemas/Store/properties/best/nothing/here",
        )
    }
    spec = tmp_path / "spec"

    assert {
        pointer: (place.file, place.line, place.column, place.pointer)
        for pointer, place in found.items()
    } == {
        "#": (f"{spec}/openapi.yaml", 1, 1, "#"),
        "#/paths/~1pets/get/operationId": (
            f"{spec}/paths/pets.yaml",
            5,
            18,
            "#/pets/get/operationId",
        ),
        "#/components/schemas/Animal/properties/note": (
            f"{spec}/schemas/pets.yaml",
            13,
            5,
            "#/Beast/properties/note",
        ),
        "#/components/schemas/fish/description": (
            f"{spec}/schemas/fish.json",
            1,
            35,
            "#/description",
        ),
        "#/components/parameters/Limit/name": (
            f"{spec}/parameters.yaml",
            1,
            15,
            "#/Limit/name",
        ),
        "#/x-streams/barks/fold/into/$ref": (
            f"{spec}/streams/barks.yaml",
            2,
            21,
            "#/fold/into/$ref",
        ),
        "#/components/schemas/Store/properties/best/nothing/here": (
            f"{spec}/openapi.yaml",
            12,
            9,
            "#/components/schemas/Store/properties/best",
        ),
    }


def test_an_inline_part_that_is_referred_to_gets_a_name(tmp_path: Path) -> None:
    """It is one type: where it stood, a reference to its name stands now."""
    text = f"""\
{HEAD}
paths: {{}}
components:
  schemas:
    Pet:
      properties:
        owner: {{type: object, title: Owner}}
        friend: {{$ref: '#/components/schemas/Pet/properties/owner'}}
"""
    root = load(tmp_path, {"openapi.yaml": text}).root

    assert root["components"] == {
        "schemas": {
            "Pet": {
                "properties": {
                    "owner": {"$ref": "#/components/schemas/Pet_owner"},
                    "friend": {"$ref": "#/components/schemas/Pet_owner"},
                }
            },
            "Pet_owner": {"type": "object", "title": "Owner"},
        }
    }


def test_whole_sections_may_be_files(tmp_path: Path) -> None:
    """A file of schemas under `components.schemas` is what many projects have."""
    files = {
        "openapi.yaml": f"""\
{HEAD}
paths: {{$ref: paths.yaml}}
components: {{schemas: {{$ref: schemas.yaml}}}}
""",
        "paths.yaml": "/pets: {get: {responses: {'200': {description: Fine.}}}}\n",
        "schemas.yaml": "Pet: {properties: {owner: {$ref: '#/Owner'}}}\nOwner: {}\n",
    }
    root = load(tmp_path, files).root

    assert root["paths"] == {
        "/pets": {"get": {"responses": {"200": {"description": "Fine."}}}}
    }
    assert root["components"] == {
        "schemas": {
            "Pet": {"properties": {"owner": {"$ref": "#/components/schemas/Owner"}}},
            "Owner": {},
        }
    }


def test_anchors_name_schemas(tmp_path: Path) -> None:
    """JSON Schema's `$anchor` is another way to point into a file."""
    files = {
        "openapi.yaml": f"""\
{HEAD}
paths: {{}}
components: {{schemas: {{Pet: {{$ref: 'pets.yaml#dog'}}}}}}
""",
        "pets.yaml": "all:\n  - {$anchor: cat}\n  - {$anchor: dog, type: string}\n",
    }
    root = load(tmp_path, files).root

    assert root["components"] == {
        "schemas": {"Pet": {"$anchor": "dog", "type": "string"}}
    }


def test_data_is_no_place_for_references(tmp_path: Path) -> None:
    """What looks like a reference in an example is the author's data."""
    data = "{$ref: nowhere}"
    text = f"""\
{HEAD}
paths: {{}}
components:
  schemas:
    Pet:
      default: {data}
      example: {data}
      examples: [{data}]
      enum: [{data}]
      const: {data}
      x-data: {data}
      properties: {{$ref: {{type: string}}}}
  examples:
    Pet: {{value: {data}}}
"""
    schemas = load(tmp_path, {"openapi.yaml": text}).root["components"]
    there = {"$ref": "nowhere"}

    assert schemas == {
        "schemas": {
            "Pet": {
                "default": there,
                "example": there,
                "examples": [there],
                "enum": [there],
                "const": there,
                "x-data": there,
                "properties": {"$ref": {"type": "string"}},
            }
        },
        "examples": {"Pet": {"value": there}},
    }


def test_parts_of_operations_are_named_by_the_way_to_them(tmp_path: Path) -> None:
    """As bundlers write references to what several operations share."""
    text = f"""\
{HEAD}
paths:
  /a:
    get:
      parameters:
        - {{name: limit, in: query, schema: {{type: integer}}}}
      responses:
        '200': {{description: One.}}
  /b:
    get:
      parameters:
        - $ref: '#/paths/~1a/get/parameters/0'
        - {{name: other, in: query, schema: {{type: string}}}}
      responses:
        '200': {{$ref: '#/paths/~1a/get/responses/200'}}
        '404': {{$ref: '#/paths/~1c/get/responses/200'}}
  /c:
    get:
      parameters:
        - $ref: '#/paths/~1b/get/parameters/1'
        - $ref: '#/paths/~1a/get/parameters/0'
      responses:
        '200': {{description: Another.}}
"""
    components = load(tmp_path, {"openapi.yaml": text}).root["components"]

    assert isinstance(components, dict)
    named = {key: [*it] for key, it in components.items() if isinstance(it, dict)}
    assert named == {
        "parameters": ["a_get_0", "b_get_1"],
        "responses": ["a_get_200", "c_get_200"],
    }


def test_what_has_the_same_name_is_told_apart_within_a_file(tmp_path: Path) -> None:
    """Definitions inside of schemas, and an answer taken for a schema."""
    text = f"""\
{HEAD}
paths: {{}}
components:
  responses:
    Pet: {{description: What somebody took for a schema.}}
  schemas:
    Pet: {{$defs: {{Name: {{type: string}}}}}}
    Dog:
      $defs: {{Name: {{type: integer}}}}
      properties:
        name: {{$ref: '#/components/schemas/Dog/$defs/Name'}}
        other: {{$ref: '#/components/schemas/Pet/$defs/Name'}}
        pet: {{$ref: '#/components/responses/Pet'}}
"""
    components = load(tmp_path, {"openapi.yaml": text}).root["components"]

    assert isinstance(components, dict)
    schemas = components["schemas"]
    assert isinstance(schemas, dict)
    assert [*schemas] == ["Pet", "Dog", "Name", "Pet_Name", "components_responses_Pet"]
