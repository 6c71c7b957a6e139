"""No document, however broken, brings the reader down."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.diagnostics import render
from headgate.document import Document, Json, bundle, load_document
from headgate.document.examples import check_examples
from headgate.document.json_values import Tokens, follow
from headgate.errors import SpecError
from tests.corpus import ROOT

JUNK: list[Json] = [
    None,
    True,
    0,
    10**300,
    -1.5,
    "",
    "x",
    "#",
    "#/components/schemas/Nope",
    "../x.yaml",
    "/etc/passwd",
    "http://x/y",
    "\x00",
    "a\x1b[31m",
    [],
    {},
    [[]],
    ["a", 1, None],
    {"x": {}},
    {"type": []},
    {"$ref": 1},
    {"$ref": "#"},
    {"$ref": "#/paths"},
    {"$ref": "#/components"},
    {"$ref": "#/info/title"},
    {"$ref": "x" * 5000},
    {"$ref": "a\x00b"},
    {"mapping": {"a": "b"}},
]
KEYS = ["$ref", "type", "x-streams", "properties", "\x00", "é", "discriminator", "in"]


def places(value: Json, tokens: Tokens = ()) -> Iterator[Tokens]:
    """The way to every part of a value."""
    yield tokens
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*tokens, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*tokens, str(index)))


@pytest.fixture(scope="module")
def own() -> Document:
    return load_document(ROOT / "spec" / "openapi.yaml")


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_mutated_document_is_used_or_refused(
    data: st.DataObject, own: Document, tmp_path: Path
) -> None:
    """Parts replaced, removed and added anywhere: an answer or diagnostics."""
    value = copy.deepcopy(own.root)
    ways = list(places(value))[1:]
    for way in data.draw(st.lists(st.sampled_from(ways), min_size=1, max_size=4)):
        _mutate(value, way, data)
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(value), "utf-8")

    assert use(path)


def use(path: Path) -> str:
    """Do with a document all that can be done with it, and give what was said."""
    try:
        document = load_document(path)
    except SpecError as error:
        return render(error.diagnostics, "text", error.sources)
    said = (*document.warnings, *check_examples(document))
    return render(said, "text", document.sources) + json.dumps(bundle(document, "3.2"))


def _mutate(value: Json, way: Tokens, data: st.DataObject) -> None:
    parent = follow(value, way[:-1])[1]
    junk = copy.deepcopy(data.draw(st.sampled_from(JUNK)))
    if isinstance(parent, dict) and way[-1] in parent:
        what = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if what == "remove":
            del parent[way[-1]]
        else:
            key = way[-1] if what == "replace" else data.draw(st.sampled_from(KEYS))
            parent[key] = junk
    elif isinstance(parent, list) and int(way[-1]) < len(parent):
        parent[int(way[-1])] = junk


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_mutated_yaml_is_used_or_refused(data: st.DataObject, tmp_path: Path) -> None:
    """Characters that mean something to YAML, strewn over a text."""
    text = (ROOT / "spec" / "streams" / "message.yaml").read_text("utf-8")
    strewn = st.sampled_from([*"{}[]:,-?&*!|>'\"%@`#\t\n \x00\x85é", "<<", "&a ", "*a"])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(strewn) + text[at + data.draw(st.integers(0, 3)) :]
    path = tmp_path / "openapi.yaml"
    path.write_text(f"openapi: 3.1.0\ninfo: {{}}\n{text}", "utf-8")

    assert use(path)
