"""Bodies, answers, streams, pages and addresses in the forms that documents have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.operations import (
    BodyFlag,
    CursorPage,
    LinkPage,
    NumberPage,
    OffsetPage,
    Part,
)
from headgate.ir.types import (
    Constant,
    Enum,
    ListOf,
    Nullable,
    Ref,
    Scalar,
    Struct,
    TupleOf,
    TypeId,
    Union,
)

if TYPE_CHECKING:
    from headgate.ir.api import Api
    from headgate.ir.operations import Operation
    from tests.unit.ir.conftest import ReadApi


UPLOAD = """
    /pets:
      post:
        operationId: pets.add
        requestBody:
          content:
            multipart/form-data: {schema: {$ref: "#/components/schemas/Upload"}}
        responses: {"204": {description: Done.}}"""
"""A form that is the schema `Upload`."""


def by_method(api: Api) -> dict[str, Operation]:
    """The operations by their method's name."""
    return {operation.method: operation for operation in api.operations}


def test_every_content_has_a_method(read_api: ReadApi) -> None:
    """The preferred body is the method's own; others say what they are."""
    paths = """
    /pets:
      post:
        operationId: pets.add
        requestBody:
          content:
            text/csv: {schema: {type: string}}
            application/json: {schema: {type: object}}
            application/vnd.pets+json: {schema: {type: object}}
            application/x-www-form-urlencoded: {schema: {type: object}}
        responses:
          "200":
            description: A pet.
            content:
              image/png: {schema: {type: string, format: binary}}
              application/json: {schema: {type: string}}
    """
    found = by_method(read_api(paths=paths))

    assert {
        name: (each.body.media_type if each.body else None, each.accept)
        for name, each in found.items()
    } == {
        "add": ("application/json", "application/json"),
        "add_as_form": ("application/x-www-form-urlencoded", "application/json"),
        "add_as_csv": ("text/csv", "application/json"),
        "add_as_png": ("application/json", "image/png"),
    }


def test_parts_say_how_a_form_is_written(read_api: ReadApi) -> None:
    """Files, lists of files, texts and JSON, and what `encoding` adds."""
    paths = """
    /pets:
      post:
        operationId: pets.add
        requestBody:
          content:
            multipart/form-data:
              schema:
                type: object
                properties:
                  photo: {type: string, format: binary}
                  photos: {type: array, items: {type: string, format: binary}}
                  name: {type: [string, "null"]}
                  owner: {type: object, properties: {id: {type: string}}}
                  note: {type: string}
              encoding: {note: {contentType: application/json}}
        responses: {"204": {description: Done.}}
    """
    body = by_method(read_api(paths=paths))["add"].body

    assert body is not None
    assert body.parts == (
        Part("photo", "file", many=False),
        Part("photos", "file", many=True),
        Part("name", "text", many=False),
        Part("owner", "json", many=False),
        Part("note", "json", many=False, content_type="application/json"),
    )


def test_parts_may_hold_themselves(read_api: ReadApi) -> None:
    """JSON is not read without end, nor is a body that is one of itself."""
    schemas = """
    Upload:
      anyOf:
        - {$ref: "#/components/schemas/Again"}
        - {$ref: "#/components/schemas/Parts"}
    Again:
      anyOf:
        - {$ref: "#/components/schemas/Upload"}
        - {type: object, properties: {a: {type: string}}}
    Parts:
      type: object
      properties:
        json: {$ref: "#/components/schemas/Json"}
        pile: {$ref: "#/components/schemas/Pile"}
    Json:
      anyOf:
        - {type: string}
        - {type: array, items: {$ref: "#/components/schemas/Json"}}
        - {type: object, additionalProperties: {$ref: "#/components/schemas/Json"}}
    Pile:
      anyOf:
        - {type: string, format: binary}
        - {type: array, items: {$ref: "#/components/schemas/Pile"}}
    """
    body = by_method(read_api(schemas, paths=UPLOAD))["add"].body

    assert body is not None
    assert body.parts == (
        Part("a", "text", many=False),
        Part("json", "json", many=False),
        Part("pile", "any", many=True),
    )


def test_files_of_openapi_31_are_files_in_multipart_alone(read_api: ReadApi) -> None:
    """As FastAPI writes them: in a list, or null; in JSON the same words are a text."""
    schemas = """
    Upload:
      type: object
      properties:
        one: &file {type: string, contentMediaType: application/octet-stream}
        many: {type: array, items: *file}
        maybe: {anyOf: [*file, {type: "null"}]}
        shared: {$ref: "#/components/schemas/Scan"}
        text: {type: string, contentMediaType: text/csv}
        coded: {type: string, contentMediaType: image/png, contentEncoding: base64}
    Scan: {type: string, contentMediaType: image/png}
    Note: {type: object, properties: {one: *file}}
    """
    note = """
      put:
        operationId: pets.note
        requestBody:
          content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}
        responses: {"204": {description: Done.}}
    """
    api = read_api(schemas, paths=UPLOAD + note)
    body = by_method(api)["add"].body
    upload, sent = (api.definitions[TypeId(name)] for name in ("Upload", "Note"))

    assert body is not None
    assert body.parts == (
        Part("one", "file", many=False),
        Part("many", "file", many=True),
        Part("maybe", "file", many=False),
        Part("shared", "file", many=False, content_type="image/png"),
        Part("text", "text", many=False),
        Part("coded", "text", many=False),
    )
    octets = Scalar("binary", "application/octet-stream")
    assert isinstance(upload, Struct)
    assert [field.type for field in upload.fields] == [
        octets,
        ListOf(octets),
        Nullable(octets),
        Ref(TypeId("Scan")),
        Scalar("string"),
        Scalar("string", "byte"),
    ]
    assert isinstance(sent, Struct)
    assert sent.fields[0].type == Scalar("string")


def test_answers_that_differ_by_status_are_a_union(read_api: ReadApi) -> None:
    """One result carries both, with every status that gives it."""
    paths = """
    /pets:
      get:
        operationId: pets.get
        responses:
          "200":
            description: A
            content: {application/json: {schema: {type: string}}}
          "202":
            description: B
            content: {application/json: {schema: {type: integer}}}
    """
    api = read_api(paths=paths)
    result = by_method(api)["get"].result

    assert result is not None
    assert (result.statuses, isinstance(result.type, Ref)) == (("200", "202"), True)
    union = api.definitions[TypeId("pets.get.result")]
    assert isinstance(union, Union)
    assert [each.type for each in union.variants] == [
        Scalar("string"),
        Scalar("integer"),
    ]


STREAMED = """
/talk{suffix}:
  post:
    operationId: talk
    requestBody:
      content: {{application/json: {{schema: {{$ref: "#/components/schemas/Ask"}}}}}}
    responses:
      "200":
        description: Words.
        content: {contents}
"""
ALONE = "{text/event-stream: {schema: {$ref: '#/components/schemas/Word'}}}"
BOTH = ALONE.replace("{", "{application/json: {schema: {type: string}}, ", 1)


def test_a_mode_asks_for_a_stream_and_for_none(read_api: ReadApi) -> None:
    """Where the mode must be given, the whole answer asks with the other one."""
    schemas = """
    Ask:
      type: object
      required: [mode]
      properties: {mode: {enum: [streaming, blocking]}}
    Word: {type: object, properties: {text: {type: string}}}
    """
    paths = STREAMED.format(suffix="", contents=BOTH)
    operation = by_method(read_api(schemas, paths=paths))["talk"]

    assert operation.stream is not None
    assert operation.stream.asked_by == BodyFlag("mode", "streaming", "blocking")
    assert operation.result is not None


def test_a_query_parameter_asks_for_a_stream(read_api: ReadApi) -> None:
    """The methods set it, so no caller can; without a stream it is left out."""
    schemas = "Word: {type: object, properties: {text: {type: string}}}"
    flag = "{name: stream, in: query, schema: {type: boolean, default: false}}"
    responses = f"{{'200': {{description: Words., content: {BOTH}}}}}"
    paths = f"/talk: {{get: {{parameters: [{flag}], responses: {responses}}}}}"
    operation = read_api(schemas, paths=paths).operations[0]

    assert operation.parameters == ()
    assert operation.sent_in_query(streamed=True) == (("stream", True),)
    assert operation.sent_in_query(streamed=False) == ()


def test_frames_are_events_where_only_their_names_differ(read_api: ReadApi) -> None:
    """Payloads that are alike, plain text or none are told apart by their frames."""
    frame = "{{properties: {{event: {{const: {}}}, data: {}}}}}"
    word = "{$ref: '#/components/schemas/Word'}"
    frames = [
        frame.format("begun", word),
        frame.format("ended", word),
        frame.format("said", "{type: string}"),
        "{properties: {event: {const: idle}}}",
    ]
    schema = "{oneOf: [" + ", ".join(frames) + "]}"
    content = f"{{text/event-stream: {{schema: {schema}}}}}"
    responses = f"{{'200': {{description: Words., content: {content}}}}}"
    paths = f"/talk: {{get: {{operationId: talk.stream, responses: {responses}}}}}"
    api = read_api("Word: {type: object, properties: {a: {}}}", paths=paths)
    stream = api.streams["talk"]

    assert stream.discriminator == "event"
    names = ["begun", "ended", "said", "idle"]
    assert [case.name for case in stream.cases] == names
    assert dict(stream.frames) == dict.fromkeys(names, "json") | {
        "said": "text",
        "idle": "text",
    }


def test_a_twin_path_streams_alone(read_api: ReadApi) -> None:
    """What follows `#` tells paths apart and is not sent; the flag stays."""
    schemas = """
    Ask: {allOf: [{type: object, properties: {stream: {type: boolean, enum: [true]}}}]}
    Word: {type: object, properties: {text: {type: string}}}
    """
    paths = STREAMED.format(suffix="#stream", contents=ALONE)
    operation = by_method(read_api(schemas, paths=paths))["talk"]

    assert operation.only_streams
    assert operation.stream is not None
    assert operation.stream.asked_by == BodyFlag("stream", value=True)
    assert [getattr(part, "text", None) for part in operation.path] == ["/talk"]


def test_settings_tell_of_a_stream(read_api: ReadApi) -> None:
    """An answer of which the document says nothing becomes typed lines."""
    schemas = "Word: {type: object, properties: {text: {type: string}}}"
    paths = "/talk: {post: {responses: {'200': {description: Words.}}}}"
    settings = """
    [streams."POST /talk"]
    name = "words"
    event = "Word"
    framing = "jsonl"
    """
    api = read_api(schemas, paths=paths, settings=settings)
    stream = api.streams["words"]

    assert (stream.event, stream.framing) == (Ref(TypeId("Word")), "jsonl")
    assert api.operations[0].only_streams


def test_pages_are_found_where_names_leave_no_doubt(read_api: ReadApi) -> None:
    """A cursor, an offset, a number, a `Link` header; a mere limit is no page."""
    query = "{{name: {}, in: query, schema: {{type: {}}}}}"
    limit = query.format("limit", "integer")

    def listed(parameter: str, answer: str, headers: str = "{}") -> str:
        return f"""
          get:
            parameters: [{parameter}]
            responses:
              "200":
                description: A list.
                headers: {headers}
                content: {{application/json: {{schema: {answer}}}}}
        """

    items = "{type: array, items: {type: string}}"
    page = "{{type: object, properties: {{data: {}, {}: {{type: string}}}}}}"
    paths = "\n".join(
        [
            "/cursor:"
            + listed(
                query.format("cursor", "string"), page.format(items, "next_cursor")
            ),
            "/text:"
            + listed(query.format("page", "string"), page.format(items, "next_page")),
            "/offset:" + listed(f"{query.format('offset', 'integer')}, {limit}", items),
            "/page:" + listed(f"{query.format('page', 'integer')}, {limit}", items),
            "/link:" + listed(limit, items, "{Link: {schema: {type: string}}}"),
            "/limit:" + listed(limit, items),
        ]
    )
    pages = [operation.page for operation in read_api(paths=paths).operations]

    text = Scalar("string")
    assert pages == [
        CursorPage("data", text, "cursor", "next_cursor", None),
        CursorPage("data", text, "page", "next_page", None),
        OffsetPage("", text, "offset", "limit", None),
        NumberPage("", text, "page", None),
        LinkPage(None, text),
        None,
    ]


def test_a_page_may_go_on_after_its_last_item(read_api: ReadApi) -> None:
    """The id of the last item is the cursor where the page itself has none."""
    schemas = """
    Thing: {type: object, required: [id], properties: {id: {type: string}}}
    Page:
      type: object
      properties:
        data: {type: array, items: {$ref: '#/components/schemas/Thing'}}
        has_more: {type: boolean}
    """
    after = "{name: starting_after, in: query, schema: {type: string}}"
    content = "{application/json: {schema: {$ref: '#/components/schemas/Page'}}}"
    responses = f"{{'200': {{description: A page., content: {content}}}}}"
    paths = f"/t: {{get: {{parameters: [{after}], responses: {responses}}}}}"
    thing = TypeId("Thing")

    assert read_api(schemas, paths=paths).operations[0].page == CursorPage(
        "data", Ref(thing), "starting_after", "id", "has_more", thing
    )


def test_pages_can_be_told(read_api: ReadApi) -> None:
    """In headgate.toml, by id or by verb and path."""
    items = "{type: object, properties: {found: {type: array, items: {type: string}}}}"
    content = f"{{application/json: {{schema: {items}}}}}"
    answer = f"{{'200': {{description: A, content: {content}}}}}"
    paths = f"""
    /a: {{get: {{operationId: a, responses: {answer}}}}}
    /b: {{get: {{responses: {answer}}}}}
    """
    settings = """
    [pagination.a]
    items = "found"
    offset = {parameter = "skip", limit = "take"}
    [pagination."GET /b"]
    items = "found"
    page = {parameter = "p", first = 0}
    """
    api = read_api(paths=paths, settings=settings)

    assert [operation.page for operation in api.operations] == [
        OffsetPage("found", Scalar("string"), "skip", "take", None),
        NumberPage("found", Scalar("string"), "p", None, 0),
    ]


def test_servers_webhooks_and_token_addresses_are_kept(read_api: ReadApi) -> None:
    """Variables with their defaults; what is received; where a token comes from."""
    extra = """
    servers:
      - url: https://{region}.example.org/v1
        variables: {region: {default: eu, enum: [eu, us]}}
    webhooks:
      pet.born:
        post:
          requestBody:
            content:
              application/json: {schema: {$ref: "#/components/schemas/Pet"}}
          responses: {"200": {description: Thanks.}}
    """
    schemas = "Pet: {type: object, properties: {name: {type: string}}}"
    api = read_api(schemas, extra=extra)

    assert api.base_url == "https://eu.example.org/v1"
    assert [each.values for each in api.servers[0].variables] == [("eu", "us")]
    assert [(each.name, each.type) for each in api.webhooks] == [
        ("pet_born", Ref(TypeId("Pet")))
    ]
    assert api.definitions[TypeId("Pet")].direction.received


def test_tuples_and_mixed_enums_keep_their_types(read_api: ReadApi) -> None:
    """A tuple that may be shorter is a list; values of several kinds a union."""
    api = read_api(
        """
        Pair:
          type: array
          minItems: 2
          maxItems: 2
          prefixItems: [{type: string}, {type: integer}]
        Short:
          type: array
          prefixItems: [{type: string}, {type: string}]
          items: {type: string}
        Old:
          type: array
          minItems: 1
          items: [{type: string}]
          additionalItems: {type: integer}
        Mixed: {enum: [a, b, 1, true]}
        """
    )
    text, number = Scalar("string"), Scalar("integer")
    aliases = [
        getattr(api.definitions[TypeId(n)], "type", None)
        for n in ("Pair", "Short", "Old")
    ]
    mixed = api.definitions[TypeId("Mixed")]

    assert aliases == [
        TupleOf((text, number), None),
        ListOf(text),
        TupleOf((text,), number),
    ]
    assert isinstance(mixed, Union)
    kinds = [each.type for each in mixed.variants]
    assert kinds[1:] == [Constant(1), Constant(value=True)]
    assert isinstance(kinds[0], Ref)
    assert isinstance(api.definitions[kinds[0].id], Enum)


def test_what_stands_beside_a_union_is_in_each_branch(read_api: ReadApi) -> None:
    """A branch that only requires is no type, and one that adds keeps the rest."""
    api = read_api(
        """
        Either:
          type: object
          required: [id]
          properties: {id: {type: string}, a: {type: string}}
          anyOf: [{required: [a]}, {required: [id]}]
        Two:
          type: object
          required: [id]
          properties: {id: {type: string}}
          oneOf:
            - {title: One, properties: {a: {type: string}}}
            - {title: Other, properties: {b: {type: string}}}
        """
    )
    two = api.definitions[TypeId("Two")]

    assert isinstance(api.definitions[TypeId("Either")], Struct)
    assert isinstance(two, Union)
    fields = [
        [field.name for field in definition.fields]
        for variant in two.variants
        if isinstance(variant.type, Ref)
        and isinstance(definition := api.definitions[variant.type.id], Struct)
    ]
    assert fields == [["id", "a"], ["id", "b"]]


def test_an_object_with_a_discriminator_is_its_heirs(read_api: ReadApi) -> None:
    """By its mapping, or by who has it in its `allOf`; an author's catch-all goes."""
    api = read_api(
        """
        Pet:
          type: object
          required: [kind]
          properties: {kind: {type: string}}
          discriminator: {propertyName: kind}
        Cat:
          allOf:
            - {$ref: "#/components/schemas/Pet"}
            - {type: object, properties: {purrs: {type: boolean}}}
        Dog:
          allOf:
            - {$ref: "#/components/schemas/Pet"}
            - {type: object, properties: {barks: {type: boolean}}}
        A: {type: object, required: [type], properties: {type: {const: a}}}
        B: {type: object, required: [type], properties: {type: {const: b}}}
        Later: {type: object, required: [type], properties: {type: {type: string}}}
        Any:
          oneOf:
            - {$ref: "#/components/schemas/A"}
            - {$ref: "#/components/schemas/B"}
            - {$ref: "#/components/schemas/Later"}
        """
    )
    pet, event = api.definitions[TypeId("Pet")], api.definitions[TypeId("Any")]

    assert isinstance(pet, Union)
    assert [each.tag for each in pet.variants] == ["Cat", "Dog"]
    assert isinstance(event, Union)
    assert ([each.tag for each in event.variants], event.open) == (["a", "b"], True)


def test_null_that_every_branch_allows_is_allowed(read_api: ReadApi) -> None:
    """A branch that only describes is no branch, so the reference keeps its name."""
    api = read_api(
        """
        Base: {type: object, nullable: true, properties: {id: {type: string}}}
        Task:
          type: object
          properties:
            item: {allOf: [{$ref: "#/components/schemas/Base"}, {description: Item.}]}
            both:
              allOf:
                - {$ref: "#/components/schemas/Base"}
                - {type: object, nullable: true, properties: {a: {type: string}}}
        """,
        openapi="3.0.3",
    )
    task = api.definitions[TypeId("Task")]

    assert isinstance(task, Struct)
    assert [type(each.type) for each in task.fields] == [Ref, Nullable]
