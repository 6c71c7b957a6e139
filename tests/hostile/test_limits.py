"""References that leave the folder, and sizes and names that something cannot hold."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import SpecError
from headgate.pipeline import generate
from headgate.plan.package import LANGUAGES

NAMES = (
    *("CON", "aux", "nul.txt", "com1", "..", ".", "../up", "a/b", "a\\b", "C:"),
    *("__proto__", "constructor", "prototype", "then", "toString", "hasOwnProperty"),
    *("class", "async", "await", "self", "Self", "super", "crate", "fn", "None"),
    *("model_config", "model_fields", "copy", "json", "list", "str", "dict", "type"),
    *(
        "Thing",
        "thing",
        "THING",
        "\uff34hing",
        "Th\u200bing",
        "T\u0301hing",
        "\u0422hing",
    ),
    *("String", "Option", "Vec", "Result", "Box", "Error", "Promise", "Array"),
    *("", " ", "_", "__", "0", "1st", "-", "$", "数", "été", "x" * 400),
)
"""Names that a language, a file system or a reader would mistake."""


def document(**parts: Any) -> dict[str, Any]:
    """A document of nothing but these parts."""
    root = {"openapi": "3.1.0", "info": {"title": "Limits", "version": "1"}}
    return {**root, "paths": {}, **parts}


def with_schema(schema: Any) -> dict[str, Any]:
    """A document of one schema, named `Thing`."""
    return document(components={"schemas": {"Thing": schema}})


def codes(spec: Path) -> set[str]:
    """The codes of the errors in a document; each has a position."""
    with pytest.raises(SpecError) as raised:
        generate(spec, LANGUAGES)
    errors = [each for each in raised.value.diagnostics if each.severity == "error"]
    assert all(each.location.line >= 1 for each in errors)
    return {each.code for each in errors}


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("https://a.invalid/x.json#/Thing", "remote-reference"),
        ("//a.invalid/x.json", "remote-reference"),
        ("file:///etc/passwd", "remote-reference"),
        ("\\\\a.invalid\\x", "remote-reference"),
        ("/etc/passwd", "outside-folder"),
        ("../outside.json", "outside-folder"),
        ("%2e%2e/outside.json", "outside-folder"),
        ("link.json", "outside-folder"),
        ("linked/outside.json", "outside-folder"),
        ("absent\0.json", "missing-file"),
        ("x" * 5000, "missing-file"),
        ("#/components/schemas/Absent", "dangling-reference"),
    ],
)
def test_references_stay_in_the_folder(
    tmp_path: Path, reference: str, code: str
) -> None:
    """Nothing is fetched, and no file beside the folder is read."""
    folder = tmp_path / "api"
    folder.mkdir()
    (tmp_path / "outside.json").write_text('{"type": "string"}', "utf-8")
    (folder / "link.json").symlink_to(tmp_path / "outside.json")
    (folder / "linked").symlink_to(tmp_path)
    spec = folder / "spec.json"
    spec.write_text(json.dumps(with_schema({"$ref": reference})), "utf-8")

    assert codes(spec) == {code}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (json.dumps(with_schema({"const": 0})).replace(": 0", ": 1e999"), "not-json"),
        (
            json.dumps(with_schema({"const": 0})).replace(": 0", ": " + "9" * 5000),
            "not-json",
        ),
        (json.dumps(with_schema({"const": float("nan")})), "json-syntax"),
        (json.dumps(with_schema({"const": "\ud800"})), "lone-surrogate"),
        ('{"a":' * 300 + "1" + "}" * 300, "too-deep"),
        ('{"openapi": "3.1.0", "openapi": "3.1.0"}', "duplicate-key"),
    ],
)
def test_values_beyond_limits_are_refused(tmp_path: Path, text: str, code: str) -> None:
    """A number, a text or a depth that some language lacks has a diagnostic."""
    spec = tmp_path / "spec.json"
    spec.write_text(text, "utf-8")

    assert code in codes(spec)


def test_aliases_cannot_unfold_without_end(tmp_path: Path) -> None:
    """A few lines of aliases that stand for billions of values are refused."""
    lines = ["openapi: 3.1.0", "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]"]
    lines += [
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]"
        for level in range(1, 12)
    ]
    spec = tmp_path / "spec.yaml"
    spec.write_text("\n".join(lines), "utf-8")

    assert codes(spec) == {"too-large"}


def test_names_are_safe_everywhere(tmp_path: Path) -> None:
    """Odd names make files that any disk holds side by side, in the package."""
    fields = {name: {"type": "string"} for name in NAMES}
    schemas = {name: {"type": "object", "properties": fields} for name in NAMES}
    paths = {
        f"/p{index}": {
            "get": {
                "tags": [name],
                "operationId": f"{name} {index}",
                "parameters": [
                    {"name": name or "x", "in": "query", "schema": {"type": "string"}}
                ],
                "responses": {"200": {"description": "Done."}},
            }
        }
        for index, name in enumerate(NAMES)
    }
    spec = tmp_path / "spec.json"
    text = json.dumps(document(paths=paths, components={"schemas": schemas}))
    spec.write_text(text, "utf-8")

    files = generate(spec, LANGUAGES).files

    for language in LANGUAGES:
        folded = Counter(path.casefold() for path in files[language])
        assert [path for path, times in folded.items() if times > 1] == []
        for path in files[language]:
            assert path.isascii()
            parts = path.split("/")
            assert ".." not in parts
            assert all(0 < len(part) < 200 for part in parts)
            stems = {part.split(".")[0].casefold() for part in parts}
            assert stems.isdisjoint({"con", "aux", "nul", "prn", "com1", "lpt1"})
