"""Documents whose names and texts take every length that a line may break at.

Real documents leave gaps: a form of type may never meet the length at which its line
just fits. Here each form meets each length, and texts hold what formatters treat
specially: wide characters, tabs, trailing blanks, quotes, odd white space.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

LONGEST_NAME = 64
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TEXTS = [
    'Ends with a quote "',
    "Ends with a backslash \\",
    "Has \"\"\" in it and ''' too.",
    "Ends a comment */ and begins one /* here.",
    "Tabs\tinside\tand at the end\t",
    "Trailing blanks   \nand a second line   \n\n\nand a third after three ends  ",
    "    An indented first line.\n        Deeper.\n    Back.",
    "\n\nBegins with empty lines.",
    "No-break\u00a0space, en\u2002space, ideographic\u3000space, line\u2028separator.",
    "漢字かな交じり文はとても幅が広いので行の長さの数え方が問題になることがある。漢字かな交じり文は",
    "Emoji 👩‍👩‍👧‍👦 🇬🇧 😀 and combining e\u0301 and \u200bzero width.",
    "Right to left: \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627.",
    "- a list\n- of two\n\n1. and\n2. numbers",
    "```\ncode {% raw %} {{ x }} {# y #}\n```",
    "<b>HTML</b> & &amp; [link](https://example.com/?a=b&c=d) `code` @tag {@link}",
    "\r\nCarriage returns\r\nhere\rand there\r\n",
    "Control \u0007 and \u001b and \u007f and \u0085 characters.",
]


def name(length: int, seed: int = 0) -> str:
    """A lower-case word of exactly this many letters, different for each seed."""
    source = random.Random(f"{length} {seed}")
    return "".join(source.choice(LETTERS) for _ in range(length))


def words(length: int) -> str:
    """A name of this many characters, of words joined by underscores."""
    letters = name(length, 2)
    return "_".join(letters[at : at + 7] for at in range(0, length, 8))


def sentence(length: int, seed: int = 0) -> str:
    """A text of exactly this many characters, of short words."""
    source = random.Random(f"sentence {length} {seed}")
    words = ""
    while len(words) < length:
        words += name(source.randint(1, 9), source.randint(0, 99)) + " "
    return words[: length - 1].rstrip().ljust(length - 1, "x") + "."


def lengths_document() -> dict[str, Any]:
    """Every form of type beside a property name of every length."""
    schemas: dict[str, Any] = {"Short": _object({"a": {"type": "string"}})}
    for length in (16, 40, LONGEST_NAME):
        schemas[_type_name(length)] = _object({"a": {"type": "string"}})
    for label, form in _forms().items():
        schemas[f"Form{label}"] = _object(
            {name(length): form for length in range(1, LONGEST_NAME + 8)},
            required=[name(length) for length in range(1, LONGEST_NAME + 8, 2)],
        )
    schemas |= _enums() | _unions() | _named_forms() | _recursive() | _described()
    operations = _operations(schemas)
    return _document("Lengths", operations, schemas)


def texts_document() -> dict[str, Any]:
    """Every awkward text in every place where a text can stand."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for number, text in enumerate(TEXTS):
        kind = f"Text{number}"
        schemas[kind] = {
            **_object(
                {
                    "field": {"type": "string", "description": text, "default": text},
                    "value": {"const": text},
                    "choice": {"type": "string", "enum": [text, "other"]},
                    f"p{number} {text}": {"type": "string"},
                }
            ),
            "description": text,
            "title": text,
        }
        paths[f"/texts/{number}"] = {
            "get": {
                "operationId": f"texts{number}.get",
                "tags": [f"texts{number}"],
                "summary": text,
                "description": text,
                "parameters": [
                    {
                        "name": "wanted",
                        "in": "query",
                        "description": text,
                        "schema": {"type": "string"},
                    }
                ],
                "responses": _answer(kind, text),
            }
        }
    document = _document("Texts", paths, schemas)
    document["info"]["description"] = "\n\n".join(TEXTS)
    return document


def random_document(seed: int) -> dict[str, Any]:
    """Schemas, unions and operations put together by chance, the same each time."""
    source = random.Random(seed)
    kinds = [_type_name(source.randint(1, LONGEST_NAME), n) for n in range(30)]
    forms = [*_forms().values(), *({"$ref": f"{_SCHEMAS}{kind}"} for kind in kinds)]
    schemas = dict(_bases())
    for kind in kinds:
        fields = {
            name(source.randint(1, 60), n): {
                **source.choice(forms),
                **_maybe_described(source),
            }
            for n in range(source.randint(0, 12))
        }
        required = [field for field in fields if source.random() < 0.5]
        schemas[kind] = {
            **_object(fields, required=required),
            **_maybe_described(source),
        }
    operations = _operations(schemas, chosen=source.sample(kinds, 10))
    return _document(f"Random {seed}", operations, schemas)


_SCHEMAS = "#/components/schemas/"


def _type_name(length: int, seed: int = 0) -> str:
    return name(length, seed + 500).capitalize()


def _object(
    fields: dict[str, Any], required: list[str] | None = None
) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "object", "properties": fields}
    return body | ({"required": required} if required else {})


def _bases() -> dict[str, Any]:
    """The schemas that the forms refer to."""
    return {
        kind: _object({"a": {"type": "string"}})
        for kind in ("Short", *(_type_name(n) for n in (16, 40, LONGEST_NAME)))
    }


def _forms() -> dict[str, dict[str, Any]]:
    short = {"$ref": f"{_SCHEMAS}Short"}
    middle = {"$ref": f"{_SCHEMAS}{_type_name(16)}"}
    long = {"$ref": f"{_SCHEMAS}{_type_name(40)}"}
    longest = {"$ref": f"{_SCHEMAS}{_type_name(LONGEST_NAME)}"}
    text = {"type": "string"}
    null = {"type": "null"}
    return {
        "Text": text,
        "NullableText": {"type": ["string", "null"]},
        "Integer": {"type": "integer", "format": "int64"},
        "Time": {"type": "string", "format": "date-time"},
        "Json": {},
        "Short": short,
        "Middle": middle,
        "Long": long,
        "Longest": longest,
        "NullableLong": {"anyOf": [long, null]},
        "NullableLongest": {"anyOf": [longest, null]},
        "Texts": {"type": "array", "items": text},
        "Longs": {"type": "array", "items": long},
        "Longests": {"type": "array", "items": longest},
        "Map": {"type": "object", "additionalProperties": text},
        "LongMap": {"type": "object", "additionalProperties": long},
        "MapOfLists": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": middle},
        },
        "ListsOfLists": {
            "type": "array",
            "items": {"type": "array", "items": {"anyOf": [long, null]}},
        },
        "Default": {"type": "string", "default": "a default of some length"},
        "Described": {"type": "string", "description": sentence(70)},
        "OldDescribed": {**text, "deprecated": True, "description": sentence(40)},
        "Enum": {"type": "string", "enum": [name(n) for n in (3, 9, 14, 20)]},
        "Const": {"const": name(20)},
    }


def _enums() -> dict[str, Any]:
    """Enums whose lines grow by their values' lengths and by their number."""
    by_length = {
        f"EnumLength{length}": {"type": "string", "enum": [name(length), "b"]}
        for length in range(1, 100, 3)
    }
    by_number = {
        f"EnumNumber{number}": {
            "type": "string",
            "x-open-enum": number % 2 == 0,
            "enum": [name(6, n) for n in range(number)],
        }
        for number in range(1, 24)
    }
    by_name = {
        f"E{name(length)}": {"type": "string", "enum": ["aa", "bb", "cc"]}
        for length in range(2, LONGEST_NAME)
    }
    return by_length | by_number | by_name


def _unions() -> dict[str, Any]:
    """Tagged and untagged unions of few and many members, short and long."""
    schemas: dict[str, Any] = {}
    for length in range(4, LONGEST_NAME - 1, 4):
        members = [_type_name(length, number) for number in (1, 2)]
        for member in members:
            schemas[member] = _object(
                {"type": {"type": "string", "const": member}, "a": {"type": "string"}},
                required=["type"],
            )
        refs = [{"$ref": f"{_SCHEMAS}{member}"} for member in members]
        schemas[f"Tagged{length}"] = {
            "oneOf": refs,
            "discriminator": {
                "propertyName": "type",
                "mapping": {member: f"{_SCHEMAS}{member}" for member in members},
            },
        }
        schemas[f"Untagged{length}"] = {"anyOf": [{"type": "string"}, *refs]}
        schemas[f"ListOf{length}"] = {
            "type": "array",
            "items": {"$ref": f"{_SCHEMAS}Tagged{length}"},
        }
    for first, second in pairwise(range(4, LONGEST_NAME - 1, 4)):
        schemas[f"Mixed{first}"] = {
            "anyOf": [
                {"$ref": f"{_SCHEMAS}Tagged{first}"},
                {"type": "array", "items": {"$ref": f"{_SCHEMAS}Tagged{second}"}},
                {"type": "null"},
            ]
        }
    return schemas


def _named_forms() -> dict[str, Any]:
    """Schemas of every length of name that are no objects, beside long ones."""
    long = {"$ref": f"{_SCHEMAS}{_type_name(40)}"}
    items = {"type": "array", "items": long}
    mapped = {"type": "object", "additionalProperties": long}
    forms: list[dict[str, Any]] = [
        items,
        mapped,
        {**mapped, "type": ["object", "null"]},
        {"type": "array", "items": mapped},
        {"type": "object", "additionalProperties": items},
        {"anyOf": [{"type": "string"}, long]},
        {"anyOf": [{"type": "string"}, items]},
        {"anyOf": [long, mapped, {"type": "null"}]},
        {"type": "string", "enum": [name(20), name(30)]},
    ]
    return {
        _type_name(length, number + 30): form
        for number, form in enumerate(forms)
        for length in range(20, LONGEST_NAME + 1)
    }


def _recursive() -> dict[str, Any]:
    """Schemas of every length of name that lead back to themselves through a map."""
    schemas: dict[str, Any] = {}
    for length in range(20, LONGEST_NAME + 1):
        in_list, or_null, in_union = (_type_name(length, 60 + n) for n in range(3))
        schemas[in_list] = {"type": "array", "items": _map_of(in_list)}
        schemas[or_null] = {**_map_of(or_null), "type": ["object", "null"]}
        schemas[in_union] = {"anyOf": [{"type": "string"}, _map_of(in_union)]}
    return schemas


def _map_of(kind: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {"$ref": f"{_SCHEMAS}{kind}"}}


def _described() -> dict[str, Any]:
    """One-line descriptions of every length around the line's end."""
    return {
        f"Described{length}": {
            **_object(
                {"a": {"type": "string", "description": sentence(length, 1)}},
            ),
            "description": sentence(length),
        }
        for length in range(50, 125)
    }


def _maybe_described(source: random.Random) -> dict[str, Any]:
    if source.random() < 0.5:
        return {}
    return {"description": sentence(source.randint(2, 200), source.randint(0, 9))}


def _operations(
    schemas: dict[str, Any], chosen: list[str] | None = None
) -> dict[str, Any]:
    """Operations whose paths, names, parameters and types grow letter by letter."""
    kinds = chosen or [_type_name(n) for n in (16, 40, LONGEST_NAME)]
    kinds = [kind for kind in kinds if schemas[kind].get("type") == "object"]
    paths = {}
    for length in range(1, 56):
        kind = kinds[length % len(kinds)]
        resource = name(1 + length // 2, 3)
        nested = f"{name(9, 3)}.{words(length)}"
        paths[f"/{name(length, 1)}/{{{words(length)}}}"] = {
            "get": _operation(f"{resource}.{name(length)}get", kind, length),
            "delete": _operation(f"{nested}.delete", kind, length),
            "post": _operation(f"{resource}.{name(length)}post", kind, length)
            | {
                "requestBody": {
                    "required": length % 2 == 0,
                    "content": {
                        "application/json": {"schema": {"$ref": f"{_SCHEMAS}{kind}"}}
                    },
                }
            },
        }
    return paths


def _operation(identity: str, kind: str, length: int) -> dict[str, Any]:
    queries: Iterator[dict[str, Any]] = (
        {"name": name(length, n + 10), "in": "query", "schema": {"type": "string"}}
        for n in range(length % 5)
    )
    place = {
        "name": words(length),
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
    }
    return {
        "operationId": identity,
        "summary": sentence(30 + length),
        "parameters": [place, *queries],
        "responses": _answer(kind, "Answered."),
    }


def _answer(kind: str, text: str) -> dict[str, Any]:
    schema = {"$ref": f"{_SCHEMAS}{kind}"}
    return {
        "200": {
            "description": text,
            "content": {"application/json": {"schema": schema}},
        }
    }


def _document(
    title: str, paths: dict[str, Any], schemas: dict[str, Any]
) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1.0.0"},
        "paths": paths,
        "components": {"schemas": schemas},
    }
