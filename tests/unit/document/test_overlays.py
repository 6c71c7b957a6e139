"""Overlays: what their targets lead to, and what their actions do."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from headgate.document import load_document
from headgate.document.json_path import JsonPathError, select
from headgate.document.json_values import Json
from headgate.document.overlays import apply_overlays

STORE: Json = {
    "books": [
        {"title": "One", "price": 8, "tags": ["a"]},
        {"title": "Two", "price": 12},
        {"title": "Three", "price": 12, "isbn": "x"},
    ],
    "paths": {"/a": {"get": {"tags": ["t"]}}, "/b": {"get": {}}},
}
PATHS = {
    "$": [""],
    "$.books[0].title": ["books/0/title"],
    "$.books[-1]": ["books/2"],
    "$.books[0,2]": ["books/0", "books/2"],
    "$.books[1:]": ["books/1", "books/2"],
    "$.books[::2]": ["books/0", "books/2"],
    "$.paths['/a'].get": ["paths//a/get"],
    '$.paths["/a","/b"].get': ["paths//a/get", "paths//b/get"],
    "$.paths.*.get": ["paths//a/get", "paths//b/get"],
    "$..title": ["books/0/title", "books/1/title", "books/2/title"],
    "$..tags[0]": ["books/0/tags/0", "paths//a/get/tags/0"],
    "$.books[?@.isbn]": ["books/2"],
    "$.books[?(@.price == 12 && @.isbn)]": ["books/2"],
    "$.books[?@.price < 10 || @.title == 'Two']": ["books/0", "books/1"],
    "$.books[?!@.isbn].title": ["books/0/title", "books/1/title"],
    "$.books[?@.price == $.books[1].price]": ["books/1", "books/2"],
    "$.paths[?@.get.tags[0] == 't']": ["paths//a"],
    "$.books[?@.tags]['title']": ["books/0/title"],
    "$.none": [],
    "$.books[9]": [],
}
REFUSED = ["", "books", "$.", "$[", "$[?length(@) > 1]", "$.a b", "$['a", "$[1.5]"]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_leads_to_its_places(path: str) -> None:
    """Each place comes once, in the order of the document."""
    found = ["/".join(tokens) for tokens in select(path, STORE)]

    assert found == PATHS[path]


@pytest.mark.parametrize("path", [*REFUSED, "$[?" + "(" * 500 + "@" + ")" * 500 + "]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    """Functions, loose ends and abysses are told, not guessed."""
    with pytest.raises(JsonPathError):
        select(path, STORE)


def laid_over(folder: Path, value: Json, *actions: Json) -> Json:
    """A value with one Overlay of these actions applied."""
    overlay = folder / "overlay.yaml"
    document = {"overlay": "1.0.0", "actions": list(actions)}
    overlay.write_text(yaml.safe_dump(document), "utf-8")
    result = apply_overlays(value, [overlay])
    assert result.diagnostics == []
    return result.value


def test_updates_merge_objects_and_extend_lists(tmp_path: Path) -> None:
    """A list that is the target itself gets the update as one more item."""
    before: Json = {"a": {"b": 1, "c": [1]}, "d": [1]}
    after = laid_over(
        tmp_path,
        before,
        {"target": "$.a", "update": {"b": 2, "c": [2], "e": {}}},
        {"target": "$.d", "update": 2},
    )

    assert after == {"a": {"b": 2, "c": [1, 2], "e": {}}, "d": [1, 2]}
    assert before == {"a": {"b": 1, "c": [1]}, "d": [1]}


def test_removals_leave_the_rest_in_place(tmp_path: Path) -> None:
    """Several items of one list go without the indexes of others slipping."""
    after = laid_over(
        tmp_path,
        {"a": [1, 2, 3, 4], "b": {"c": 1, "d": 2}},
        {"target": "$.a[?@ > 2]", "remove": True},
        {"target": "$.b.c", "remove": True},
    )

    assert after == {"a": [1, 2], "b": {"d": 2}}


def test_actions_see_what_earlier_ones_did(tmp_path: Path) -> None:
    """An object that one action adds is the target of the next."""
    after = laid_over(
        tmp_path,
        {},
        {"target": "$", "update": {"a": {}}},
        {"target": "$.a", "update": {"b": 1}},
    )

    assert after == {"a": {"b": 1}}


def test_settings_and_command_line_overlays_are_applied_in_order(
    tmp_path: Path,
) -> None:
    """Those of headgate.toml come first; the document's file stays as it is."""
    spec = tmp_path / "spec.yaml"
    spec.write_text("openapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths: {}\n")
    text = "overlay: 1.0.0\nactions:\n- target: $.info\n  update: {title: %s}\n"
    for title in ("B", "C"):
        (tmp_path / f"{title}.yaml").write_text(text % title)
    (tmp_path / "headgate.toml").write_text('overlays = ["B.yaml"]\n')

    titles = [
        load_document(spec, overlays=given).root["info"]
        for given in ([], [tmp_path / "C.yaml"])
    ]
    assert titles == [{"title": "B", "version": "1"}, {"title": "C", "version": "1"}]


def test_a_node_is_copied(tmp_path: Path) -> None:
    """What is at one place is merged into each target, and added to lists."""
    document: Json = {"a": {"x": 1}, "b": {"y": 2}, "list": [3]}
    actions = [
        {"target": "$.b", "copy": "$.a"},
        {"target": "$.list", "copy": "$.a.x"},
    ]
    path = tmp_path / "changes.yaml"
    path.write_text(yaml.safe_dump({"overlay": "1.1.0", "actions": actions}))
    result = apply_overlays(document, [path])

    assert result.diagnostics == []
    assert result.value == {"a": {"x": 1}, "b": {"y": 2, "x": 1}, "list": [3, 1]}
