"""Errors show the server's own words, wherever a document says that they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.ir.conftest import ReadApi

TEXT = "{type: string}"
SCHEMAS = f"""
Inner: {{type: object, properties: {{code: {TEXT}, message: {TEXT}}}}}
InError: {{type: object, properties: {{error: {{$ref: '#/components/schemas/Inner'}}}}}}
Flat: {{type: object, properties: {{message: {TEXT}, documentation_url: {TEXT}}}}}
Problem: {{type: object, properties: {{type: {TEXT}, title: {TEXT}, detail: {TEXT}}}}}
FastApi: {{type: object, properties: {{detail: {{type: array, items: {TEXT}}}}}}}
OAuth: {{type: object, properties: {{error: {TEXT}, error_description: {TEXT}}}}}
Word: {{type: object, properties: {{error: {TEXT}}}}}
Composed: {{allOf: [{{$ref: '#/components/schemas/Flat'}}, {{type: object}}]}}
Circle:
  anyOf:
    - {{$ref: '#/components/schemas/Problem'}}
    - {{type: object, anyOf: [{{$ref: '#/components/schemas/Circle'}}]}}
Silent: {{type: object, properties: {{status: {{type: integer}}}}}}
"""


def paths(*answers: tuple[str, str]) -> str:
    """An operation whose answers of these statuses have these schemas."""
    lines = ["/a:", "  get:", "    operationId: a.get", "    responses:"]
    lines.append("      '200': {description: Well.}")
    for status, name in answers:
        schema = f"{{$ref: '#/components/schemas/{name}'}}"
        content = f"{{application/json: {{schema: {schema}}}}}"
        lines.append(f"      '{status}': {{description: No., content: {content}}}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("name", "at", "message", "code"),
    [
        ("InError", "error", "message", "code"),
        ("Flat", None, "message", "code"),
        ("Problem", None, "detail", "code"),
        ("FastApi", None, "detail", "code"),
        ("OAuth", None, "error_description", "error"),
        ("Word", None, "error", "error"),
        ("Composed", None, "message", "code"),
        ("Circle", None, "detail", "code"),
        ("Silent", "error", "message", "code"),
    ],
)
def test_the_declared_bodies_tell(
    read_api: ReadApi, name: str, at: str | None, message: str, code: str
) -> None:
    """Without any that say a message, it is looked for where most APIs have it."""
    errors = read_api(SCHEMAS, paths=paths(("400", name))).errors

    assert (errors.at, errors.fields.message, errors.fields.code) == (at, message, code)


def test_most_bodies_decide(read_api: ReadApi) -> None:
    """Answers that are no errors do not count."""
    answers = [("400", "Flat"), ("404", "Problem"), ("default", "Flat")]
    well = [("201", "InError"), ("202", "InError"), ("302", "InError")]
    errors = read_api(SCHEMAS, paths=paths(*answers, *well)).errors

    assert (errors.at, errors.fields.message) == (None, "message")


def test_what_the_document_states_goes_before(read_api: ReadApi) -> None:
    """`x-errors` says it all itself."""
    extra = "x-errors: {at: fault, message: words, classes: []}"
    errors = read_api(SCHEMAS, paths=paths(("400", "Flat")), extra=extra).errors

    assert (errors.at, errors.fields.message) == ("fault", "words")
