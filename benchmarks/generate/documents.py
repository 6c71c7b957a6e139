"""What is generated from: real documents of others, and made ones of any size."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from benchmarks.environments import ROOT

CORPUS = Path(
    os.environ.get("HEADGATE_CORPUS", ROOT.parent.joinpath("shared", "specs"))
)
REAL = {
    "vai-lite": "vai-lite.yaml",
    "Mistral": "mistral.yaml",
    "Stripe": "stripe-2022-04.json",
    "OpenAI": "openai.yaml",
    "GitHub": "github-ogen.json",
}


def real_documents() -> dict[str, Path]:
    """The corpus's documents that are at hand; our own where there is none."""
    found = {name: CORPUS / file for name, file in REAL.items()}
    there = {name: path for name, path in found.items() if path.exists()}
    return there or {"ours": ROOT / "spec" / "openapi.yaml"}


def write_document(operations: int, folder: Path) -> Path:
    """Write a document of this many operations, each with two schemas of its own."""
    path = folder / f"made-{operations}.json"
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Made", "version": "1.0.0"},
        "paths": dict(_path(number) for number in range(operations)),
        "components": {
            "schemas": {
                name: schema
                for number in range(operations)
                for name, schema in _schemas(number).items()
            }
        },
    }
    path.write_text(json.dumps(document), "utf-8")
    return path


def _path(number: int) -> tuple[str, dict[str, Any]]:
    tag = f"resource{number // 10}"
    answer = {"schema": {"$ref": f"#/components/schemas/Answer{number}"}}
    operation = {
        "operationId": f"{tag}.make{number}",
        "summary": "Makes a thing.",
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": _TEXT},
            {"name": "limit", "in": "query", "schema": {"type": "integer"}},
        ],
        "requestBody": {
            "content": {
                "application/json": {
                    "schema": {"$ref": f"#/components/schemas/Request{number}"}
                }
            }
        },
        "responses": {
            "200": {"description": "Made.", "content": {"application/json": answer}}
        },
    }
    return f"/{tag}/{{id}}/things{number}", {"post": operation}


_TEXT = {"type": "string", "description": "What it says."}


def _schemas(number: int) -> dict[str, Any]:
    """A request, and an answer that holds the request and its neighbour's."""
    request = {
        "type": "object",
        "properties": {f"field_{each}": _TEXT for each in range(8)},
        "required": ["field_1", "field_2"],
    }
    answer = {
        "type": "object",
        "properties": {
            "request": {"$ref": f"#/components/schemas/Request{number}"},
            "others": {
                "type": "array",
                "items": {"$ref": f"#/components/schemas/Request{number // 2}"},
            },
            "kind": {"type": "string", "enum": ["one", "two"]},
        },
    }
    return {f"Request{number}": request, f"Answer{number}": answer}
