"""What answers hold beside the result is read: headers, and the bodies of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headgate.ir.types import Ref, Scalar, Struct, TypeId

if TYPE_CHECKING:
    from .conftest import ReadApi


def test_headers_of_successes_are_read_once(read_api: ReadApi) -> None:
    """Of several successes the first that has a header says what it is."""
    header = "{schema: {type: integer}, required: true}"
    again = "{schema: {type: string}}"
    paths = f"""
    /a:
      get:
        responses:
          "200":
            description: A.
            headers: {{X-Left: {header}, Content-Type: {again}}}
          "201": {{description: B., headers: {{x-left: {again}}}}}
          "404": {{description: C., headers: {{X-Why: {again}}}}}
    """
    found = read_api(paths=paths).operations[0].headers

    assert [(each.name, each.type, each.required) for each in found] == [
        ("X-Left", Scalar("integer"), True)
    ]


def test_headers_of_all_answers_are_declared_once(read_api: ReadApi) -> None:
    """One that says different things is text; the request's id stands elsewhere."""
    integer, text = "{schema: {type: integer}}", "{schema: {type: string}}"
    many = "{schema: {type: array, items: {type: string}}}"
    paths = f"""
    /a:
      get:
        responses:
          "200":
            description: A.
            headers: {{X-Left: {integer}, X-When: {integer}, X-Request-ID: {text}}}
          "404": {{description: B., headers: {{X-Names: {many}, x-when: {text}}}}}
    """
    settings = "[http]\nrequest_id_header = 'x-request-id'\n"
    api = read_api(paths=paths, settings=settings)

    assert [(each.name, each.kind) for each in api.headers] == [
        ("X-Left", "integer"),
        ("X-When", "text"),
        ("X-Names", "texts"),
    ]
    assert [each.name for each in api.operations[0].failure_headers] == [
        "X-Names",
        "x-when",
    ]


def test_bodies_of_errors_are_types(read_api: ReadApi) -> None:
    """Those without a name are called after the response that has them, once."""
    body = "{type: object, properties: {why: {type: string}}}"
    content = f"{{application/json: {{schema: {body}}}}}"
    plain = "{text/plain: {schema: {type: string}}}"
    extra = f"""
    components:
      responses: {{Gone: {{description: Gone., content: {content}}}}}
    """
    shared = "{$ref: '#/components/responses/Gone'}"
    own = f"{{description: Moved., content: {content}}}"
    paths = f"""
    /a: {{get: {{operationId: a, tags: [t], responses: {{"204": {{description: A.}},
      "302": {own}, "404": {shared}, "5XX": {{description: E., content: {plain}}}}}}}}}
    /b: {{get: {{operationId: b, tags: [t], responses: {{"410": {shared}}}}}}}
    """
    api = read_api(paths=paths, extra=extra)
    gone, moved = TypeId("Gone.error"), TypeId("t.a.error.302")

    assert [
        (each.status, each.type) for op in api.operations for each in op.failures
    ] == [
        ("302", Ref(moved)),
        ("404", Ref(gone)),
        ("5XX", Scalar("string")),
        ("410", Ref(gone)),
    ]
    assert isinstance(api.definitions[gone], Struct)
    assert api.definitions[gone].direction.received
