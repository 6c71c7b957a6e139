"""Documents that a review found: each was refused, or came out wrong."""

from __future__ import annotations

import subprocess
import unicodedata
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
import yaml

from headgate.document import load_document
from headgate.encoding import python, rust, typescript
from headgate.ir.build import build_api
from headgate.ir.types import Alias, Constant, Ref, Struct, TypeId, Union
from headgate.pipeline import generate
from headgate.plan.package import LANGUAGES
from tests.hostile.payloads import TEMPLATES

if TYPE_CHECKING:
    from headgate.ir.api import Api

ROOT = Path(__file__).parents[2]
N = "{$ref: '#/components/schemas/N'}"
B = "{$ref: '#/components/schemas/B'}"


def written(
    folder: Path, schemas: str = "{}", paths: str = "{}", more: str = ""
) -> Path:
    """A document of these parts."""
    spec = folder / "openapi.yaml"
    document: dict[str, object] = {
        "openapi": "3.1.0",
        "info": {"title": "Test", "version": "1"},
        "paths": yaml.safe_load(paths),
        "components": {"schemas": yaml.safe_load(schemas)},
        **(yaml.safe_load(more) or {}),
    }
    spec.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    return spec


def read(spec: Path) -> tuple[Api, list[str]]:
    """The API of a document, and the codes of what was said about it."""
    api, problems = build_api(load_document(spec))
    return api, [each.code for each in problems]


@pytest.mark.parametrize(
    "place",
    [
        f"parent: {{type: object, allOf: [{N}]}}",
        "parent: {$ref: '#/components/schemas/N', type: object}",
        f"parent: {{type: array, items: {{allOf: [{N}, {{required: [name]}}]}}}}",
        f"parent: {{additionalProperties: {{allOf: [{N}, {{minProperties: 1}}]}}}}",
        f"parent: {{properties: {{x: {{}}}}, oneOf: [{N}, {B}]}}",
        f"parent: {{type: object, nullable: true, allOf: [{N}]}}",
        f"parent: {{allOf: [{N}, {{properties: {{parent: {{description: Up}}}}}}]}}",
        f"parent: {{allOf: [{B}, {{required: [n]}}]}}",
        f"parent: {{anyOf: [{{allOf: [{N}, {{required: [n]}}]}}, {{type: 'null'}}]}}",
    ],
)
def test_what_is_written_out_in_itself_ends(place: str, tmp_path: Path) -> None:
    """The place refers to the type that holds it; what is lost is said."""
    schemas = f"""
    N: {{type: object, properties: {{name: {{type: string}}, {place}}}}}
    B: {{type: object, properties: {{n: {{allOf: [{N}, {{required: [name]}}]}}}}}}
    """
    spec = written(tmp_path, schemas)
    api, problems = read(spec)

    assert {"N", "B"} <= api.definitions.keys()
    assert len(api.definitions) < 7
    assert set(problems) == {"schema-simplified"}
    assert generate(spec, LANGUAGES).files.keys() == set(LANGUAGES)


def test_a_finite_nest_keeps_what_stands_beside(tmp_path: Path) -> None:
    """A schema may be used inside itself, if it is not its own text that does so."""
    base = "{$ref: '#/components/schemas/Base'}"
    pet = f"{{allOf: [{base}, {{properties: {{by: {{properties: {{x: {{}}}}}}}}}}]}}"
    schemas = f"""
    Base: {{type: object, properties: {{id: {{type: string}}, up: {base}}}}}
    Pet:
      type: object
      properties:
        owner: {{allOf: [{base}, {{properties: {{home: {pet}}}}}]}}
    """
    api, problems = read(written(tmp_path, schemas))

    assert problems == []
    assert {tuple(each.words) for each in api.definitions.values()} == {
        ("Base",),
        ("Pet",),
        ("Pet", "owner"),
        ("Pet", "owner", "home"),
        ("Pet", "owner", "home", "by"),
    }


@pytest.mark.parametrize("between", ["Pet", "Middle"])
def test_an_heir_is_no_union_of_its_siblings(between: str, tmp_path: Path) -> None:
    """Who lists its heirs is their union, and has put its fields into each already."""
    schemas = f"""
    Pet:
      type: object
      properties: {{kind: {{type: string}}}}
      discriminator: {{propertyName: kind}}
      oneOf:
      - $ref: '#/components/schemas/Cat'
      - $ref: '#/components/schemas/Dog'
    Middle: {{allOf: [{{$ref: '#/components/schemas/Pet'}}]}}
    Cat:
      allOf:
      - $ref: '#/components/schemas/{between}'
      - properties: {{lives: {{type: integer}}}}
    Dog: {{allOf: [{{$ref: '#/components/schemas/Pet'}}, {{required: [kind]}}]}}
    """
    spec = written(tmp_path, schemas)
    api, _ = read(spec)
    found = {str(name): each for name, each in api.definitions.items()}
    pet, cat = found["Pet"], found["Cat"]

    assert isinstance(pet, Union)
    assert [each.type for each in pet.variants] == [
        Ref(found["Cat"].id),
        Ref(found["Dog"].id),
    ]
    assert isinstance(cat, Struct)
    assert [each.name for each in cat.fields] == ["kind", "lives"]
    assert isinstance(found["Dog"], Struct)
    assert isinstance(found["Middle"], Alias | Union)
    assert generate(spec, LANGUAGES).files.keys() == set(LANGUAGES)


def test_who_is_no_heir_keeps_the_union(tmp_path: Path) -> None:
    """What stands beside the reference is put into each branch."""
    schemas = """
    Pet:
      type: object
      properties: {kind: {type: string}}
      oneOf:
      - $ref: '#/components/schemas/Cat'
      - $ref: '#/components/schemas/Dog'
    Cat: {allOf: [{$ref: '#/components/schemas/Pet'}, {properties: {lives: {}}}]}
    Dog: {allOf: [{$ref: '#/components/schemas/Pet'}, {properties: {barks: {}}}]}
    Owner:
      type: object
      properties:
        pet: {allOf: [{$ref: '#/components/schemas/Pet'}, {required: [kind]}]}
    """
    api, _ = read(written(tmp_path, schemas))
    found = {each.words: each for each in api.definitions.values()}
    union = found["Owner", "pet"]

    assert isinstance(union, Union)
    assert [
        [(each.name, each.required) for each in struct.fields]
        for variant in union.variants
        if isinstance(variant.type, Ref)
        and isinstance(struct := api.definitions[variant.type.id], Struct)
    ] == [[("kind", True), ("lives", False)], [("kind", True), ("barks", False)]]


TWICE = """
/pets/{id}/{age}:
  get:
    operationId: pets.get
    parameters:
    - {name: id, in: path, required: true, schema: {type: string}}
    - {name: age, in: path, required: true, schema: {type: integer}}
    - {name: id, in: query, schema: {type: array, items: {type: boolean}}}
    responses:
      "200":
        description: A pet, or none.
        content:
          application/json: {schema: {$ref: "#/components/schemas/Filter"}}
      "204": {description: None.}
"""
FILTERS = """
Filter:
  oneOf:
  - {type: string}
  - {type: object, additionalProperties: {$ref: "#/components/schemas/Filter"}}
Circle:
  oneOf:
  - {type: integer}
  - {type: object, additionalProperties: {$ref: "#/components/schemas/Round"}}
Round:
  oneOf: [{type: string}, {$ref: "#/components/schemas/Circle"}]
Names:
  oneOf: [{type: string}, {type: object, additionalProperties: {type: string}}]
"""


def test_typescript_of_the_review_compiles(tmp_path: Path) -> None:
    """No unused import, no circular alias, and each parameter of its own type."""
    spec = written(tmp_path, FILTERS, TWICE)
    files = generate(spec, ["typescript"]).files["typescript"]
    for name, content in files.items():
        path = tmp_path / "package" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    text = b"\n".join(files.values()).decode()
    tsc = ROOT / "tools" / "node_modules" / ".bin" / "tsc"
    ran = subprocess.run(
        [tsc, "--noEmit", "-p", "tsconfig.json"],
        cwd=tmp_path / "package",
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (0, "")
    assert "{ [field: string]: Filter }" in text
    assert "{ [field: string]: Round }" in text
    assert "Record<string, string>" in text
    assert (
        "get(\n    id: string,\n    age: number," in text or "get(id: string," in text
    )


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("https://b.example.org", "https://b.example.org"),
        ("https://a.example.org", None),
        ("https://c.example.org", "https://c.example.org"),
    ],
)
def test_an_operation_keeps_its_own_server(
    own: str, expected: str | None, tmp_path: Path
) -> None:
    """Also one that the document lists, unless it is the default."""
    paths = f"""
    /pets:
      get:
        operationId: pets.list
        servers: [{{url: "{own}"}}]
        responses: {{"204": {{description: None.}}}}
    """
    more = "servers: [{url: 'https://a.example.org'}, {url: 'https://b.example.org'}]"
    api, _ = read(written(tmp_path, paths=paths, more=more))

    assert [each.base_url for each in api.operations] == [expected]


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_an_answer_to_head_has_no_content(kind: str, tmp_path: Path) -> None:
    """What is declared is what GET would get; its headers are sent."""
    paths = f"""
    /pets:
      head:
        operationId: pets.peek
        responses:
          "200":
            description: There.
            headers: {{X-Count: {{schema: {{type: integer}}}}}}
            content: {{{kind}: {{schema: {{type: string}}}}}}
    """
    api, _ = read(written(tmp_path, paths=paths))
    (operation,) = api.operations

    assert (operation.result, operation.stream) == (None, None)
    assert [each.name for each in operation.headers] == ["X-Count"]


TURNING = "a\u2066b\u2067c\u2068d\u2069e\u061cf\u200eg\u200fh\U000e0041i\u202ej"


@pytest.mark.parametrize("payload", [*TEMPLATES, TURNING])
def test_no_comment_hides_or_turns_text(payload: str) -> None:
    """Every character of a comment is seen where it stands (Trojan Source)."""
    comments = [
        python.comment(payload),
        python.docstring([payload], 4),
        rust.comment(payload),
        rust.doc(payload),
        typescript.line_comment(payload),
        typescript.doc_comment(payload),
    ]

    assert [
        character
        for comment in comments
        for character in comment.text.replace("\n", "")
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
    ] == []


def test_one_is_not_true(tmp_path: Path) -> None:
    """To Python they are equal, to JSON they are not."""
    schemas = """
    Flag: {oneOf: [{const: 1}, {const: true}, {const: 1}]}
    Flags:
      type: array
      prefixItems: [{const: 0}, {const: false}]
      items: {const: 0}
    """
    spec = written(tmp_path, schemas)
    api, _ = read(spec)
    unions = [each for each in api.definitions.values() if isinstance(each, Union)]

    assert [
        [
            repr(each.type.value)
            for each in union.variants
            if isinstance(each.type, Constant)
        ]
        for union in unions
    ] == [["1", "True"], ["0", "False"]]
    assert generate(spec, LANGUAGES).files.keys() == set(LANGUAGES)


@pytest.mark.parametrize(
    ("schema", "kind", "sent"),
    [
        ("{type: object}", "json", "application/json"),
        ("{type: string}", "text", "text/plain"),
        ("{type: string, format: binary}", "binary", "application/octet-stream"),
        ("{type: string, format: date}", "json", "application/json"),
        ("{type: string, enum: [a]}", "json", "application/json"),
    ],
)
@pytest.mark.parametrize("media_range", ["*/*", "application/*"])
def test_a_range_of_media_types_leaves_the_kind_to_the_schema(
    schema: str, kind: str, sent: str, media_range: str, tmp_path: Path
) -> None:
    """What frameworks write that state no media type; a range is never sent as one."""
    content = f"content: {{'{media_range}': {{schema: {schema}}}}}"
    spec = written(
        tmp_path,
        paths=f"""
        /a:
          post:
            requestBody: {{required: true, {content}}}
            responses: {{'200': {{description: OK, {content}}}}}
        """,
    )
    operation = read(spec)[0].operations[0]
    assert operation.body is not None
    assert operation.result is not None

    assert (operation.body.kind, operation.body.media_type) == (kind, sent)
    assert (operation.result.kind, operation.result.media_type) == (kind, media_range)


@pytest.mark.parametrize(
    "id_",
    [
        "{$ref: '#/components/schemas/Id'}",
        "{allOf: [{$ref: '#/components/schemas/Id'}]}",
        "{$ref: '#/components/schemas/Named'}",
    ],
)
def test_what_a_property_refers_to_says_who_writes_it(id_: str, tmp_path: Path) -> None:
    """`readOnly` holds wherever it stands on the way to the value."""
    schemas = f"""
    Id: {{type: integer, readOnly: true}}
    Named: {{allOf: [{{$ref: '#/components/schemas/Id'}}]}}
    Thing: {{type: object, required: [id], properties: {{id: {id_}}}}}
    """
    body = "{$ref: '#/components/schemas/Thing'}"
    paths = f"""
    /a: {{post: {{
      requestBody: {{content: {{application/json: {{schema: {body}}}}}}},
      responses: {{'204': {{description: OK}}}}}}}}
    """
    api = read(written(tmp_path, schemas, paths))[0]
    thing = next(each for each in api.definitions.values() if isinstance(each, Struct))

    assert thing.fields[0].read_only


def test_a_parameter_whose_content_is_text_is_no_json(tmp_path: Path) -> None:
    """It is written as it is, and one whose content is JSON as JSON."""
    spec = written(
        tmp_path,
        paths="""
        /a:
          get:
            parameters:
            - {name: q, in: query, content: {text/plain: {schema: {type: string}}}}
            - {name: f, in: query, content: {application/json: {schema: {}}}}
            responses: {'204': {description: OK}}
        """,
    )
    parameters = read(spec)[0].operations[0].parameters

    assert [each.content_type for each in parameters] == [None, "application/json"]


@pytest.mark.parametrize(
    ("mapping", "type_", "tags"),
    [
        ("{made: Made, kept: Made, gone: Gone}", "{type: string}", "gone kept made"),
        ("{made: '#/components/schemas/Made'}", "{type: string}", "Gone made"),
        ("{}", "{type: string}", "Gone Made"),
        ("{}", "{const: was}", "Gone was"),
    ],
)
def test_tags_hold_where_properties_stand_beside_a_union(
    mapping: str, type_: str, tags: str, tmp_path: Path
) -> None:
    """Branches with these in them have names of their own, and the tags of theirs."""
    schemas = f"""
    Event:
      properties: {{id: {{type: string}}}}
      oneOf:
      - {{$ref: '#/components/schemas/Made'}}
      - {{$ref: '#/components/schemas/Gone'}}
      discriminator: {{propertyName: type, mapping: {mapping}}}
    Made: {{required: [type], properties: {{type: {type_}}}}}
    Gone: {{required: [type], properties: {{type: {{type: string}}}}}}
    """
    api = read(written(tmp_path, schemas))[0]
    event = api.definitions[TypeId("Event")]
    assert isinstance(event, Union)

    assert sorted(str(variant.tag) for variant in event.variants) == tags.split()


@pytest.mark.parametrize("mapping", ["", "mapping: {'1': A, '2': B}"])
@pytest.mark.parametrize(
    "kind",
    [
        ("{type: integer, const: 1}", "{type: integer, const: 2}"),
        ("{type: integer, enum: [1, 3]}", "{type: integer, enum: [2]}"),
        ("{type: integer}", "{type: integer}"),
    ],
)
def test_a_discriminator_that_is_no_text_tells_nothing(
    kind: tuple[str, str], mapping: str, tmp_path: Path
) -> None:
    """Its names and mapping are texts, as which no value would ever be found."""
    branches = "\n".join(
        f"{name}: {{type: object, required: [kind, l], properties: "
        f"{{kind: {of_kind}, l: {{type: string}}}}}}"
        for name, of_kind in zip("AB", kind, strict=True)
    )
    union = f"""
    U:
      oneOf: [{{$ref: '#/components/schemas/A'}}, {{$ref: '#/components/schemas/B'}}]
      discriminator: {{propertyName: kind, {mapping}}}
    """
    api, codes = read(written(tmp_path, schemas=f"{branches}\n{dedent(union)}"))
    found = api.definitions[TypeId("U")]

    assert isinstance(found, Union)
    assert (found.tag, len(found.variants)) == (None, 2)
    assert "discriminator-left-out" in codes
