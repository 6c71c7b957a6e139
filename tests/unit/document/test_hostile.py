"""Documents made to exhaust a reader end in an answer, not in a crash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headgate.document import Json, bundle, load_document
from headgate.document.checks.schemas import loops
from headgate.document.collector import MOST_OF_A_CODE
from headgate.document.examples import check_examples
from headgate.document.tree import MOST_DEPTH
from headgate.errors import Diagnostic, SpecError

HEAD: dict[str, Json] = {
    "openapi": "3.1.0",
    "info": {"title": "a", "version": "1"},
    "paths": {},
}


def use(folder: Path, parts: dict[str, Json]) -> tuple[Diagnostic, ...]:
    """Do with a document all that can be done, and give what is said of it."""
    path = folder / "openapi.json"
    path.write_text(json.dumps({**HEAD, **parts}), "utf-8")
    try:
        document = load_document(path)
    except SpecError as error:
        return error.diagnostics
    json.dumps(bundle(document, "3.2"))
    return (*document.warnings, *check_examples(document))


def schemas(named: dict[str, Json]) -> dict[str, Json]:
    return {"components": {"schemas": named}}


def reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def test_a_long_chain_of_references_is_followed(tmp_path: Path) -> None:
    """Neither Python's stack nor the validator's native one is its limit."""
    chain: dict[str, Json] = {f"A{i}": reference(f"A{i + 1}") for i in range(30_000)}
    chain["A30000"] = {"type": "string"}
    chain["Z"] = {"properties": {"a": reference("A0")}, "example": {"a": 1}}
    found = use(tmp_path, schemas(chain))

    assert [it.code for it in found] == ["invalid-example"]


def test_a_long_loop_is_found_once(tmp_path: Path) -> None:
    """However long the way back is."""
    ring: dict[str, Json] = {
        f"A{i}": {"allOf": [reference(f"A{(i + 1) % 5000}")]} for i in range(5000)
    }

    assert [it.code for it in use(tmp_path, schemas(ring))] == ["reference-loop"]


LOOPS = {
    "nothing": ({}, []),
    "a line": ({"a": ["b"], "b": []}, []),
    "itself": ({"a": ["a"]}, [["a", "a"]]),
    "a ring with a tail": (
        {"t": ["a"], "a": ["b"], "b": ["a"]},
        [["a", "b", "a"]],
    ),
    "two rings": ({"a": ["a"], "b": ["b"]}, [["a", "a"], ["b", "b"]]),
    "a diamond": ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, []),
    "two through one": (
        {"a": ["b", "c"], "b": ["a"], "c": ["a"]},
        [["a", "b", "a"], ["a", "c", "a"]],
    ),
    "a name that is empty": ({"": [""]}, [["", ""]]),
}


@pytest.mark.parametrize("case", LOOPS)
def test_every_loop_is_told(case: str) -> None:
    """A loop is the way from a schema back to itself; a diamond is none."""
    targets, expected = LOOPS[case]

    assert list(loops(targets)) == expected


@pytest.mark.parametrize("wrap", ["properties", "allOf", "items"])
def test_the_deepest_schema_is_used(tmp_path: Path, wrap: str) -> None:
    """What the reader lets pass, everything after it can walk."""
    wrappers: dict[str, Json] = {"properties": {"a": None}, "allOf": [None]}
    levels = MOST_DEPTH - 5 if wrap == "items" else (MOST_DEPTH - 5) // 2
    inner: Json = {"type": "string", "example": "a"}
    for _ in range(levels):
        inside = wrappers.get(wrap)
        if isinstance(inside, dict):
            inner = {wrap: {"a": inner}}
        else:
            inner = {wrap: [inner] if inside else inner}

    assert use(tmp_path, schemas({"Deep": inner})) == ()


def test_paths_that_unfold_without_end_are_refused(tmp_path: Path) -> None:
    """Each of forty paths calls back the next one three times: 3^40."""
    paths: dict[str, Json] = {
        f"P{i}": {
            "get": {
                "responses": {},
                "callbacks": {
                    name: {"x": {"$ref": f"#/components/pathItems/P{i + 1}"}}
                    for name in "abc"
                },
            }
        }
        for i in range(40)
    }
    paths["P40"] = {}
    found = use(
        tmp_path,
        {
            "paths": {"/a": {"$ref": "#/components/pathItems/P0"}},
            "components": {"pathItems": paths},
        },
    )

    assert {it.severity for it in found} == {"error"}
    assert {it.code for it in found} <= {"reference-loop", "too-large"}


def test_many_faults_of_a_kind_are_counted(tmp_path: Path) -> None:
    """The first are listed and the rest is a number: nothing is passed over."""
    found = use(tmp_path, {"tags": [1] * 5000})

    assert len(found) == MOST_OF_A_CODE + 1
    assert f"{5000 - MOST_OF_A_CODE:,} more like this are not listed" in {
        it.message for it in found
    }


def test_a_file_full_of_faults_is_not_read_to_its_end(tmp_path: Path) -> None:
    """What was found before is told, and that there is more."""
    path = tmp_path / "openapi.json"
    path.write_text("{" + '"a": 1,' * 5000 + '"b": 2}', "utf-8")
    with pytest.raises(SpecError) as raised:
        load_document(path)

    codes = [it.code for it in raised.value.diagnostics]
    assert codes == ["duplicate-key"] * 100 + ["too-many-faults"]


def test_a_pattern_that_explodes_is_stopped(tmp_path: Path) -> None:
    """The validator's engine does not backtrack without end."""
    schema: Json = {"type": "string", "pattern": "^(a+)+$", "example": "a" * 60 + "b"}
    found = use(tmp_path, schemas({"A": schema}))

    assert [it.code for it in found] == ["invalid-example"]


def test_many_names_cost_no_more_than_their_number(tmp_path: Path) -> None:
    """A path of thousands of variables, an enum of thousands of values."""
    path = "/" + "".join(f"{{a{i}}}" for i in range(5000))
    parts: dict[str, Json] = {
        "paths": {path: {"get": {"operationId": "a", "responses": {}}}},
        **schemas({"A": {"enum": list(range(50_000))}}),
    }

    assert {it.code for it in use(tmp_path, parts)} == {"undefined-path-parameter"}
