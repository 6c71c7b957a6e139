"""The vectors keep to their schemas, and none can be left out unnoticed."""

from __future__ import annotations

import copy
import json
from collections import Counter
from typing import Any

import jsonschema_rs
import pytest

from tests.contract_streams.recordings import SPECIFIED, Event, rules
from tests.vectors.vector_files import (
    FAMILIES,
    FOLDER,
    Document,
    read_documents,
    read_json,
)

RECORDINGS = read_documents("recordings")


def validator(family: str) -> jsonschema_rs.Draft202012Validator:
    """The validator of a family's files."""
    schema = read_json(FOLDER / "schemas" / f"{family}.json")
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def problems(family: str, document: Document) -> list[str]:
    """What is wrong with a file."""
    return [
        f"{list(error.instance_path)}: {error.message[:200]}"
        for error in validator(family).iter_errors(document)
    ]


@pytest.mark.parametrize("family", [*FAMILIES, "recordings"])
def test_files_keep_to_their_schema(family: str) -> None:
    """A key that no runner reads, or a missing one, would make a vector say less."""
    found = {
        name: problems(family, body) for name, body in read_documents(family).items()
    }

    assert {name: [] for name in found} == found


@pytest.mark.parametrize("family", FAMILIES)
def test_schemas_refuse_what_the_readme_does_not_describe(family: str) -> None:
    """A vector with an unknown key, or without its name, is refused in each file."""
    for name, document in read_documents(family).items():
        more: Any = copy.deepcopy(document)
        more["vectors"][0]["unheard_of"] = 1
        less: Any = copy.deepcopy(document)
        del less["vectors"][0]["name"]

        assert problems(family, more) != [], name
        assert problems(family, less) != [], name


@pytest.mark.parametrize("family", FAMILIES)
def test_files_are_named_after_their_class(family: str) -> None:
    """A report that names the class names the file."""
    names = {stem: body["class"] for stem, body in read_documents(family).items()}

    assert {stem: stem for stem in names} == names


@pytest.mark.parametrize("family", FAMILIES)
def test_names_are_unique(family: str) -> None:
    """A runner's report names one vector, never two."""
    labels = Counter(
        f"{stem}/{vector['name']}"
        for stem, body in read_documents(family).items()
        for vector in body["vectors"]
    )

    assert [label for label, count in labels.items() if count > 1] == []


def test_manifest_counts_every_vector() -> None:
    """A runner that passes a file over does not come to the manifest's number."""
    counted = {
        family: {
            stem: len(body["vectors"]) for stem, body in read_documents(family).items()
        }
        for family in FAMILIES
    }

    assert read_json(FOLDER / "manifest.json") == counted


def test_folder_holds_nothing_else() -> None:
    """A family that is not listed here and in the README is run by none."""
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    readme = (FOLDER / "README.md").read_text("utf-8")

    assert {*FAMILIES, "recordings", "schemas"} == folders
    assert all(f"## `{family}/`" in readme for family in FAMILIES)


@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_break_no_rule(name: str) -> None:
    """A recorded stream is one that the specification allows, from start to end."""
    recording = RECORDINGS[name]
    events: list[Event] = [read_data(frame) for frame in recording["frames"]]

    assert rules(SPECIFIED[recording["stream"]], events) == set()


@pytest.mark.parametrize("name", RECORDINGS)
def test_recorded_frames_say_what_their_data_says(name: str) -> None:
    """A frame's name and id repeat its event's type and number."""
    for frame in RECORDINGS[name]["frames"]:
        event = read_data(frame)
        number = event.get("sequence_number")

        assert frame["event"] == event["type"]
        assert frame.get("id") == (None if number is None else str(number))


def read_data(frame: Document) -> Any:
    """A recorded frame's event."""
    return json.loads(frame["data"])
