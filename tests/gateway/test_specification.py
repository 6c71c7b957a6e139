"""The gateway's copies of the specification, and its strict models."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from pydantic import TypeAdapter, ValidationError

from headgate_gateway import models
from headgate_gateway.app import HANDLERS
from headgate_gateway.errors import KINDS
from headgate_gateway.tools.index import pages
from tests.gateway.client import ROOT, bundle, message, run

DOCUMENT = bundle()
SCHEMAS = DOCUMENT["components"]["schemas"]


def test_the_copies_are_current():
    """Bundle, event schema and models are what the specification makes them."""
    done = subprocess.run(
        [sys.executable, ROOT / "gateway" / "regenerate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_operation_has_its_handler():
    """No operation is missing, and no handler is left over."""
    operations = {
        operation["operationId"]
        for item in DOCUMENT["paths"].values()
        for operation in item.values()
    }

    assert set(HANDLERS) == operations


def test_every_error_code_is_declared():
    """The gateway answers with codes and types of the specification only."""
    assert set(KINDS) <= set(SCHEMAS["ErrorCode"]["enum"])
    assert {kind.type for kind in KINDS.values()} <= set(SCHEMAS["ErrorType"]["enum"])
    assert {kind.standard_code for kind in KINDS.values()} <= set(
        SCHEMAS["StandardErrorCode"]["enum"]
    )


def bodies() -> Iterator[tuple[str, Any]]:
    """Every example body in the document, with the name of its schema."""
    for item in DOCUMENT["paths"].values():
        for operation in item.values():
            answers = list(operation["responses"].values())
            for holder in [operation.get("requestBody", {}), *answers]:
                yield from examples_in(resolved(holder))


def examples_in(holder: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    content = holder.get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    for example in content.get("examples", {}).values():
        yield name, resolved(example)["value"]


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        _, _, section, name = node["$ref"].split("/")
        node = DOCUMENT["components"][section][name]
    return node


@pytest.mark.parametrize(("name", "body"), list(bodies()))
def test_the_examples_fit_the_models(name: str, body: Any):
    """Schema and model read every example of the document alike: as valid."""
    schema = {
        "$ref": f"#/components/schemas/{name}",
        "components": DOCUMENT["components"],
    }
    jsonschema_rs.Draft202012Validator(schema).validate(body)

    TypeAdapter(getattr(models, name)).validate_python(body)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("MessageRequest", {}),
        ("MessageRequest", {**message(), "max_tokens": "1"}),
        ("MessageRequest", {**message(), "max_tokens": True}),
        ("MessageRequest", {**message(), "temperature": "0"}),
        ("MessageRequest", {**message(), "temperature": None}),
        ("MessageRequest", {**message(), "surprise": 1}),
        ("MessageRequest", {**message(), "tool_choice": {"type": "tool"}}),
        ("MessageRequest", {**message(), "messages": []}),
        ("RunRequest", {**run(), "run": {"max_turns": 0}}),
        ("RunRequest", {**run(), "server_tools": ["teleport"]}),
        ("RunRequest", {**run(), "background": 1}),
        ("KeyCreateRequest", {"name": "a", "project_id": "b"}),
    ],
)
def test_wrong_bodies_fit_neither(name: str, body: dict[str, Any]):
    """Schema and model refuse the same requests."""
    schema = {
        "$ref": f"#/components/schemas/{name}",
        "components": DOCUMENT["components"],
    }

    assert not jsonschema_rs.Draft202012Validator(schema).is_valid(body)
    with pytest.raises(ValidationError):
        TypeAdapter(getattr(models, name)).validate_python(body)


def test_the_offline_web_is_whole():
    """Every page of the index has an address of its own and something to say."""
    found = pages()

    assert len({page.url for page in found}) == len(found) >= 10
    assert all(page.title and page.text and page.host for page in found)
