"""Bounds of values: which change asks more, which less, and where they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headgate.diff import compare_documents
from headgate.document import load_document

Schema = dict[str, Any]

TURNS: tuple[tuple[Schema, Schema, str | None], ...] = (
    ({"maxLength": 5}, {"maxLength": 4}, "tightened"),
    ({"minLength": 0}, {}, None),
    ({"minLength": 2}, {"minLength": 1}, "loosened"),
    ({"maximum": 9}, {"exclusiveMaximum": 9}, "tightened"),
    ({"maximum": 9}, {"maximum": 9, "exclusiveMaximum": True}, "tightened"),
    ({"exclusiveMinimum": 1}, {"minimum": 1}, "loosened"),
    ({"maximum": 9}, {"maximum": 9.0}, None),
    ({"multipleOf": 2}, {"multipleOf": 4}, "tightened"),
    ({"multipleOf": 4}, {"multipleOf": 2}, "loosened"),
    ({"multipleOf": 4}, {"multipleOf": 3}, "changed"),
    ({"pattern": "a"}, {"pattern": "b"}, "changed"),
    ({}, {"pattern": "b"}, "tightened"),
    ({"minItems": 1}, {"minItems": 2}, "tightened"),
    ({}, {"uniqueItems": True}, "tightened"),
    ({"uniqueItems": False}, {}, None),
    ({"maxProperties": 3}, {}, "loosened"),
    ({"items": {"maxLength": 3}}, {"items": {"maxLength": 2}}, "tightened"),
    ({"$ref": "#/components/schemas/Short"}, {"maxLength": 4}, "tightened"),
    ({"allOf": [{"maxLength": 5}]}, {"maxLength": 5}, None),
)
LEVELS = {
    "tightened": ("breaking", "safe"),
    "loosened": ("safe", "risky"),
    "changed": ("risky", "risky"),
}


def changes(folder: Path, old: Schema, new: Schema, way: str) -> set[tuple[str, str]]:
    """The changes of bounds where one schema took the place of another."""
    documents = []
    for name, schema in (("old.json", old), ("new.json", new)):
        place = folder / name
        place.write_text(json.dumps(document(schema, way)), "utf-8")
        documents.append(load_document(place))
    report = compare_documents(*documents)
    return {
        (change.code, change.level)
        for change in report.changes
        if change.code.startswith("bound-")
    }


def document(schema: Schema, way: str) -> Schema:
    """A document whose only operation sends, or gives, an object with one field."""
    thing = {"type": "object", "properties": {"field": schema}}
    content = {"content": {"application/json": {"schema": thing}}}
    answer: Schema = {"description": "It."}
    operation = {
        "responses": {"200": answer if way == "sent" else {**answer, **content}},
        **({"requestBody": content} if way == "sent" else {}),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Bounds", "version": "1.0.0"},
        "paths": {"/things": {"post": operation}},
        "components": {"schemas": {"Short": {"type": "string", "maxLength": 5}}},
    }


@pytest.mark.parametrize("way", ["sent", "received"])
@pytest.mark.parametrize(("old", "new", "turn"), TURNS)
def test_a_bound_is_judged_by_who_keeps_to_it(
    old: Schema, new: Schema, turn: str | None, way: str, tmp_path: Path
) -> None:
    """Asking more breaks who sends; giving more may surprise who receives."""
    expected = set()
    if turn is not None:
        expected = {(f"bound-{turn}", LEVELS[turn][way == "received"])}

    assert changes(tmp_path, old, new, way) == expected


def test_the_message_names_the_place_and_both_bounds(tmp_path: Path) -> None:
    """Who reads it need not open the documents."""
    places = [tmp_path / "old.json", tmp_path / "new.json"]
    for place, most in zip(places, (5, 4), strict=True):
        schema = {"type": "array", "items": {"type": "string", "maxLength": most}}
        place.write_text(json.dumps(document(schema, "sent")), "utf-8")
    report = compare_documents(*map(load_document, places))

    (change,) = report.changes
    assert change.message.startswith("each item of 'field' of ")
    assert change.message.endswith(", which is sent, has maxLength 4 now, before 5")
    assert change.new is not None
    assert change.new.pointer.endswith("/properties/field")
