"""What a sample takes from the examples of a document, and what it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.document import load_document
from headgate.document.json_values import Json
from headgate.encoding.markup import markdown_prose
from headgate.ir.build import build_api
from headgate.plan.examples import Examples

DOCUMENT = """\
openapi: 3.1.0
info: {title: Boats, version: "1"}
paths:
  /boats:
    post:
      operationId: boats.create
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [kind, name]
              properties:
                kind: {enum: [sail, motor]}
                name: {type: string}
                crew: {type: integer}
            example: EXAMPLE
      responses: {"204": {description: None.}}
"""


@pytest.mark.parametrize(
    ("example", "shown"),
    [
        ("{kind: motor, name: Ada, crew: 3}", {"kind": "motor", "name": "Ada"}),
        ("{kind: steam, name: Ada}", {"kind": "sail", "name": "text"}),
        ("{kind: motor}", {"kind": "sail", "name": "text"}),
        ("{kind: motor, name: 7}", {"kind": "sail", "name": "text"}),
        ("{kind: motor, name: Ada, hull: red}", {"kind": "sail", "name": "text"}),
        ("Ada", {"kind": "sail", "name": "text"}),
    ],
)
def test_body_shows_the_example_if_it_fits(
    example: str, shown: Json, tmp_path: Path
) -> None:
    """What is required is taken from an example of the type, from no other."""
    path = tmp_path / "openapi.yaml"
    path.write_text(DOCUMENT.replace("EXAMPLE", example), "utf-8")
    api, _ = build_api(load_document(path))
    (operation,) = api.operations

    assert Examples(api.definitions).body(operation, streamed=False) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ends with `a_b` & `c`.", "Ends with `a_b` &amp; `c`."),
        ("`a & b`", "`a & b`"),
        ("```\n# no heading", r"\`\`\` \# no heading"),
        ("one ` only, `a|b`", r"one \` only, \`a\|b\`"),
        (r"\`a`", r"\\`a`"),
    ],
)
def test_prose_keeps_code_and_nothing_else(text: str, shown: str) -> None:
    """Backticks that hold code stay; all else shows as it was written."""
    assert markdown_prose(text).text == shown
