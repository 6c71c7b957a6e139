"""Real documents, with all their invalid corners, can be used."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from headgate.document import Document, JsonObject, bundle, load_document
from headgate.document.checks.schemas import each_schema
from headgate.document.examples import check_examples
from headgate.document.json_values import follow, pointer
from tests.corpus import ROOT, find_documents

OWN = ROOT / "spec" / "openapi.yaml"
DOCUMENTS = {"own": OWN, **find_documents()}


@pytest.fixture(scope="module", params=DOCUMENTS)
def path(request: pytest.FixtureRequest) -> Path:
    return DOCUMENTS[str(request.param)]


@pytest.fixture(scope="module")
def document(path: Path) -> Document:
    return load_document(path)


def test_it_loads(document: Document, path: Path) -> None:
    """What is wrong in it is a warning, which stands in the file itself."""
    lines = path.read_text("utf-8").splitlines()

    for warning in document.warnings:
        place = warning.location
        assert warning.severity == "warning"
        if place.file == str(path):
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1


def test_nothing_is_lost(document: Document, path: Path) -> None:
    """Every path, operation and schema of the root document is in the bundle."""
    given = yaml.load(path.read_bytes(), yaml.CBaseLoader)
    root = document.root

    assert list(_object(root, "paths")) == list(given.get("paths", {}))
    for name, item in _object(root, "paths").items():
        written = given["paths"][name]
        assert "$ref" in written or list(_object(root, "paths", name)) == list(written)
        assert item
    named = list(given.get("components", {}).get("schemas", {}))
    assert list(_object(root, "components", "schemas"))[: len(named)] == named


def test_every_reference_of_a_schema_leads_to_a_component(document: Document) -> None:
    """By its name, and never deeper."""
    found: list[JsonObject] = []
    each_schema(document.root, lambda schema, _: found.append(schema))

    schemas = _object(document.root, "components", "schemas")
    referred = {str(it["$ref"]) for it in found if "$ref" in it}
    assert referred <= {pointer(("components", "schemas", name)) for name in schemas}


def test_every_schema_is_found_where_it_stands(document: Document) -> None:
    """The line of a schema is the line of its name."""
    texts = {file: text.splitlines() for file, text in document.sources.items()}

    for name in _object(document.root, "components", "schemas"):
        place = document.locate(pointer(("components", "schemas", name)))
        line = texts[place.file][place.line - 1]
        assert line[place.column - 1 :].strip("'\"").startswith(name)


def test_it_can_be_written_and_read_again(document: Document, tmp_path: Path) -> None:
    """Both published versions load, and say nothing that was not said before."""
    before = Counter(warning.code for warning in document.warnings)
    for version in ("3.1", "3.2"):
        path = tmp_path / f"{version}.json"
        path.write_text(json.dumps(bundle(document, version)), "utf-8")
        after = Counter(warning.code for warning in load_document(path).warnings)
        assert after - before == Counter()


def test_its_examples_are_looked_at(document: Document, path: Path) -> None:
    """A wrong example is a warning; ours are all right."""
    found = check_examples(document)

    assert {it.severity for it in found} <= {"warning"}
    if path == OWN:
        assert (document.warnings, found) == ((), ())


def _object(root: JsonObject, *tokens: str) -> JsonObject:
    value = follow(root, tokens)[1]
    return value if isinstance(value, dict) else {}
