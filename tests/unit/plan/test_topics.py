"""Modules of types: whose they are, and how long ones are divided."""

from __future__ import annotations

import keyword
from pathlib import Path
from typing import Any

import pytest
import yaml

from headgate.document import load_document
from headgate.ir.api import Api
from headgate.ir.build import build_api
from headgate.plan.python.topics import relative
from headgate.plan.python.topics import type_modules as python_modules
from headgate.plan.rust.topics import type_groups
from headgate.plan.topics import Topic, topics
from headgate.plan.typescript.reach import type_modules as typescript_modules

LONG = 150
"""Fields of a type of which ten are too long for one file."""


def api(folder: Path, paths: dict[str, list[str]], schemas: dict[str, int]) -> Api:
    """An API whose paths answer with schemas, each with so many fields."""
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Bank", "version": "1"},
        "paths": {
            path: {
                "get": {
                    "operationId": f"get {path}",
                    "responses": {
                        "200": {
                            "description": "All.",
                            "content": {"application/json": {"schema": answer(names)}},
                        }
                    },
                }
            }
            for path, names in paths.items()
        },
        "components": {"schemas": {name: struct(n) for name, n in schemas.items()}},
    }
    spec = folder / "spec.yaml"
    spec.write_text(yaml.safe_dump(document, sort_keys=False))
    return build_api(load_document(spec))[0]


def answer(names: list[str]) -> dict[str, Any]:
    fields = {
        f"f{number}": {"$ref": f"#/components/schemas/{name}"}
        for number, name in enumerate(names)
    }
    return {"type": "object", "properties": fields}


def struct(fields: int) -> dict[str, Any]:
    names = [f"f{number}" for number in range(fields)]
    return {"type": "object", "properties": {n: {"type": "string"} for n in names}}


def found(api: Api) -> dict[str, Topic]:
    """The topic of each named schema."""
    named = topics(api)
    return {str(id_): topic for id_, topic in named.items() if "/" not in id_}


def test_a_type_lies_with_the_one_resource_that_leads_to_it(tmp_path: Path) -> None:
    """What several lead to is shared, what none leads to stands apart."""
    bank = api(
        tmp_path,
        {"/cards": ["Card", "Money"], "/pots": ["Pot", "Money"]},
        {"Card": 1, "Pot": 1, "Money": 1, "Fossil": 1},
    )

    assert found(bank).items() >= {
        ("Card", Topic("cards")),
        ("Pot", Topic("pots")),
        ("Money", Topic("shared")),
        ("Fossil", Topic("other")),
    }


def test_a_long_group_is_divided_by_how_names_begin(tmp_path: Path) -> None:
    """A type lies in the longest beginning of its name that has a file."""
    cards = {f"CardHolder{word}": LONG for word in ("Anna", "Bert")}
    rest = {"CardNumber": 1, "Card": 1, "Pot": 1}
    bank = api(tmp_path, {}, {**cards, **rest})

    assert found(bank) == {
        "CardHolderAnna": Topic("other", "card_holder_anna"),
        "CardHolderBert": Topic("other", "card_holder"),
        "CardNumber": Topic("other", "card"),
        "Card": Topic("other", "card"),
        "Pot": Topic("other", "general"),
    }


def test_a_schema_more_leaves_the_others_where_they_are(tmp_path: Path) -> None:
    """Only what begins like it can move."""
    schemas = {f"{word}Item": 90 for word in ("Ape", "Bee", "Cat", "Dog", "Elk")}
    before = found(api(tmp_path, {}, schemas))

    after = found(api(tmp_path, {}, {**schemas, "ApeFace": 1, "Fox": 1}))

    assert {name: after[name] for name in before} == before


def test_a_part_does_not_repeat_its_group(tmp_path: Path) -> None:
    """`cards/number`, not `cards/cards_number`."""
    schemas = {"CardsNumber": 2 * LONG, "CardsName": 1}
    bank = api(tmp_path, {"/cards": list(schemas)}, schemas)

    assert found(bank)["CardsNumber"] == Topic("cards", "number")
    assert found(bank)["CardsName"] == Topic("cards", "general")


@pytest.mark.parametrize("word", ["Con", "General", "Import", "Mod", "Class", "中"])
def test_no_word_makes_a_file_that_cannot_be(tmp_path: Path, word: str) -> None:
    """Devices, keywords and what has no ASCII form get another name, each its own."""
    named = {f"{word} one": LONG, f"{word.upper()} two": LONG, "Pot": 1}
    bank = api(tmp_path, {}, named)
    python = {each.split(".")[1] for each in python_modules(bank).values()}
    typescript = {each.split("/")[2] for each in typescript_modules(bank).values()}
    (group,) = type_groups(bank).values()
    rust = {part.name.text for part in group.parts.values()}

    assert not python & {*keyword.kwlist, "con"}
    assert "con" not in typescript
    assert not rust & {"con", "mod"}
    for names in (python, typescript, rust):
        assert len({name.casefold() for name in names}) == 3
        assert all(name.isascii() for name in names)


@pytest.mark.parametrize(
    ("module", "other", "expected"),
    [
        ("cards", "pots", ".pots"),
        ("cards", "shared.money", ".shared.money"),
        ("shared.money", "shared.card", ".card"),
        ("shared.money", "cards", "..cards"),
        ("shared.money", "other.card", "..other.card"),
    ],
)
def test_modules_of_types_import_each_other_by_the_shortest_way(
    module: str, other: str, expected: str
) -> None:
    """No more dots than it takes."""
    assert relative(module, other) == expected
