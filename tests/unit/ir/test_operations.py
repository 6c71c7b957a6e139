"""Operations are placed, and say what they send, get back and stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from headgate.errors import SpecError
from headgate.ir.operations import BodyFlag, CursorPage, PathLiteral, PathVariable
from headgate.ir.types import Constant, Ref, Scalar, TypeId

if TYPE_CHECKING:
    from .conftest import ReadApi

OK = "responses: {'200': {description: ok}}"


def test_a_dotted_operation_id_is_a_place(read_api: ReadApi) -> None:
    """`admin.keys.create` is the method create of the resource admin.keys."""
    api = read_api(paths="{/k: {post: {operationId: admin.keys.create, " + OK + "}}}")

    found = api.operations[0]
    assert (found.resource, found.method) == (("admin", "keys"), "create")


def test_other_ids_are_placed_by_tag(read_api: ReadApi) -> None:
    """The tag is the resource and its word leaves the method's name."""
    api = read_api(
        paths="{/k: {get: {operationId: listKeys, tags: [keys], " + OK + "}}}"
    )

    found = api.operations[0]
    assert (found.resource, found.method) == (("keys",), "list")


@pytest.mark.parametrize(
    ("id_", "method"),
    [
        ("read_pet_v1_pets__id__toys_get", "read"),
        ("listToysUsingGET", "list_toys"),
        ("readPetUsingGET_1", "read_1"),
        ("PetsController_findAll", "find_all"),
        ("PetsApi_GetToys", "get_toys"),
        ("get-a-pet", "get"),
        ("removeToyFromPet", "remove_toy"),
        ("searchPets", "search"),
        ("check_in", "check_in"),
        ("pet_get_by_pet", "get"),
        ("PETS", "pets"),
        ("a_pet", "a_pet"),
    ],
)
def test_a_method_has_what_an_id_says_of_it(
    id_: str, method: str, read_api: ReadApi
) -> None:
    """Not what frameworks add to make ids unique, nor the resource again."""
    path = "/v1/pets/{id}/toys"
    api = read_api(
        paths=f"{{'{path}': {{get: {{operationId: {id_}, tags: [Pet], {OK}}}}}}}"
    )

    assert (api.operations[0].resource, api.operations[0].method) == (("pet",), method)


def test_ids_that_differ_by_their_resource_keep_it(read_api: ReadApi) -> None:
    """The first has the short name; the next are not just given a number."""
    ids = ("getPolicy", "getPolicies", "get_policies", "Get-Policies")
    places = ("one", "two", "old", "old/{id}")
    api = read_api(
        paths="".join(
            f"\n    /{place}: {{get: {{operationId: {id_}, tags: [policies], {OK}}}}}"
            for place, id_ in zip(places, ids, strict=True)
        )
    )

    assert [each.method for each in api.operations] == [
        "get",
        "get_policies",
        "get_policies_old",
        "get_2",
    ]


def test_an_operation_without_id_is_named_by_its_path(read_api: ReadApi) -> None:
    """Fixed parts of the path are resources; the verb, or the last part, the method."""
    limit = "{name: limit, in: query, schema: {type: integer}}"
    id_ = "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
    api = read_api(
        paths=f"""
    /v1/things: {{get: {{parameters: [{limit}], {OK}}}, post: {{{OK}}}}}
    /v1/things/{{id}}: {{{id_}, get: {{{OK}}}, post: {{{OK}}}, delete: {{{OK}}}}}
    /v1/things/{{id}}/parts: {{{id_}, post: {{operationId: PostThingsIdParts, {OK}}}}}
    /v1/things/{{id}}/3d_print: {{{id_}, post: {{{OK}}}}}
    /v1/status: {{get: {{{OK}}}}}
    """
    )

    assert [(*each.resource, each.method) for each in api.operations] == [
        ("things", "list"),
        ("things", "create"),
        ("things", "get"),
        ("things", "update"),
        ("things", "delete"),
        ("things", "three_d_print"),
        ("things", "parts", "create"),
        ("status", "get"),
    ]


def test_two_operations_never_share_a_place(read_api: ReadApi) -> None:
    """Of those that want one name the second tells its path, the third is numbered."""
    api = read_api(
        paths="{/a: {get: {operationId: list_a, tags: [x], " + OK + "}},"
        "/b: {get: {operationId: listA, tags: [x], " + OK + "},"
        "post: {operationId: ListA, tags: [x], " + OK + "}}}"
    )

    assert [op.method for op in api.operations] == ["list_a", "list_a_b", "list_a_2"]


def test_settings_rename_an_operation(read_api: ReadApi) -> None:
    """headgate.toml has the last word on names."""
    api = read_api(
        paths="{/a: {get: {operationId: getStuff, " + OK + "}}}",
        settings='[names]\n"operations.getStuff" = "stuff.fetch"\n',
    )

    found = api.operations[0]
    assert (found.resource, found.method) == (("stuff",), "fetch")


def test_a_path_is_taken_apart(read_api: ReadApi) -> None:
    """Fixed text and variables alternate; a verb after a colon is text."""
    api = read_api(
        paths="{'/v1/a/{id}/b:do': {post: {operationId: a.do, parameters: [{name: id,"
        " in: path, required: true, schema: {type: string}}], " + OK + "}}}"
    )

    assert api.operations[0].path == (
        PathLiteral("/v1/a/"),
        PathVariable("id"),
        PathLiteral("/b:do"),
    )


@pytest.mark.parametrize(
    ("verb", "extra", "expected"),
    [
        ("get", "", "natural"),
        ("delete", "", "natural"),
        ("post", "", "none"),
        ("patch", "", "none"),
        ("post", "x-idempotent: true,", "natural"),
        (
            "post",
            "parameters: [{name: idempotency-key, in: header, schema: {}}],",
            "key",
        ),
    ],
)
def test_what_may_be_repeated(
    read_api: ReadApi, verb: str, extra: str, expected: str
) -> None:
    """The verb, the mark or the key's header says whether a call may be repeated."""
    api = read_api(paths=f"{{/a: {{{verb}: {{operationId: a.b, {extra} {OK}}}}}}}")

    found = api.operations[0]
    assert (found.idempotency, found.parameters) == (expected, ())


EVENTS = (
    "{A: {type: object, required: [type, n],"
    " properties: {type: {const: a}, n: {type: integer}}},"
    " B: {type: object, required: [type], properties: {type: {const: b}}},"
    " Event: {oneOf: [{$ref: '#/components/schemas/A'},"
    " {$ref: '#/components/schemas/B'}]},"
    " Frame: {oneOf: [{$ref: '#/components/schemas/FrameA'},"
    " {$ref: '#/components/schemas/FrameB'}]},"
    " FrameA: {type: object, properties: {event: {const: a}, data: {type: string,"
    " contentMediaType: application/json,"
    " contentSchema: {$ref: '#/components/schemas/A'}}}},"
    " FrameB: {type: object, properties: {event: {const: b}, data: {type: string,"
    " contentMediaType: application/json,"
    " contentSchema: {$ref: '#/components/schemas/B'}}}}}"
)


def streaming(schema: str, *, extra: str = "", body: str = "") -> str:
    """Write a path whose only operation streams, and has a JSON twin."""
    return (
        "{/a: {post: {operationId: a.create, " + extra + body + "responses: {'200':"
        " {description: ok, content: {application/json: {schema: {type: string}},"
        " text/event-stream: {schema: {$ref: '#/components/schemas/"
        + schema
        + "'}}}}}}}}"
    )


FLAG = (
    "requestBody: {content: {application/json: {schema: {type: object,"
    " properties: {stream: {type: boolean}}}}}}, "
)


@pytest.mark.parametrize("schema", ["Event", "Frame"])
def test_json_and_stream_live_on_one_operation(read_api: ReadApi, schema: str) -> None:
    """Framed or bare, the events are typed and the JSON answer stays."""
    api = read_api(EVENTS, paths=streaming(schema, body=FLAG))

    operation = api.operations[0]
    assert operation.result is not None
    assert operation.stream is not None
    assert (operation.method, operation.result.type) == ("create", Scalar("string"))
    assert (operation.stream.method, operation.stream.asked_by) == (
        "stream",
        BodyFlag(property="stream", value=True),
    )
    stream = api.streams[operation.stream.stream]
    assert [case.name for case in stream.cases] == ["a", "b"]
    assert stream.enveloped == (schema == "Frame")


def test_frames_are_no_types_of_the_api(read_api: ReadApi) -> None:
    """Schemas that only frame events do not become definitions."""
    api = read_api(EVENTS, paths=streaming("Frame", body=FLAG))

    assert not {"Frame", "FrameA", "FrameB"} & set(api.definitions)


DECLARATION = """
x-streams:
  letters:
    event: {$ref: '#/components/schemas/Event'}
    start: before
    states: {before: {a: {}, b: {to: end}}}
    ends: {end: complete}
    fold: {into: {$ref: '#/components/schemas/A'}, a: [{set: n, from: FROM}]}
"""


def test_a_declaration_says_what_ends_a_stream(read_api: ReadApi) -> None:
    """The event that leads to an end state is terminal."""
    api = read_api(
        EVENTS,
        paths=streaming("Frame", extra="x-stream: {name: letters}, ", body=FLAG),
        extra=DECLARATION.replace("FROM", "n"),
    )

    endings = {case.name: case.ending for case in api.streams["letters"].cases}
    assert endings == {"a": None, "b": "complete"}


def test_a_fold_that_fits_no_type_is_refused(read_api: ReadApi) -> None:
    """Setting a number from a constant string is reported with its place."""
    with pytest.raises(SpecError) as caught:
        read_api(
            EVENTS,
            paths=streaming("Frame", extra="x-stream: {name: letters}, ", body=FLAG),
            extra=DECLARATION.replace("FROM", "type"),
        )

    codes = [diagnostic.code for diagnostic in caught.value.diagnostics]
    assert codes == ["impossible-fold"]


def test_types_know_their_direction(read_api: ReadApi) -> None:
    """What a body reaches is sent, what a response reaches is received."""
    schemas = (
        "{In: {type: object, properties: {x: {$ref: '#/components/schemas/Both'}}},"
        " Out: {type: object, properties: {x: {$ref: '#/components/schemas/Both'}}},"
        " Both: {type: object, properties: {k: {const: 1}}}}"
    )
    api = read_api(
        schemas,
        paths="{/a: {post: {operationId: a.b, requestBody: {content:"
        " {application/json: {schema: {$ref: '#/components/schemas/In'}}}}, responses:"
        " {'200': {description: ok, content: {application/json: {schema:"
        " {$ref: '#/components/schemas/Out'}}}}}}}}",
    )

    found = {
        i: (d.direction.sent, d.direction.received) for i, d in api.definitions.items()
    }
    assert found == {"In": (True, False), "Out": (False, True), "Both": (True, True)}


def test_a_page_knows_its_items(read_api: ReadApi) -> None:
    """`x-pagination` names the fields; the item's type comes from the list."""
    api = read_api(
        "{L: {type: object, properties: {data: {type: array, items: {const: x}},"
        " last: {type: string}}}}",
        paths="{/a: {get: {operationId: a.list, x-pagination: {items: data, cursor:"
        " {parameter: after, from: last}}, parameters: [{name: after, in: query,"
        " schema: {type: string}}], responses: {'200': {description: ok,"
        " content: {application/json:"
        " {schema: {$ref: '#/components/schemas/L'}}}}}}}}",
    )

    operation = api.operations[0]
    assert isinstance(operation.page, CursorPage)
    assert operation.result is not None
    assert operation.result.type == Ref(TypeId("L"))
    assert (operation.page.item, operation.page.parameter) == (Constant("x"), "after")


def test_a_path_parameter_that_the_path_has_not_is_left_out(read_api: ReadApi) -> None:
    """What no request could carry is no argument."""
    schema = "in: path, required: true, schema: {type: string}"
    given = f"parameters: [{{name: id, {schema}}}, {{name: color, {schema}}}]"
    api = read_api(paths=f"{{'/things/{{id}}#{{color}}': {{get: {{{given}, {OK}}}}}}}")

    assert [each.name for each in api.operations[0].parameters] == ["id"]


@pytest.mark.parametrize(
    ("security", "sent"),
    [("[]", ["Authorization", "X-Trace"]), ("[{token: []}]", ["X-Trace"])],
)
def test_headers_that_a_call_sets_itself_are_no_parameters(
    security: str, sent: list[str], read_api: ReadApi
) -> None:
    """`Authorization` is one where no scheme sends it: nothing else would."""
    names = ("Accept", "content-type", "Authorization", "X-Trace")
    headers = [f"{{name: {name}, in: header, schema: {{}}}}" for name in names]
    api = read_api(
        extra="components: {securitySchemes: {token: {type: http, scheme: bearer}}}",
        paths=f"""
    /pets:
      get:
        operationId: pets.list
        security: {security}
        parameters: [{", ".join(headers)}]
        {OK}
    """,
    )

    assert [each.name for each in api.operations[0].parameters] == sent


@pytest.mark.parametrize(
    ("description", "left"),
    [("List pets", ""), ("  list Pets.", ""), ("List pets, all.", "List pets, all.")],
)
def test_a_description_that_is_the_summary_is_said_once(
    description: str, left: str, read_api: ReadApi
) -> None:
    """As many tools write both from one text."""
    said = f"summary: 'List pets.', description: '{description}'"
    api = read_api(paths=f"{{/pets: {{get: {{operationId: list, {said}, {OK}}}}}}}")

    assert api.operations[0].summary == "List pets."
    assert api.operations[0].docs.text == left
