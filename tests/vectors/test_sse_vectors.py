"""The event-stream vectors are well formed and mean what the standard says."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.vectors.reference_sse import interpret
from tests.vectors.sse_vectors import Vector, read_documents, read_vectors

CLASSES = {
    "bom",
    "comments",
    "data",
    "end-of-body",
    "event-names",
    "ids",
    "limits",
    "line-ends",
    "not-line-ends",
    "retry",
    "space",
    "unknown-fields",
    "utf8",
    "volume",
}
INPUT_KEYS = {"input", "input_base64", "input_parts"}
EXPECTED_KEYS = {"name", "events", "last_event_id", "retry"}
OPTIONAL_KEYS = {"limits", "error", "note"}
EVENT_SHAPES = [
    {event, data, identity} | times
    for event in ["event"]
    for data in ["data", "data_parts"]
    for identity in ["id", "id_parts"]
    for times in [set(), {"times"}]
]


@pytest.mark.parametrize("vector", read_vectors(), ids=lambda vector: vector.label)
def test_reference_agrees_with_vector(vector: Vector) -> None:
    """A decoder that follows the standard's text gives what the vector expects."""
    actual = interpret(
        vector.body, line_limit=vector.line_limit, event_limit=vector.event_limit
    )

    expected = (vector.events, vector.last_event_id, vector.retry, vector.error)
    assert expected == (
        tuple(actual.events),
        actual.last_event_id,
        actual.retry,
        actual.error,
    )


def test_every_class_has_its_file() -> None:
    """There is one file for each class, named after it."""
    documents = read_documents()

    assert set(documents) == CLASSES
    assert all(name == body["class"] for name, body in documents.items())


def test_files_hold_only_what_the_readme_describes() -> None:
    """A key that no runner reads, or a missing one, would make a vector say less."""
    for name, document in read_documents().items():
        assert set(document) == {"class", "about", "vectors"}, name
        for raw in document["vectors"]:
            keys = set(raw)
            assert len(keys & INPUT_KEYS) == 1, raw["name"]
            assert keys - INPUT_KEYS - OPTIONAL_KEYS == EXPECTED_KEYS, raw["name"]
            assert ("error" not in raw) or "limits" in raw, raw["name"]
            assert all(set(event) in EVENT_SHAPES for event in raw["events"])


def test_labels_are_unique() -> None:
    """A runner's report names one vector, never two."""
    labels = Counter(vector.label for vector in read_vectors())

    assert [label for label, count in labels.items() if count > 1] == []
